package suite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"asysta.example/gateway"

	"asysta.example/internal/directory"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store/sqlite"
	"asysta.example/internal/telemetry"
)

// watch is what tells how a process fares: its traces, where the environment names a collector, and its metrics, where the configuration names an address.
// Where neither is asked for it puts nothing before anything.
type watch struct {
	tracing  *telemetry.Tracing   // nil: no traces
	registry *prometheus.Registry // nil: no metrics, as the next two
	calls    *rpc.Metrics
	works    *workMetrics
	page     *web // nil: none
	log      *slog.Logger
}

// newWatch prepares what is told of a process; close ends it. A tracing that is given stands for that of the environment.
func newWatch(ctx context.Context, process string, c Telling, given *telemetry.Tracing, log *slog.Logger) (_ *watch, err error) {
	w := &watch{tracing: given, log: log}
	if given == nil {
		if w.tracing, err = telemetry.FromEnvironment(ctx, process, log); err != nil {
			return nil, fmt.Errorf("suite: traces: %w", err)
		}
	}
	if c.Metrics == "" {
		return w, nil
	}
	w.registry = telemetry.NewRegistry()
	if w.calls, err = rpc.NewMetrics(w.registry); err != nil {
		return nil, fmt.Errorf("suite: metrics: %w", err)
	}
	if w.works, err = newWorkMetrics(w.registry); err != nil {
		return nil, err
	}
	w.page, err = listenWeb(ctx, "METRICS_LISTEN", c.Metrics, time.Second)
	return w, err
}

// Bounds of the page of metrics.
const (
	scrapes      = 4
	scrapeWithin = 10 * time.Second
)

// serve tells the metrics.
func (w *watch) serve(ctx context.Context, failed chan<- error) {
	if w.page == nil {
		return
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{MaxRequestsInFlight: scrapes, Timeout: scrapeWithin}))
	w.page.serve(ctx, mux, failed)
	w.log.InfoContext(ctx, "telling metrics", slog.String("address", w.page.lis.Addr().String()))
}

// over stands before the store of a base that nobody uses yet.
func (w *watch) over(b *Base) error {
	var r prometheus.Registerer
	if w.registry != nil {
		r = w.registry
	}
	stand, err := telemetry.NewWatch(w.tracing, r)
	if err != nil {
		return fmt.Errorf("suite: metrics: %w", err)
	}
	if stand == nil {
		return nil
	}
	b.Deps.Store = stand.Over(b.Deps.Store)
	b.Deps.Directory = directory.NewReader(b.Deps.Store)
	if r == nil {
		return nil
	}
	err = errors.Join(telemetry.WatchBacklog(r, b.Engine, b.Deps.Clock), telemetry.WatchAccessLog(r, b.Engine))
	if engine, ok := b.Engine.(*sqlite.Engine); ok {
		err = errors.Join(err, telemetry.WatchWriter(r, func() telemetry.Writer {
			s := engine.Stats()
			return telemetry.Writer{Waiting: s.Waiting, Writes: s.Writes, Groups: s.Groups}
		}))
	}
	return err
}

// server are the options of every server of the process.
func (w *watch) server() []rpc.ServerOption {
	options := []rpc.ServerOption{rpc.WithTraces(w.tracing.Server())}
	if w.calls != nil {
		options = append(options, rpc.WithMetrics(w.calls))
	}
	return options
}

// dial is the option of every connection that the process makes.
func (w *watch) dial() rpc.DialOption { return rpc.WithTracing(w.tracing.Client()) }

// gateway adds to the gateway's configuration what it tells.
func (w *watch) gateway(c gateway.Config, log *slog.Logger) gateway.Config {
	c.Log, c.Tracer, c.Propagator = log, w.tracing.Tracer(), telemetry.Propagator{}
	if w.registry != nil {
		c.Metrics = w.registry
	}
	return c
}

// tellWithin bounds how long the spans that wait may take to be told at the end.
const tellWithin = 5 * time.Second

// close ends what is told. It comes last.
func (w *watch) close() error {
	if w == nil {
		return nil
	}
	if w.page != nil {
		w.page.close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), tellWithin)
	defer cancel()
	return w.tracing.Close(ctx)
}

// workMetrics tell of the work that runs by itself. A nil one tells nothing.
type workMetrics struct {
	rounds  *prometheus.CounterVec
	mended  *prometheus.CounterVec
	success *prometheus.GaugeVec
}

func newWorkMetrics(r prometheus.Registerer) (*workMetrics, error) {
	m := &workMetrics{
		rounds: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "asysta_work_rounds_total", Help: "Rounds of the work that runs by itself, by work and result (ok, error, panic).",
		}, []string{"work", "result"}),
		mended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "asysta_work_mended_total", Help: "What sweeps had to finish because a crash or a failure had cut it short.",
		}, []string{"work"}),
		success: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "asysta_work_last_success_timestamp_seconds", Help: "When a round last ended well, or the process began where none has since, in seconds since 1970.",
		}, []string{"work"}),
	}
	if err := errors.Join(r.Register(m.rounds), r.Register(m.mended), r.Register(m.success)); err != nil {
		return nil, fmt.Errorf("suite: metrics: %w", err)
	}
	return m, nil
}

// begun says that a process does a work from now on. Without it a work of which no round ever ends well, such as anchoring into a folder that is not mounted, would have no
// time at all, and no alert on its age.
func (m *workMetrics) begun(work string) {
	if m != nil {
		m.success.WithLabelValues(work).SetToCurrentTime()
	}
}

// ended counts a round.
func (m *workMetrics) ended(work, result string, mended int) {
	if m == nil {
		return
	}
	m.rounds.WithLabelValues(work, result).Inc()
	m.mended.WithLabelValues(work).Add(float64(mended))
	if result == roundOK {
		m.success.WithLabelValues(work).SetToCurrentTime()
	}
}

// Results of a round.
const (
	roundOK       = "ok"
	roundFailed   = "error"
	roundPanicked = "panic"
)
