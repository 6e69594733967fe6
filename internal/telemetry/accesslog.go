package telemetry

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"asysta.example/internal/store"
)

// WatchAccessLog registers how many lines of the access log no index leads to yet: whoever asks who has read a file waits for each of them to be read. The store is asked
// when the metrics are. On an engine that indexes each line as it is written there are none, and nothing is told.
func WatchAccessLog(r prometheus.Registerer, e store.Engine) error {
	if _, whole := e.(store.Whole); !whole {
		return nil
	}
	err := r.Register(unindexed{e, prometheus.NewDesc("asysta_access_log_unindexed_lines", "Lines of the access log behind the last stretch of it that is indexed.", nil, nil)})
	if err != nil {
		return fmt.Errorf("telemetry: %w", err)
	}
	return nil
}

type unindexed struct {
	engine store.Engine
	lines  *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (u unindexed) Describe(to chan<- *prometheus.Desc) { to <- u.lines }

// Collect implements prometheus.Collector. A store that does not answer tells nothing here, see backlog.
func (u unindexed) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askWithin)
	defer cancel()
	if n, err := store.Unindexed(ctx, u.engine); err == nil {
		to <- prometheus.MustNewConstMetric(u.lines, prometheus.GaugeValue, float64(n))
	}
}
