package sqlite

import "sync/atomic"

// Stats is how the writer fares, counted since Open.
type Stats struct {
	Waiting int64 // Writes under way or waiting now
	Writes  int64 // performed
	Groups  int64 // transactions that they shared: Writes / Groups is how many share an fsync
}

// counters are the engine's own Stats.
type counters struct{ waiting, writes, groups atomic.Int64 }

// Stats tells how the writer fares.
func (e *Engine) Stats() Stats {
	return Stats{Waiting: e.counted.waiting.Load(), Writes: e.counted.writes.Load(), Groups: e.counted.groups.Load()}
}
