package telemetry

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Series keeps the counter and the histogram of each set of labels that was met: finding them by the texts of their labels takes longer than counting. It is safe for
// concurrent use. What K is made of must be as bounded as labels are.
type Series[K comparable] struct {
	find  func(K) (prometheus.Counter, prometheus.Observer)
	mu    sync.RWMutex
	known map[K]series
}

type series struct {
	count   prometheus.Counter
	seconds prometheus.Observer
}

// NewSeries gives series that find finds.
func NewSeries[K comparable](find func(K) (prometheus.Counter, prometheus.Observer)) *Series[K] {
	return &Series[K]{find: find, known: map[K]series{}}
}

// Tell counts one event and how long it took.
func (s *Series[K]) Tell(labels K, took time.Duration) {
	s.mu.RLock()
	one, ok := s.known[labels]
	s.mu.RUnlock()
	if !ok {
		one.count, one.seconds = s.find(labels)
		s.mu.Lock()
		s.known[labels] = one
		s.mu.Unlock()
	}
	one.count.Inc()
	one.seconds.Observe(took.Seconds())
}
