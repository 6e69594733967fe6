package telemetry

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"asysta.example/internal/store"
)

// NewRegistry gives a registry with the metrics of the Go runtime, of the process and of the build.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	version, revision := Build()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "asysta_build_info", Help: "1; the labels say what was built.", ConstLabels: prometheus.Labels{"version": version, "revision": revision},
	})
	info.Set(1)
	// The process collector tells a time of the start too, but works it out from /proc/stat, which a hardened unit of systemd (ProcSubset=pid) does not show.
	started := prometheus.NewGauge(prometheus.GaugeOpts{Name: "asysta_start_time_seconds", Help: "When the process began to tell metrics, in seconds since 1970."})
	started.SetToCurrentTime()
	r.MustRegister(started, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), info)
	return r
}

// Build gives the version and the commit that the program was built from, "devel" and "" where they are not known.
func Build() (version, revision string) {
	version = "devel"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, ""
	}
	if info.Main.Version != "" {
		version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	return version, revision
}

// WatchBacklog registers what tells of the relay: how many commits wait for the change feed, and since when. The store is asked when the metrics are.
func WatchBacklog(r prometheus.Registerer, e store.Engine, clock func() time.Time) error {
	b := &backlog{
		engine: e, clock: clock,
		lag:     prometheus.NewDesc("asysta_relay_lag_seconds", "How long the oldest commit has waited for its position in the change feed; 0 where none waits.", nil, nil),
		waiting: prometheus.NewDesc("asysta_relay_waiting", "Commits that wait for their position in the change feed, counted up to 500.", nil, nil),
	}
	if err := r.Register(b); err != nil {
		return fmt.Errorf("telemetry: %w", err)
	}
	return nil
}

// askWithin bounds what a scrape waits for the store.
const askWithin = 2 * time.Second

type backlog struct {
	engine       store.Engine
	clock        func() time.Time
	lag, waiting *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (b *backlog) Describe(to chan<- *prometheus.Desc) {
	to <- b.lag
	to <- b.waiting
}

// Collect implements prometheus.Collector. A store that does not answer has no backlog to tell of; asysta_store_up tells of it.
func (b *backlog) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	waiting, oldest, err := store.Backlog(ctx, b.engine)
	if err != nil {
		return
	}
	lag := 0.0
	if waiting > 0 {
		lag = max(0, b.clock().Sub(oldest).Seconds())
	}
	to <- prometheus.MustNewConstMetric(b.lag, prometheus.GaugeValue, lag)
	to <- prometheus.MustNewConstMetric(b.waiting, prometheus.GaugeValue, float64(waiting))
}

// Writer is how the writer of an engine fares that groups its writes.
type Writer struct{ Waiting, Writes, Groups int64 }

// WatchWriter registers what tells of an engine that groups its writes.
func WatchWriter(r prometheus.Registerer, stats func() Writer) error {
	number := func(of func(Writer) int64) func() float64 { return func() float64 { return float64(of(stats())) } }
	for _, c := range []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "asysta_sqlite_waiting", Help: "Writes under way or waiting for the one writer of SQLite."}, number(func(w Writer) int64 { return w.Waiting })),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "asysta_sqlite_writes_total", Help: "Writes performed on SQLite."}, number(func(w Writer) int64 { return w.Writes })),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "asysta_sqlite_groups_total", Help: "Transactions on SQLite; writes / groups is how many writes share an fsync."}, number(func(w Writer) int64 { return w.Groups })),
	} {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("telemetry: %w", err)
		}
	}
	return nil
}
