package rpc

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
)

// Metrics counts calls by method and code and measures how long they take. They name no person and no gmina.
type Metrics struct {
	calls   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

// NewMetrics makes the metrics of a process and registers them.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "asysta_calls_total", Help: "Calls answered, by method, code and reason.",
		}, []string{"method", "code", "reason"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "asysta_call_seconds", Help: "Time from the arrival of a call to its answer.", Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method"}),
	}
	for _, c := range []prometheus.Collector{m.calls, m.seconds} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Metrics) observe(method string, code codes.Code, reason string, took time.Duration) {
	if m == nil {
		return
	}
	m.calls.WithLabelValues(method, code.String(), reason).Inc()
	m.seconds.WithLabelValues(method).Observe(took.Seconds())
}

// WithMetrics counts the server's calls.
func WithMetrics(m *Metrics) ServerOption { return func(o *serverOptions) { o.metrics = m } }
