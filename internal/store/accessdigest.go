package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
)

// A segment's digest is a SHA-256 over the digest of the segment before it and then the stored bytes of its lines in their order, each of these preceded by its length in
// eight bytes, so that no border can move. It is worked out with the postings, beside the calls. The first segment of all follows nothing, and so does the first that has a
// digest, where a program that knew none made those before it.

// lineDigest adds up a digest.
type lineDigest struct{ h hash.Hash }

// newDigest begins the digest of the lines behind a segment.
func newDigest(before segment) lineDigest {
	d := lineDigest{sha256.New()}
	d.part(before.digest)
	return d
}

func (d lineDigest) part(b []byte) {
	d.h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
	d.h.Write(b)
}

func (d lineDigest) sum() []byte { return d.h.Sum(nil) }

// AccessEnd says what the access log held up to a line: what an anchor is made of. The zero value is a log without numbered lines.
type AccessEnd struct {
	Line    int64  // number of the last line
	Segment int64  // number of the last segment; 0 before the first
	Head    []byte // digest of the lines behind that segment, which holds the segment's own: nothing before the line can change without it
}

// AccessWitness gives what anchors hold of the access log.
type AccessWitness interface {
	// AccessEnd says how far the access log goes now. Where lines are not numbered it gives the zero value.
	AccessEnd(ctx context.Context) (AccessEnd, error)
	// AccessEndAt works out from what is stored now what AccessEnd gave when a line and a segment were the last ones. Line is smaller where the log does not come so far,
	// Segment is 0 where it is not there; Head is then of no use. What a segment says of its own lines is taken for true: Verify holds that against them.
	AccessEndAt(ctx context.Context, line, segment int64) (AccessEnd, error)
}

// AccessEnd implements AccessWitness.
func (s *systemScope) AccessEnd(ctx context.Context) (AccessEnd, error) {
	if !s.whole {
		return AccessEnd{}, nil
	}
	last, err := s.lastSegment(ctx)
	if err != nil {
		return AccessEnd{}, fmt.Errorf("store: end of the access log: %w", err)
	}
	line, err := s.lastLine(ctx)
	if err != nil {
		return AccessEnd{}, fmt.Errorf("store: end of the access log: %w", err)
	}
	if line == 0 {
		return AccessEnd{}, nil
	}
	return s.AccessEndAt(ctx, line, last.number)
}

// AccessEndAt implements AccessWitness.
func (s *systemScope) AccessEndAt(ctx context.Context, line, number int64) (AccessEnd, error) {
	before, err := s.segmentOf(ctx, number)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrNoCollection) {
		return AccessEnd{}, nil
	}
	end, digest := AccessEnd{Segment: before.number, Line: before.to}, newDigest(before)
	if err == nil {
		q := EngineQuery{Collection: accessLines, From: lineKey(before.to + 1), To: lineKey(line + 1)}
		err = s.each(ctx, q, func(h EngineHit) error { // a line that is gone is gone from the digest too
			digest.part(h.Body)
			end.Line = lineNumber(hitKey(h))
			return nil
		})
	}
	if err != nil && !errors.Is(err, ErrNoCollection) {
		return AccessEnd{}, fmt.Errorf("store: end of the access log: %w", err)
	}
	end.Head = digest.sum()
	return end, nil
}

// segmentOf reads a segment, of which 0 is the zero value; ErrNotFound where it is not there, or what is there cannot be read.
func (c *core) segmentOf(ctx context.Context, number int64) (segment, error) {
	if number == 0 {
		return segment{}, nil
	}
	key := SequenceKey(accessSequence, number)
	raw, err := c.engine.Get(ctx, accessSegments, key)
	if err != nil {
		return segment{}, err
	}
	s, err := decodeSegment(EngineHit{Key: []any{key}, Body: raw})
	if err != nil {
		return segment{}, ErrNotFound
	}
	return s, nil
}
