package store

import (
	"context"
	"sync"
	"sync/atomic"
)

// lookAfter is how many lines a process writes until it looks whether a segment is whole. It looks with its first line too, so that processes that write few
// lines each do not leave a tail that grows.
const lookAfter = 512

// indexer has the postings of the access log made beside the calls that write it, by one goroutine at a time, which ends when nothing is left to do.
type indexer struct {
	size  int64        // lines of a segment
	batch int          // postings written at once
	left  atomic.Int64 // lines until the next look; below 0: now

	mu      sync.Mutex
	running bool
	closed  bool
	cancel  context.CancelFunc // of the goroutine's context
	group   sync.WaitGroup
}

// logged counts a line that was written.
func (c *core) logged() {
	if !c.whole || c.indexer.left.Add(-1) >= 0 {
		return
	}
	c.indexer.left.Store(lookAfter - 1)
	c.indexer.start(func(ctx context.Context) {
		_, _ = c.indexAccess(ctx) // what fails is tried again with the next look; until then the tail answers
	})
}

// start runs work in the background, unless it runs already or the store is closed.
func (x *indexer) start(work func(context.Context)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.running || x.closed {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	x.running, x.cancel = true, cancel
	x.group.Go(func() {
		defer cancel()
		work(ctx)
		x.mu.Lock()
		defer x.mu.Unlock()
		x.running = false
	})
}

// close ends the work that runs and lets none begin. It can be repeated.
func (x *indexer) close() {
	x.mu.Lock()
	x.closed = true
	if x.cancel != nil {
		x.cancel()
	}
	x.mu.Unlock()
	x.group.Wait()
}
