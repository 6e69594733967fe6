package store

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
)

// accessIndex checks that the numbered lines of the access log have no gap, that its segments follow one another, and that each has just the postings and the digest
// that its lines make. Lines behind the last segment are numbered alone, and a log that was cut off or written anew with its digests agrees with itself: both are held against
// anchors (AccessWitness).
func (v *verifier) accessIndex(ctx context.Context) error {
	var segments []segment
	err := v.each(ctx, EngineQuery{Collection: accessSegments}, func(h EngineHit) error {
		s, err := decodeSegment(h)
		if err != nil || !bytes.Equal(h.Body, encodeSegment(s)) {
			v.fault("access log: segment %s cannot be read", hitKey(h))
			return nil
		}
		segments = append(segments, s)
		return nil
	})
	if errors.Is(err, ErrNoCollection) {
		return nil
	}
	if err != nil {
		return err
	}
	var before segment
	wanted := 0
	for _, s := range segments {
		if s.number != before.number+1 || s.from != before.to+1 {
			v.fault("access log: segment %d does not follow the one before it", s.number)
		}
		n, err := v.segment(ctx, before, s)
		if err != nil {
			return err
		}
		before, wanted = s, wanted+n
	}
	if err := v.strayPostings(ctx, before.number, wanted); err != nil {
		return err
	}
	return v.accessTail(ctx, before.to)
}

// segment compares the postings and the digest of a segment with its lines and gives how many postings there are to be.
func (v *verifier) segment(ctx context.Context, before, s segment) (int, error) {
	found, digest, err := v.postings(ctx, before, s)
	if errors.Is(err, errLine) {
		v.fault("access log: segment %d: %v", s.number, err)
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	switch {
	case s.digest == nil && before.digest != nil:
		v.fault("access log: segment %d has no digest, the one before it has", s.number)
	case s.digest != nil && !bytes.Equal(digest, s.digest):
		v.fault("access log: segment %d: its lines or the segment before it are not those that its digest was made of", s.number)
	}
	for _, ref := range slices.Sorted(maps.Keys(found)) {
		key := SequenceKey(ref, s.number)
		raw, err := v.engine.Get(ctx, accessPostings, key)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return 0, err
		}
		if !bytes.Equal(raw, encodePosting(key, found[ref])) {
			v.fault("access log: the posting %s is not what its lines make", key)
		}
	}
	return len(found), nil
}

// strayPostings finds postings that no line makes. Behind the last segment somebody may be making some.
func (v *verifier) strayPostings(ctx context.Context, last int64, wanted int) error {
	stored := 0
	err := v.each(ctx, EngineQuery{Collection: accessPostings}, func(h EngineHit) error {
		if n, _ := SequenceNumber(hitKey(h)); n <= last {
			stored++
		}
		return nil
	})
	if stored > wanted {
		v.fault("access log: %d postings that no line makes", stored-wanted)
	}
	return err
}

// accessTail checks the lines behind the last segment.
func (v *verifier) accessTail(ctx context.Context, behind int64) error {
	next := behind + 1
	return v.each(ctx, EngineQuery{Collection: accessLines, From: lineKey(next)}, func(h EngineHit) error {
		n := lineNumber(hitKey(h))
		if n != next {
			v.fault("access log: %v", missingLine(next))
		}
		if _, err := refsOf(h); err != nil {
			v.fault("access log: %v", err)
		}
		next = n + 1
		return nil
	})
}
