package gateway

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"asysta.example/internal/redact"
)

// observer bounds, traces, counts and logs the requests of the REST interface, each by the pattern of its path: a path holds ids, and whatever somebody typed.
type observer struct {
	log        *slog.Logger
	tracer     trace.Tracer // nil: no spans
	propagator propagation.TextMapPropagator
	most       int64
	in         atomic.Int64
	requests   *prometheus.CounterVec // nil: not counted, as the next two
	seconds    *prometheus.HistogramVec
	running    prometheus.Gauge
}

func newObserver(cfg Config) (*observer, error) {
	o := &observer{log: cfg.Log, tracer: cfg.Tracer, propagator: cfg.Propagator, most: int64(cfg.AtOnce)}
	if cfg.Metrics == nil {
		return o, nil
	}
	o.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "asysta_rest_requests_total", Help: "Requests of the REST interface, by method, pattern of the path and HTTP status.",
	}, []string{"method", "route", "code"})
	o.seconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "asysta_rest_seconds", Help: "Time from a request's headers to the end of its answer.", Buckets: []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
	}, []string{"route"})
	o.running = prometheus.NewGauge(prometheus.GaugeOpts{Name: "asysta_rest_in_flight", Help: "Requests of the REST interface that are being answered now."})
	for _, c := range []prometheus.Collector{o.requests, o.seconds, o.running} {
		if err := cfg.Metrics.Register(c); err != nil {
			return nil, fmt.Errorf("gateway: metrics: %w", err)
		}
	}
	return o, nil
}

// request is one request under way.
type request struct {
	http.ResponseWriter
	route  string // pattern of the path, "" where no path fits
	status int    // 0 before the answer begins
	began  time.Time
	span   trace.Span // nil: none
}

// WriteHeader implements http.ResponseWriter.
func (q *request) WriteHeader(code int) {
	if q.status == 0 {
		q.status = code
	}
	q.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (q *request) Write(b []byte) (int, error) {
	if q.status == 0 {
		q.status = http.StatusOK
	}
	n, err := q.ResponseWriter.Write(b)
	if err != nil {
		return n, fmt.Errorf("gateway: answer: %w", err)
	}
	return n, nil
}

// Unwrap lets http.ResponseController reach the connection.
func (q *request) Unwrap() http.ResponseWriter { return q.ResponseWriter }

type requestKey struct{}

// over answers requests with next, at most so many at a time.
func (o *observer) over(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := &request{ResponseWriter: w, began: time.Now()} //nolint:forbidigo // how long it takes, by the machine's clock
		ctx := context.WithValue(r.Context(), requestKey{}, q)
		if o.tracer != nil {
			ctx, q.span = o.tracer.Start(o.propagator.Extract(ctx, propagation.HeaderCarrier(r.Header)), "REST", trace.WithSpanKind(trace.SpanKindServer))
		}
		r = r.WithContext(ctx)
		defer o.end(r, q)
		defer o.recovered(r, q)
		if o.in.Add(1) > o.most {
			o.in.Add(-1)
			q.Header().Set("Retry-After", "1")
			problemBusy.write(ctx, q)
			return
		}
		defer o.in.Add(-1)
		if o.running != nil {
			o.running.Inc()
			defer o.running.Dec()
		}
		next.ServeHTTP(q, r)
	})
}

// routed notes which path of the contract a request has. It is a middleware of the library's mux, which finds the path.
func routed(next runtime.HandlerFunc) runtime.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
		if q, ok := r.Context().Value(requestKey{}).(*request); ok {
			if p, ok := runtime.HTTPPattern(r.Context()); ok {
				q.route = p.String()
			}
		}
		next(w, r, params)
	}
}

// recovered answers a request whose handling panicked, of which the log tells type and functions.
func (o *observer) recovered(r *http.Request, q *request) {
	p := recover()
	if p == nil {
		return
	}
	id := strings.ToLower(rand.Text())
	o.log.ErrorContext(r.Context(), "internal error", slog.String("error_id", id), slog.String("cause", redact.Panic(p)), slog.String("stack", redact.Stack(2)))
	if q.status != 0 {
		panic(http.ErrAbortHandler) // half an answer must not pass for a whole one
	}
	(&problem{Code: http.StatusInternalServerError, Status: "INTERNAL", Reason: "INTERNAL", Message: "Wystąpił nieoczekiwany błąd. Zgłoś administratorowi numer błędu: " + id + ".", Error: id}).write(r.Context(), q)
}

// methods of HTTP that the contract knows; any other is one kind.
var methods = map[string]string{http.MethodGet: "GET", http.MethodPost: "POST", http.MethodPatch: "PATCH", http.MethodDelete: "DELETE"}

// end counts, logs and traces a request that has its answer.
func (o *observer) end(r *http.Request, q *request) {
	took := time.Since(q.began) //nolint:forbidigo // as above
	method, known := methods[r.Method]
	if !known {
		method = "OTHER"
	}
	if q.route == "" {
		q.route = "none"
	}
	if q.status == 0 {
		q.status = http.StatusOK // net/http answers so where nothing was written
	}
	if o.requests != nil {
		o.requests.WithLabelValues(method, q.route, strconv.Itoa(q.status)).Inc()
		o.seconds.WithLabelValues(q.route).Observe(took.Seconds())
	}
	if o.log.Enabled(r.Context(), slog.LevelDebug) {
		o.log.DebugContext(r.Context(), "rest", slog.String("method", method), slog.String("route", q.route), slog.Int("code", q.status), slog.Float64("duration_ms", float64(took.Microseconds())/1000))
	}
	if q.span == nil {
		return
	}
	q.span.SetName(method + " " + q.route)
	q.span.SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", q.route), attribute.Int("http.response.status_code", q.status))
	if q.status >= http.StatusInternalServerError {
		q.span.SetStatus(codes.Error, "")
	}
	q.span.End()
}

// traceOf gives the id of the trace that a request belongs to, "" outside of one.
func traceOf(ctx context.Context) string {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		return sc.TraceID().String()
	}
	return ""
}
