package rpc

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type secret struct{}

// LogValue implements slog.LogValuer.
func (secret) LogValue() slog.Value { return slog.GroupValue(slog.String("method", "Kowalska")) }

// A line on the shorter way is the one that the list would have let pass.
func TestPlainLinesAreThoseOfTheList(t *testing.T) {
	at := time.Date(2026, 3, 10, 9, 0, 0, 5000, time.UTC)
	for _, tt := range []struct {
		name  string
		plain bool
		with  func(*slog.Logger) *slog.Logger
		attrs []any
	}{
		{"numbers and texts", true, nil, []any{slog.String("method", "/a/B<"), slog.Int("count", -1), slog.Float64("duration_ms", 1.25), slog.Bool("work", true), slog.Time("version", at), slog.Duration("code", time.Second), slog.Uint64("file", 7)}},
		{"listed before", true, func(l *slog.Logger) *slog.Logger { return l.With(slog.String("service", "all")) }, []any{slog.String("method", "m")}},
		{"not on the list", false, nil, []any{slog.String("method", "m"), slog.String("surname", "Kowalska")}},
		{"no name", false, nil, []any{slog.String("", "Kowalska")}},
		{"what a library said", false, nil, []any{slog.String("cause", `duplicate "Kowalska"`)}},
		{"a group", false, nil, []any{slog.Group("method", slog.String("method", "Kowalska"))}},
		{"any value", false, nil, []any{slog.Any("count", []string{"a"})}},
		{"what tells its value when asked", false, nil, []any{slog.Any("method", secret{})}},
		{"not listed before", false, func(l *slog.Logger) *slog.Logger { return l.With(slog.String("note", "Kowalska")) }, []any{slog.String("method", "m")}},
		{"in a group", false, func(l *slog.Logger) *slog.Logger { return l.WithGroup("method") }, []any{slog.String("method", "Kowalska")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got, want bytes.Buffer
			logger, strict := NewLogger(&got, slog.LevelInfo), slog.New(slog.NewJSONHandler(&want, &slog.HandlerOptions{ReplaceAttr: replaced}))
			if tt.with != nil {
				logger, strict = tt.with(logger), tt.with(strict)
			}
			r := slog.NewRecord(at, slog.LevelWarn, "line", 0)
			r.Add(tt.attrs...)
			h := logger.Handler().(lineHandler)
			if err := h.Handle(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if err := strict.Handler().Handle(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), got.String()); diff != "" || bytes.Contains(got.Bytes(), []byte("Kowalska")) {
				t.Errorf("%s%s", got.String(), diff)
			}
			plain := h.plain != nil
			r.Attrs(func(a slog.Attr) bool { plain = plain && isPlain(a); return true })
			if plain != tt.plain {
				t.Errorf("plain: %v", plain)
			}
		})
	}
}
