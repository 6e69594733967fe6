package telemetry

import (
	"context"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"asysta.example/internal/store"
)

// Collections of the access log, as the store names them.
const (
	accessLines    = "accessLines"
	accessSegments = "accessSegments" // stretches of lines that are indexed
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
	if n, err := u.count(ctx); err == nil {
		to <- prometheus.MustNewConstMetric(u.lines, prometheus.GaugeValue, float64(n))
	}
}

// count gives how many lines have been written since the last one that is indexed. Lines are numbered without a gap, so nothing is counted one by one. The segment is
// read first: what is indexed meanwhile makes the number too large rather than negative.
func (u unindexed) count(ctx context.Context) (int64, error) {
	indexed := int64(0)
	segment, err := u.last(ctx, accessSegments)
	if err != nil {
		return 0, err
	}
	if segment != nil {
		to, ok := segment.Body.Lookup("to").Int64OK()
		if !ok {
			return 0, errors.New("telemetry: a segment of the access log that does not say how far it goes")
		}
		indexed = to
	}
	line, err := u.last(ctx, accessLines)
	if line == nil || err != nil {
		return 0, err
	}
	key, _ := line.Key[len(line.Key)-1].(string)
	n, ok := store.SequenceNumber(key)
	if !ok {
		return 0, errors.New("telemetry: a line of the access log without a number")
	}
	return n - indexed, nil
}

// last gives what stands last in a collection, nil where nothing does.
func (u unindexed) last(ctx context.Context, collection string) (*store.EngineHit, error) {
	hits, err := u.engine.Find(ctx, store.EngineQuery{Collection: collection, Desc: true, Limit: 1})
	if errors.Is(err, store.ErrNoCollection) || (err == nil && len(hits) == 0) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &hits[0], nil
}
