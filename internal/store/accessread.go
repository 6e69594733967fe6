package store

import (
	"context"
	"errors"
	"iter"
	"slices"
)

// numberedHits gives numbered lines that name an aggregate, newest first: those of the tail, which has no postings yet, by looking at each, and before it those that
// postings name. The key of a hit is the line's number and that of the segment whose posting named it, 0 in the tail.
//
// No line that was durable before this was called is passed over. The end of the last segment is read first: a line up to it is in the postings of a segment that was
// finished already, and a line behind it is looked at itself, for lines are never removed; that its segment may be finished meanwhile, by this process or another one,
// changes neither. The same holds for the next page, which may find more segments: a line is below the last one handed out or it is not, wherever it is found.
func (c *core) numberedHits(ctx context.Context, ref string, after []any, want int) ([]EngineHit, error) {
	last, err := c.lastSegment(ctx)
	if err != nil {
		return nil, err
	}
	before, number := int64(lastVersion), last.number
	if len(after) == 2 {
		line, ok := after[0].(int64)
		of, okToo := after[1].(int64)
		if !ok || !okToo {
			return nil, ErrPageToken
		}
		if before = line; of > 0 {
			number = min(number, of)
		}
	}
	hits, err := c.tailHits(ctx, ref, last.to, before, want)
	if err != nil || len(hits) == want {
		return hits, err
	}
	posted, err := c.postedHits(ctx, ref, number, before, want-len(hits))
	return append(hits, posted...), err
}

// tailHits gives the lines behind a segment and before a line.
func (c *core) tailHits(ctx context.Context, ref string, behind, before int64, want int) ([]EngineHit, error) {
	lines, err := c.tailOf(ctx, ref, behind)
	if err != nil {
		return nil, err
	}
	return c.lineHits(ctx, nil, slices.Backward(lines), 0, before, want)
}

// postedHits gives the lines before one that are named by the postings of segments up to one.
func (c *core) postedHits(ctx context.Context, ref string, number, before int64, want int) (hits []EngineHit, err error) {
	if number == 0 {
		return nil, nil
	}
	q := EngineQuery{Collection: accessPostings, From: SequenceKey(ref, 1), To: SequenceKey(ref, number+1), Desc: true}
	err = c.each(ctx, q, func(h EngineHit) error {
		of, _ := SequenceNumber(hitKey(h))
		if hitKey(h) != SequenceKey(ref, of) { // of another aggregate, whose id begins like such a key
			return nil
		}
		p, err := decodePosting(h)
		if err != nil {
			return err
		}
		if hits, err = c.lineHits(ctx, hits, p.lines, of, before, want); err == nil && len(hits) == want {
			err = errStop
		}
		return err
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return hits, err
}

// lineHits adds the lines of some numbers, those before one, until there are as many hits as wanted.
func (c *core) lineHits(ctx context.Context, hits []EngineHit, numbers iter.Seq2[int, int64], of, before int64, want int) ([]EngineHit, error) {
	for _, n := range numbers {
		if len(hits) == want {
			break
		}
		if n >= before {
			continue
		}
		body, err := c.engine.Get(ctx, accessLines, lineKey(n))
		if errors.Is(err, ErrNotFound) {
			return nil, missingLine(n)
		}
		if err != nil {
			return nil, err
		}
		hits = append(hits, EngineHit{Key: []any{n, of}, Body: body})
	}
	return hits, nil
}
