package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// On a whole engine a call only puts its line behind the last one: an index entry for everything that it hands out would cost fifty inserts all over a tree for a
// page of fifty families, before the answer leaves. Who read a file is found by postings, which are made later, a segment of lines at a time.
//
// What this rests on: lines are numbered from 1 without a gap in the order in which they become visible (Append), and no line is ever changed or removed. So
// a segment whose last line is there is there whole, and its postings follow from its lines: whoever makes them, once or twice, writes the same bytes. The segment's own
// document is written last, and postings are read only of segments that have one. It holds a digest of the lines too, see accessdigest.go.

// segmentLines is how many lines a segment has. It is part of what is stored: every process on a database must have the same.
const segmentLines = 4096

// postingBatch is how many postings are written at once, so that nobody waits long behind them.
const postingBatch = 128

// accessSequence is the sequence of the lines, and of the segments.
const accessSequence = "access"

// keyAt is where the value of _id begins in a document that begins with it: behind the size, the element's type and name, and the size of the value.
const keyAt = 4 + 1 + len("_id\x00") + 4

// lineKey is the key of a line by its number, and its id.
func lineKey(n int64) string { return SequenceKey(accessSequence, n) }

// lineNumber is the number of a line by its id; 0 for a line without.
func lineNumber(id string) int64 {
	if !strings.HasPrefix(id, accessSequence+"@") {
		return 0
	}
	n, _ := SequenceNumber(id)
	return n
}

// segment is a stretch of the access log whose postings are made: lines from to to, both included. The zero value stands before the first.
type segment struct {
	number   int64
	from, to int64
	digest   []byte // of its lines and of the segment before it; nil where a program made it that knew none
}

// posting says which lines of a segment name an aggregate.
type posting struct {
	from int64  // first line of the segment
	at   []byte // of each line its distance from the first one, two bytes each, ascending
}

// encodeSegment gives the stored bytes of a segment.
func encodeSegment(s segment) bson.Raw {
	w := newBuilder(160)
	w.text("_id", SequenceKey(accessSequence, s.number))
	w.int("from", s.from)
	w.int("to", s.to)
	w.bytesIf("digest", s.digest)
	return w.raw()
}

func decodeSegment(h EngineHit) (s segment, err error) {
	var known, from, to bool
	s.number, known = SequenceNumber(hitKey(h))
	s.from, from = h.Body.Lookup("from").Int64OK()
	s.to, to = h.Body.Lookup("to").Int64OK()
	fits := true
	if value, err := h.Body.LookupErr("digest"); err == nil {
		_, s.digest, fits = value.BinaryOK()
		fits = fits && len(s.digest) == sha256.Size
	}
	if !known || !from || !to || !fits || s.from < 1 || s.to < s.from {
		return s, fmt.Errorf("%w: segment %s of the access log", errBSON, hitKey(h))
	}
	return s, nil
}

// encodePosting gives the stored bytes of a posting.
func encodePosting(key string, p posting) bson.Raw {
	w := newBuilder(96 + len(key) + len(p.at))
	w.text("_id", key)
	w.int("from", p.from)
	w.bytes("at", p.at)
	return w.raw()
}

func decodePosting(h EngineHit) (p posting, err error) {
	var from, at bool
	p.from, from = h.Body.Lookup("from").Int64OK()
	_, p.at, at = h.Body.Lookup("at").BinaryOK()
	if !from || !at || len(p.at)%2 != 0 {
		return p, fmt.Errorf("%w: posting %s of the access log", errBSON, hitKey(h))
	}
	return p, nil
}

// lines gives the numbers of a posting's lines, newest first, each with its place.
func (p posting) lines(yield func(i int, n int64) bool) {
	for i := len(p.at)/2 - 1; i >= 0; i-- {
		if !yield(i, p.from+int64(binary.BigEndian.Uint16(p.at[2*i:]))) {
			return
		}
	}
}

// lastSegment gives the last segment whose postings are made. A database that was not migrated since there are segments has none.
func (c *core) lastSegment(ctx context.Context) (segment, error) {
	hits, err := c.engine.Find(ctx, EngineQuery{Collection: accessSegments, Desc: true, Limit: 1})
	if errors.Is(err, ErrNoCollection) || (err == nil && len(hits) == 0) {
		return segment{}, nil
	}
	if err != nil {
		return segment{}, err
	}
	return decodeSegment(hits[0])
}

