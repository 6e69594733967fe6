package rpc

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"asysta.example/internal/access"
)

// loggable are the attributes that may leave in a log line. None of them is ever filled from a field of a request or an answer.
var loggable = []string{
	slog.TimeKey, slog.LevelKey, slog.MessageKey, "method", "code", "reason", "duration_ms", "gmina", "county", "person", "system", "error_id", "cause", "stack",
	"service", "address", "version", "store", "count", "error", "url", "work", "referral", "file",
}

// NewLogger gives the logger of every process: JSON lines, whose attributes are on a list of what may be logged; the value of any other is withheld.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) > 0 || !slices.Contains(loggable, a.Key) {
			return slog.String(a.Key, "[withheld]")
		}
		return a
	}}))
}

// logCall counts a call and writes its one line.
func (s *Server) logCall(ctx context.Context, t *trail, began time.Time, code codes.Code, reason string) {
	if t.policy == nil && code == codes.OK {
		return // probes of health
	}
	took := time.Since(began)
	s.metrics.observe(t.method, code, reason, took)
	attrs := []slog.Attr{
		slog.String("method", t.method), slog.String("code", code.String()), slog.Float64("duration_ms", float64(took.Microseconds())/1000),
	}
	for _, a := range []struct{ key, value string }{{"reason", reason}, {"gmina", t.gmina}, {"county", t.county}, {"person", t.who.Person}, {"system", t.who.System}} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.key, a.value))
		}
	}
	level := slog.LevelInfo
	if code == codes.Internal || code == codes.Unavailable || code == codes.Unknown {
		level = slog.LevelError
	}
	s.deps.Log.LogAttrs(ctx, level, "call", attrs...)
}

// statusFor is statusOf for the end of a call, where nil is OK.
func (s *Server) statusFor(ctx context.Context, err error) (*status.Status, string) {
	if err == nil {
		return status.New(codes.OK, ""), ""
	}
	return s.statusOf(ctx, err)
}

// contextOfGrant gives a context in which errors are told as to the caller of the trail.
func contextOfGrant(ctx context.Context, t *trail) context.Context {
	return access.WithGrant(ctx, t.grant)
}

func serviceOf(method string) string {
	service, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	return service
}
