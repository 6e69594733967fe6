package rpc

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"

	"asysta.example/internal/telemetry"
)

// Metrics counts calls by method and code and measures how long they take. They name no person and no gmina; every label has few values, all of them
// from the contract or from this program.
type Metrics struct {
	calls    *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	ended    *telemetry.Series[ended]
	running  prometheus.Gauge
	panics   prometheus.Counter
	unlogged *prometheus.CounterVec
	storeUp  *prometheus.GaugeVec // without labels; told from the first probe on, and so by processes with a store alone
}

// ended is what a call is counted by.
type ended struct {
	method string
	code   codes.Code
	reason string
}

// NewMetrics makes the metrics of a process and registers them.
func NewMetrics(r prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "asysta_calls_total", Help: "Calls answered, by method, code and reason.",
		}, []string{"method", "code", "reason"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "asysta_call_seconds", Help: "Time from the arrival of a call to its answer.", Buckets: []float64{.0005, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method"}),
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "asysta_calls_in_flight", Help: "Calls that are being answered now.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "asysta_panics_total", Help: "Calls that ended in a panic.",
		}),
		unlogged: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "asysta_access_log_failures_total", Help: "Lines of the access log that could not be written: of a read, whose answer was kept back, or of a denial.",
		}, []string{"of"}),
		storeUp: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "asysta_store_up", Help: "1 where the store answered the last probe of health, 0 where it did not.",
		}, nil),
	}
	m.ended = telemetry.NewSeries(func(e ended) (prometheus.Counter, prometheus.Observer) {
		return m.calls.WithLabelValues(e.method, e.code.String(), e.reason), m.seconds.WithLabelValues(e.method)
	})
	m.unlogged.WithLabelValues(ofRead)
	m.unlogged.WithLabelValues(ofDenial)
	var errs []error
	for _, c := range []prometheus.Collector{m.calls, m.seconds, m.running, m.panics, m.unlogged, m.storeUp} {
		errs = append(errs, r.Register(c))
	}
	return m, errors.Join(errs...)
}

// What a line of the access log is of, as asysta_access_log_failures_total has it.
const (
	ofRead   = "read"
	ofDenial = "denial"
)

// longestReason bounds a label that another process may have filled.
const longestReason = 48

func (m *Metrics) observe(method string, code codes.Code, reason string, took time.Duration) {
	if m == nil {
		return
	}
	m.ended.Tell(ended{method, code, labelOf(reason)}, took)
}

// labelOf gives a reason as a label: reasons are constants of upper case, here or in the service that was asked.
func labelOf(reason string) string {
	if len(reason) > longestReason {
		return "OTHER"
	}
	for _, r := range reason {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' {
			return "OTHER"
		}
	}
	return reason
}

// enter and leave count a call under way.
func (m *Metrics) enter() {
	if m != nil {
		m.running.Inc()
	}
}

func (m *Metrics) leave() {
	if m != nil {
		m.running.Dec()
	}
}

func (m *Metrics) panicked() {
	if m != nil {
		m.panics.Inc()
	}
}

func (m *Metrics) notLogged(of string) {
	if m != nil {
		m.unlogged.WithLabelValues(of).Inc()
	}
}

func (m *Metrics) storeAnswers(yes bool) {
	if m == nil {
		return
	}
	m.storeUp.WithLabelValues().Set(map[bool]float64{true: 1}[yes])
}

// WithMetrics counts the server's calls.
func WithMetrics(m *Metrics) ServerOption { return func(o *serverOptions) { o.metrics = m } }