// lastLine gives the number of the last line, 0 where there is none.
func (c *core) lastLine(ctx context.Context) (int64, error) {
	hits, err := c.engine.Find(ctx, EngineQuery{Collection: accessLines, Desc: true, Limit: 1})
	if errors.Is(err, ErrNoCollection) || (err == nil && len(hits) == 0) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return lineNumber(hitKey(hits[0])), nil
}

// IndexAccess implements SystemScope.
func (s *systemScope) IndexAccess(ctx context.Context) (int, error) {
	if !s.whole {
		return 0, nil
	}
	n, err := s.indexAccess(ctx)
	if err != nil {
		return n, fmt.Errorf("store: index the access log: %w", err)
	}
	return n, nil
}

// indexAccess makes the postings of every segment that is whole and has none yet, and tells how many those were.
func (c *core) indexAccess(ctx context.Context) (made int, err error) {
	for {
		last, err := c.lastSegment(ctx)
		if err != nil {
			return made, err
		}
		next := segment{number: last.number + 1, from: last.to + 1, to: last.to + c.indexer.size}
		_, err = c.engine.Get(ctx, accessLines, lineKey(next.to))
		if errors.Is(err, ErrNotFound) {
			return made, nil
		}
		if err == nil {
			err = c.indexSegment(ctx, last, next)
		}
		if err != nil {
			return made, err
		}
		made++
	}
}

// indexSegment makes the postings of a segment and its digest. Others may be at it too, or may have been and not have come to the end.
func (c *core) indexSegment(ctx context.Context, before, s segment) error {
	found, digest, err := c.postings(ctx, before, s)
	if err != nil {
		return err
	}
	s.digest = digest
	for batch := range slices.Chunk(slices.Sorted(maps.Keys(found)), c.indexer.batch) {
		steps := make([]Step, len(batch))
		for i, ref := range batch {
			key := SequenceKey(ref, s.number)
			steps[i] = Step{Op: Insert, Collection: accessPostings, ID: key, Body: encodePosting(key, found[ref]), Point: PointPosting}
		}
		steps[0].Op = Replace // an Insert that meets its key would stop the batch as its first step, and only as its first
		if err := c.engine.Write(ctx, steps); err != nil {
			return err
		}
	}
	body := encodeSegment(s)
	_, err = c.ensure(ctx, Step{Op: Insert, Collection: accessSegments, ID: SequenceKey(accessSequence, s.number), Body: body, Point: PointSegment})
	return err
}

// postings gives the posting of everything that the lines of a segment name, and the segment's digest.
func (c *core) postings(ctx context.Context, before, s segment) (map[string]posting, []byte, error) {
	found, next, digest := map[string]posting{}, s.from, newDigest(before)
	q := EngineQuery{Collection: accessLines, From: lineKey(s.from), To: lineKey(s.to + 1)}
	err := c.each(ctx, q, func(h EngineHit) error {
		if hitKey(h) != lineKey(next) {
			return missingLine(next)
		}
		refs, err := refsOf(h)
		if err != nil {
			return err
		}
		digest.part(h.Body)
		for _, ref := range refs {
			p := found[ref]
			p.from, p.at = s.from, binary.BigEndian.AppendUint16(p.at, uint16(next-s.from))
			found[ref] = p
		}
		next++
		return nil
	})
	if err == nil && next <= s.to {
		err = missingLine(next)
	}
	return found, digest.sum(), err
}

// errLine says that the access log itself is damaged.
var errLine = errors.New("store: line of the access log")

// damagedLine says that what a line names cannot be read.
func damagedLine(h EngineHit) error { return fmt.Errorf("%w: %s cannot be read", errLine, hitKey(h)) }

// missingLine says that a line is gone. It is not ErrNotFound, which callers take for an aggregate that is not there.
func missingLine(n int64) error { return fmt.Errorf("%w: %s is missing", errLine, lineKey(n)) }

// refsOf gives what a line names, each once.
func refsOf(h EngineHit) ([]string, error) {
	value, err := bsoncore.Document(h.Body).LookupErr("refs")
	if errors.Is(err, bsoncore.ErrElementNotFound) {
		return nil, nil
	}
	array, ok := value.ArrayOK()
	if err != nil || !ok {
		return nil, damagedLine(h)
	}
	values, err := array.Values()
	if err != nil {
		return nil, damagedLine(h)
	}
	refs := make([]string, len(values))
	for i, v := range values {
		if refs[i], ok = v.StringValueOK(); !ok {
			return nil, damagedLine(h)
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs), nil
}
