package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
	"asysta.example/internal/testkit/county"
	"asysta.example/internal/testkit/datafile"
)

// Collections of the numbered access log.
const (
	accessLines    = "accessLines"
	accessPostings = "accessPostings"
	accessSegments = "accessSegments"
)

// segmentLines is how many lines a segment has in every database; wholeLines are in segments when the county has lived.
const (
	segmentLines = 4096
	wholeLines   = 2 * segmentLines
)

// accessLog is the access log of the sound county.
type accessLog struct {
	lines    []datafile.Row // by number, from 1
	segments []datafile.Row // by number, from 1
}

// reads logs so many reads of a few files, and has the segments made that are whole then.
func reads(ctx context.Context, s store.Store, lines int) error {
	const readers = 64 // they share the waits for the disk
	errs := make([]error, readers)
	var group sync.WaitGroup
	for i := range readers {
		group.Go(func() {
			for n := i; n < lines && errs[i] == nil; n += readers {
				errs[i] = s.LogAccess(ctx, store.Access{
					At: county.Noon, Gminas: []string{county.Gmina}, Actor: store.Actor{Person: "01jd0000000000000000person", Role: "ASSISTANT"}, Purpose: fmt.Sprint("powód ", n),
					Method: "/asysta.test/Read", Refs: []string{fmt.Sprintf("familyFiles/01jd00000000000000000cut%02d", n%4)},
				})
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	_, err := s.System().IndexAccess(ctx)
	return err
}

// findLog finds the access log among the rows. There must be whole segments with digests, and lines behind the last one.
func (w *world) findLog() error {
	for _, row := range w.rows {
		switch row.Collection {
		case accessLines:
			w.log.lines = append(w.log.lines, row)
		case accessSegments:
			w.log.segments = append(w.log.segments, row)
		}
	}
	if len(w.log.segments) != wholeLines/segmentLines || len(w.log.lines) <= wholeLines || w.log.digest(1) == nil {
		return fmt.Errorf("%d lines of the access log in %d segments", len(w.log.lines), len(w.log.segments))
	}
	return nil
}

// digest gives what a segment says of its lines; nil for the one before the first.
func (l accessLog) digest(segment int) []byte {
	if segment == 0 {
		return nil
	}
	_, digest, _ := l.segments[segment-1].Body.Lookup("digest").BinaryOK()
	return digest
}

// ofSegment tells whether a row is a line that is in a segment.
func ofSegment(row datafile.Row) bool {
	n, _ := store.SequenceNumber(row.ID)
	return row.Collection == accessLines && n <= wholeLines
}

func bothOfSegments(a, b datafile.Row) bool { return ofSegment(a) && ofSegment(b) }

// ofAccessLog are the trials on the access log that audit verify must notice by itself.
var ofAccessLog = []trial{
	rewrite("value in an access line", ofSegment, edit),
	rewrite("shape of an access line", ofSegment, reshape),
	rewrite("bit in an access line", ofSegment, flip),
	rewrite("value in a segment or posting", in(accessSegments, accessPostings), edit),
	rewrite("shape of a segment or posting", in(accessSegments, accessPostings), reshape),
	rewrite("bit in a segment or posting", in(accessSegments, accessPostings), flip),
	{"access line removed", removed(ofSegment)},
	{"access line removed, those behind it moved up", movedUp},
	{"access lines swapped", swapped(ofSegment, bothOfSegments)},
	{"posting removed", removed(in(accessPostings))},
	{"access line rewritten with the digest of its segment", redigestedOne},
}

// ofAccessLogWitnessed are those that the anchors alone notice.
var ofAccessLogWitnessed = []trial{
	{"end of the access log cut off with all that came of it", cutLog},
	{"access line rewritten with the digests after it", redigested},
}

// movedUp takes a line out and puts each behind it into the place before its own.
func movedUp(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	at := r.IntN(wholeLines)
	gone := w.log.lines[at]
	for i, row := range w.log.lines[at:] {
		if at+i+1 == len(w.log.lines) {
			return gone.ID, f.Remove(ctx, row.RID, true)
		}
		body, err := with(w.log.lines[at+i+1].Body, map[string]any{"_id": row.ID})
		if err != nil {
			return "", err
		}
		if err := f.SetBody(ctx, row.RID, body); err != nil {
			return "", err
		}
	}
	return "", nil
}

// cutLog takes the access log away behind a line, with the segments that are not whole any more and their postings.
func cutLog(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	keep := 1 + r.IntN(len(w.log.lines)-1)
	last := w.log.lines[keep-1]
	if err := f.Exec(ctx, `DELETE FROM docs WHERE cid = ? AND id > ?`, last.CID, last.ID); err != nil {
		return "", err
	}
	for _, row := range w.rows {
		of, _ := store.SequenceNumber(row.ID)
		if in(accessSegments, accessPostings)(row) && of > int64(keep/segmentLines) {
			if err := f.Remove(ctx, row.RID, true); err != nil {
				return "", err
			}
		}
	}
	return "behind " + last.ID, nil
}

// redigestedOne rewrites why a line was read and works out the digest of its segment anew, but not that of the next one.
func redigestedOne(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	return w.redigest(ctx, f, r.IntN(segmentLines), 1)
}

// redigested rewrites why a line was read and works out the digest of its segment and every one after it anew.
func redigested(ctx context.Context, r *rand.Rand, w *world, f *datafile.File) (string, error) {
	return w.redigest(ctx, f, r.IntN(len(w.log.lines)), len(w.log.segments))
}

// redigest rewrites a line and works out the digests up to a segment anew.
func (w *world) redigest(ctx context.Context, f *datafile.File, at, last int) (string, error) {
	line := w.log.lines[at]
	body, err := with(line.Body, map[string]any{"method": "/asysta.test/Other"})
	if err != nil {
		return "", err
	}
	before := w.log.digest(min(at/segmentLines, last))
	for number := at/segmentLines + 1; number <= last; number++ {
		h := sha256.New()
		part := func(b []byte) { h.Write(append(binary.BigEndian.AppendUint64(nil, uint64(len(b))), b...)) }
		part(before)
		for _, row := range w.log.lines[(number-1)*segmentLines : number*segmentLines] {
			if row.RID == line.RID {
				row.Body = body
			}
			part(row.Body)
		}
		before = h.Sum(nil)
		segment := w.log.segments[number-1]
		next, err := with(segment.Body, map[string]any{"digest": bson.Binary{Data: before}})
		if err != nil {
			return "", err
		}
		if err := f.SetBody(ctx, segment.RID, next); err != nil {
			return "", err
		}
	}
	return line.ID, f.SetBody(ctx, line.RID, body)
}
