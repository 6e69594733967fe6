package store

import (
	"context"
	"errors"
	"sync"
)

// accessTail is what a process has read of the lines behind the last segment: which of them name what. Lines are numbered without a gap and never change, so that only those
// written since need to be read when somebody asks again. It holds a segment's worth of numbers, and nothing where nobody asks.
type accessTail struct {
	mu     sync.Mutex
	behind int64              // end of the segment before it
	to     int64              // last line read
	named  map[string][]int64 // numbers of lines, ascending
}

// tailOf gives the numbers of the lines behind a segment that name an aggregate, ascending: of every line that was durable before this was called.
func (c *core) tailOf(ctx context.Context, ref string, behind int64) ([]int64, error) {
	x := &c.unposted
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.named == nil || x.behind != behind {
		x.behind, x.to, x.named = behind, behind, map[string][]int64{}
	}
	err := c.each(ctx, EngineQuery{Collection: accessLines, From: lineKey(x.to + 1), To: lineKey(lastVersion)}, func(h EngineHit) error {
		if hitKey(h) != lineKey(x.to+1) {
			return missingLine(x.to + 1)
		}
		refs, err := refsOf(h)
		if err != nil {
			return err
		}
		x.to++
		for _, ref := range refs {
			x.named[ref] = append(x.named[ref], x.to)
		}
		return nil
	})
	if err != nil && !errors.Is(err, ErrNoCollection) {
		return nil, err
	}
	return x.named[ref], nil // numbers are put behind those that are there, which nobody changes
}
