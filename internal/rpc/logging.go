package rpc

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
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
	return slog.New(traced{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		switch {
		case len(groups) > 0 || !loggable[a.Key]:
			return slog.String(a.Key, redact.Withheld)
		case texts[a.Key]:
			return slog.String(a.Key, redact.Text(a.Value.String()))
		}
		return a
	}})})
}

// traced adds the id of the trace that a line belongs to.
type traced struct{ slog.Handler }

// Handle implements slog.Handler.
func (h traced) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }

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
	if code == codes.Unauthenticated || code == codes.ResourceExhausted {
		skipped, ok := s.strangers.line(time.Now())
		if !ok {
			return
		}
		if skipped > 0 {
			s.deps.Log.WarnContext(ctx, "calls not logged, too many of them were refused", slog.Int64("count", skipped))
		}
	}
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs, slog.String("method", t.method), slog.String("code", code.String()), slog.Float64("duration_ms", float64(took.Microseconds())/1000))
	for _, a := range []struct{ key, value string }{{"reason", reason}, {"gmina", t.gmina}, {"county", t.county}, {"person", t.who.Person}, {"system", t.who.System}} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.key, a.value))
		}
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
