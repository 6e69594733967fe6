package telemetry

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"asysta.example/internal/store"
)

// Results of an operation of the store, as metrics and spans have them.
const (
	resultOK       = "ok"
	resultAbsent   = "not_found"
	resultConflict = "conflict"
	resultReplayed = "replayed"
	resultRefused  = "refused" // the caller's request does not fit: reused, too large, foreign page token
	resultEnded    = "canceled"
	resultFailed   = "error"
)

// Watch is what is told of the store's operations.
type Watch struct {
	tracer  trace.Tracer     // nil: no spans
	metrics *Series[outcome] // nil: none
}

// outcome is what an operation is counted by.
type outcome struct{ op, result string }

// NewWatch makes a watch. Without a tracing and a registry it is nil, and Over changes nothing.
func NewWatch(t *Tracing, r prometheus.Registerer) (*Watch, error) {
	if t == nil && r == nil {
		return nil, nil
	}
	w := &Watch{tracer: t.Tracer()}
	if r == nil {
		return w, nil
	}
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "asysta_store_seconds", Help: "Time of an operation of the store, by operation.", Buckets: []float64{.0001, .0003, .001, .003, .01, .03, .1, .3, 1, 3, 10},
	}, []string{"op"})
	results := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "asysta_store_operations_total", Help: "Operations of the store, by operation and result. A conflict is a commit whose version another one had taken.",
	}, []string{"op", "result"})
	w.metrics = NewSeries(func(o outcome) (prometheus.Counter, prometheus.Observer) {
		return results.WithLabelValues(o.op, o.result), seconds.WithLabelValues(o.op)
	})
	return w, errors.Join(r.Register(seconds), r.Register(results))
}

// Over gives the store with every operation watched.
func (w *Watch) Over(s store.Store) store.Store {
	if w == nil {
		return s
	}
	return watched{Store: s, w: w}
}

// began is an operation under way.
type began struct {
	w    *Watch
	op   string
	at   time.Time
	span trace.Span // nil outside of a trace
}

// begin begins an operation. Work that runs by itself is in no trace and makes none.
func (w *Watch) begin(ctx context.Context, op string, about ...attribute.KeyValue) (context.Context, began) {
	b := began{w: w, op: op, at: time.Now()} //nolint:forbidigo // how long it takes, by the machine's clock
	if w.tracer != nil && trace.SpanContextFromContext(ctx).IsValid() {
		ctx, b.span = w.tracer.Start(ctx, "store."+op, trace.WithSpanKind(trace.SpanKindInternal), trace.WithAttributes(about...))
	}
	return ctx, b
}

func (b began) end(err error, replayed bool, count int) {
	result := resultOf(err, replayed)
	if b.w.metrics != nil {
		b.w.metrics.Tell(outcome{b.op, result}, time.Since(b.at)) //nolint:forbidigo // as above
	}
	if b.span == nil {
		return
	}
	b.span.SetAttributes(StoreResult.String(result))
	if count >= 0 {
		b.span.SetAttributes(StoreCount.Int(count))
	}
	if result == resultFailed {
		b.span.SetStatus(codes.Error, "")
	}
	b.span.End()
}

func resultOf(err error, replayed bool) string {
	switch {
	case err == nil && replayed:
		return resultReplayed
	case err == nil:
		return resultOK
	case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrNoFeed):
		return resultAbsent
	case errors.Is(err, store.ErrConflict):
		return resultConflict
	case errors.Is(err, store.ErrRequestReused), errors.Is(err, store.ErrRecordExists), errors.Is(err, store.ErrTooLarge), errors.Is(err, store.ErrPageToken):
		return resultRefused
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return resultEnded
	}
	return resultFailed
}

const uncounted = -1

// watched is a store under a watch.
type watched struct {
	store.Store
	w *Watch
}

// For implements store.Store.
func (s watched) For(gmina string) store.Scope { return s.scope(s.Store.For(gmina)) }

// ForCoordinator implements store.Store.
func (s watched) ForCoordinator(person string) store.Scope {
	return s.scope(s.Store.ForCoordinator(person))
}

// ForCounty implements store.Store.
func (s watched) ForCounty(county string) store.CountyScope {
	inner := s.Store.ForCounty(county)
	return watchedCounty{watchedScope: s.scope(inner), county: inner}
}

// System implements store.Store.
func (s watched) System() store.SystemScope {
	inner := s.Store.System()
	return watchedSystem{reader: reader{inner, s.w}, innerSystem: innerSystem{inner}}
}

func (s watched) scope(inner store.Scope) watchedScope {
	return watchedScope{reader: reader{inner, s.w}, innerScope: innerScope{inner}}
}

// LogAccess implements store.Store.
func (s watched) LogAccess(ctx context.Context, a store.Access) error {
	ctx, b := s.w.begin(ctx, "log_access")
	err := s.Store.LogAccess(ctx, a)
	b.end(err, false, len(a.Refs))
	return err
}

// Ping implements store.Store.
func (s watched) Ping(ctx context.Context) error {
	ctx, b := s.w.begin(ctx, "ping")
	err := s.Store.Ping(ctx)
	b.end(err, false, uncounted)
	return err
}
