package rpc

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"asysta.example/internal/access"
	"asysta.example/internal/redact"
)

// loggable are the attributes that may leave in a log line. None of them is ever filled from a field of a request or an answer but "request", which comes
// through the redactor.
var loggable = map[string]bool{
	slog.TimeKey: true, slog.LevelKey: true, slog.MessageKey: true, "method": true, "route": true, "code": true, "reason": true, "duration_ms": true,
	"gmina": true, "county": true, "person": true, "system": true, "error_id": true, "trace_id": true, "cause": true, "error": true, "stack": true,
	"service": true, "address": true, "version": true, "store": true, "count": true, "work": true, "referral": true, "file": true, "request": true,
}

// texts are the attributes that hold what a library or the system said, which may quote what it was given.
var texts = map[string]bool{"cause": true, "error": true}

// NewLogger gives the logger of every process: JSON lines, whose attributes are on a list of what may be logged; the value of any other is withheld. A line that
// belongs to a trace has its id.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	out := &oneByOne{w: w}
	return slog.New(lineHandler{
		strict: slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level, ReplaceAttr: replaced}), plain: slog.NewJSONHandler(out, &slog.HandlerOptions{Level: level}),
	})
}

// replaced withholds what is not on the list.
func replaced(groups []string, a slog.Attr) slog.Attr {
	switch {
	case len(groups) > 0 || !loggable[a.Key]:
		return slog.String(a.Key, redact.Withheld)
	case texts[a.Key]:
		return slog.String(a.Key, redact.Text(a.Value.String()))
	}
	return a
}

// oneByOne lets two handlers write whole lines to one writer.
type oneByOne struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (o *oneByOne) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(b) //nolint:wrapcheck // slog drops it
}

// lineHandler writes lines, with the id of the trace that they belong to. Every attribute passes the list (strict); a line of which every attribute would pass it
// unchanged takes the shorter way to the same bytes.
type lineHandler struct {
	strict slog.Handler
	plain  slog.Handler // nil: the line has attributes already that are not plain
}

// isPlain tells whether the list lets an attribute pass as it is: a number or text under a listed name, nothing that holds others or tells its value only when asked.
func isPlain(a slog.Attr) bool {
	switch a.Value.Kind() {
	case slog.KindAny, slog.KindGroup, slog.KindLogValuer:
		return false
	default:
		return loggable[a.Key] && !texts[a.Key]
	}
}

// Enabled implements slog.Handler.
func (h lineHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.strict.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h lineHandler) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()))
	}
	plain := h.plain != nil
	if plain {
		r.Attrs(func(a slog.Attr) bool {
			plain = isPlain(a)
			return plain
		})
	}
	if plain {
		return h.plain.Handle(ctx, r) //nolint:wrapcheck // slog drops it
	}
	return h.strict.Handle(ctx, r) //nolint:wrapcheck // as above
}

// WithAttrs implements slog.Handler.
func (h lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := lineHandler{strict: h.strict.WithAttrs(attrs)}
	if h.plain != nil && !slices.ContainsFunc(attrs, func(a slog.Attr) bool { return !isPlain(a) }) {
		with.plain = h.plain.WithAttrs(attrs)
	}
	return with
}

// WithGroup implements slog.Handler.
func (h lineHandler) WithGroup(name string) slog.Handler {
	return lineHandler{strict: h.strict.WithGroup(name)}
}

// logRequest writes what may be seen of a request, for who looks for a fault (level DEBUG).
func (s *Server) logRequest(ctx context.Context, t *trail, req proto.Message) {
	if s.deps.Log.Enabled(ctx, slog.LevelDebug) {
		s.deps.Log.DebugContext(ctx, "request", slog.String("method", t.method), slog.Any("request", redact.Log(req)))
	}
}

// logCall counts a call and writes its one line.
func (s *Server) logCall(ctx context.Context, t *trail, began time.Time, code codes.Code, reason string) {
	if t.policy == nil && code == codes.OK {
		return // probes of health
	}
	took := time.Since(began)
	s.metrics.observe(t.method, code, reason, took)
	level := slog.LevelInfo
	if code == codes.Internal || code == codes.Unavailable || code == codes.Unknown {
		level = slog.LevelError
	}
	if !s.deps.Log.Enabled(ctx, level) {
		return
	}
	nobody := t.who.Person == "" && t.who.System == "" // whatever the reason: a deadline that is too short, or too many calls at once, are refused before anybody looks at the token
	if nobody && code != codes.Internal || code == codes.Unauthenticated || code == codes.ResourceExhausted {
		skipped, ok := s.strangers.line(time.Now())
		if !ok {
			return
		}
		if skipped > 0 {
			s.deps.Log.WarnContext(ctx, "calls not logged, too many of them were refused", slog.Int64("count", skipped))
		}
	}
	// Made by hand, as a Logger would look up on every call which line of the program it was called from.
	line := slog.NewRecord(began.Add(took), level, "call", 0)
	line.AddAttrs(slog.String("method", t.method), slog.String("code", code.String()), slog.Float64("duration_ms", float64(took.Microseconds())/1000))
	for _, a := range [...]struct{ key, value string }{{"reason", reason}, {"gmina", t.gmina}, {"county", t.county}, {"person", t.who.Person}, {"system", t.who.System}} {
		if a.value != "" {
			line.AddAttrs(slog.String(a.key, a.value))
		}
	}
	_ = s.deps.Log.Handler().Handle(ctx, line) // as a Logger: nobody is left to tell
}

// contextOfGrant gives a context in which errors are told as to the caller of the trail.
func contextOfGrant(ctx context.Context, t *trail) context.Context {
	return access.WithGrant(ctx, t.grant)
}

func serviceOf(method string) string {
	service, _, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	return service
}
