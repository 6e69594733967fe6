package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

// chained is an access log of three segments of four lines and a tail of two, all of which name the same file: what becomes of a line leaves the postings as they are.
type chained struct {
	t      *testing.T
	engine store.Engine
	store  store.Store
}

const (
	logLines    = "accessLines"
	logPostings = "accessPostings"
	logSegments = "accessSegments"
)

func newChained(t *testing.T) *chained {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), sqlite.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	c := &chained{t, engine, store.Open(engine)}
	t.Cleanup(func() { c.must(c.store.Close()) })
	c.must(c.store.System().Migrate(t.Context()))
	store.SmallSegments(c.store, 4, 2)
	c.log(14)
	c.index(3)
	return c
}

func (c *chained) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *chained) log(lines int) {
	c.t.Helper()
	for n := range lines {
		c.must(c.store.LogAccess(c.t.Context(), store.Access{At: began, Actor: reader, Method: "/m", Purpose: fmt.Sprint("why-", n), Refs: []string{"familyFiles/a"}}))
	}
}

// index makes the segments that are whole, and wants to find so many in the log then.
func (c *chained) index(want int) {
	c.t.Helper()
	_, err := c.store.System().IndexAccess(c.t.Context()) // some may have been made by the store itself meanwhile
	c.must(err)
	if _, err := c.engine.Get(c.t.Context(), logSegments, numbered(want)); err != nil {
		c.t.Fatalf("segment %d: %v", want, err)
	}
}

func numbered(n int) string { return store.SequenceKey("access", int64(n)) }

func (c *chained) raw(collection string, n int) bson.Raw {
	c.t.Helper()
	raw, err := c.engine.Get(c.t.Context(), collection, numbered(n))
	c.must(err)
	return raw
}

// put puts a document in the place of a line or segment, with the number of its new place.
func (c *chained) put(collection string, n int, raw bson.Raw) {
	c.t.Helper()
	var d bson.D
	c.must(bson.Unmarshal(raw, &d))
	d[0].Value = numbered(n)
	raw, err := bson.Marshal(d)
	c.must(err)
	c.must(c.engine.Write(c.t.Context(), []store.Step{ // at once: the store may be looking for segments that are missing
		{Op: store.Delete, Collection: collection, ID: numbered(n)}, {Op: store.Insert, Collection: collection, ID: numbered(n), Body: raw, Strict: true},
	}))
}

func (c *chained) remove(collection, id string) {
	c.t.Helper()
	c.must(c.engine.Write(c.t.Context(), []store.Step{{Op: store.Delete, Collection: collection, ID: id}}))
}

// edit changes the purpose of a line and nothing else.
func (c *chained) edit(n int) {
	c.t.Helper()
	c.put(logLines, n, bytes.Replace(c.raw(logLines, n), []byte("why-"), []byte("WHY-"), 1))
}

// undigested takes the digest of a segment away, as a program made it that knew none.
func (c *chained) undigested(n int) {
	c.t.Helper()
	var d bson.D
	c.must(bson.Unmarshal(c.raw(logSegments, n), &d))
	raw, err := bson.Marshal(d[:3])
	c.must(err)
	c.put(logSegments, n, raw)
}

// digested gives a segment the digest of its lines behind another digest.
func (c *chained) digested(n int, before []byte) []byte {
	c.t.Helper()
	h := sha256.New()
	part := func(b []byte) {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		h.Write(b)
	}
	part(before)
	for line := 4*n - 3; line <= 4*n; line++ {
		part(c.raw(logLines, line))
	}
	var d bson.D
	c.must(bson.Unmarshal(c.raw(logSegments, n), &d))
	raw, err := bson.Marshal(append(d[:3], bson.E{Key: "digest", Value: bson.Binary{Data: h.Sum(nil)}}))
	c.must(err)
	c.put(logSegments, n, raw)
	return h.Sum(nil)
}

// cut takes the log away behind the end of a segment, with all that came of it.
func (c *chained) cut(segments int) {
	c.t.Helper()
	for n := segments*4 + 1; n <= 14; n++ {
		c.remove(logLines, numbered(n))
	}
	for n := segments + 1; n <= 3; n++ {
		c.remove(logSegments, numbered(n))
		c.remove(logPostings, store.SequenceKey("familyFiles/a", int64(n)))
	}
}

func (c *chained) verify(want ...string) {
	c.t.Helper()
	report, err := c.store.System().Verify(c.t.Context())
	c.must(err)
	if len(report.Faults) != len(want) {
		c.t.Fatalf("faults %q, want %q", report.Faults, want)
	}
	for i := range want {
		if !strings.Contains(report.Faults[i], want[i]) {
			c.t.Errorf("fault %q, want %q", report.Faults[i], want[i])
		}
	}
}

// TestSegmentsHoldTheirLines alters the access log so that numbers and postings fit: what a verification finds, and what it leaves to the anchors.
func TestSegmentsHoldTheirLines(t *testing.T) {
	others := func(n int) string {
		return fmt.Sprintf("access log: segment %d: its lines or the segment before it are not those that its digest was made of", n)
	}
	swap := func(a, b int) func(*chained) {
		return func(c *chained) {
			first, second := c.raw(logLines, a), c.raw(logLines, b)
			c.put(logLines, a, second)
			c.put(logLines, b, first)
		}
	}
	for name, tt := range map[string]struct {
		do   func(c *chained)
		want []string
	}{
		"nothing":                               {func(*chained) {}, nil},
		"a line edited":                         {func(c *chained) { c.edit(6) }, []string{others(2)}},
		"a line of the tail edited":             {func(c *chained) { c.edit(13) }, nil},
		"two lines of a segment swapped":        {swap(5, 8), []string{others(2)}},
		"two lines of different segments":       {swap(2, 11), []string{others(1), others(3)}},
		"a line removed, those after it closed": {func(c *chained) { c.closeGap(6) }, []string{others(2), others(3)}},
		"a line edited, its segment's digest made anew": {func(c *chained) {
			c.edit(6)
			_, before := c.raw(logSegments, 1).Lookup("digest").Binary()
			c.digested(2, before)
		}, []string{others(3)}},
		"a line edited, all digests made anew": {func(c *chained) { c.rewrite(2) }, nil},
		"a segment in another's place": {func(c *chained) {
			_, digest := c.raw(logSegments, 3).Lookup("digest").Binary()
			c.put(logSegments, 2, bytes.Replace(c.raw(logSegments, 2), c.raw(logSegments, 2).Lookup("digest").Value[5:], digest, 1))
		}, []string{others(2), others(3)}},
		"a digest taken away": {func(c *chained) { c.undigested(2) }, []string{"segment 2 has no digest, the one before it has", others(3)}},
		"the first digests taken away": {func(c *chained) {
			c.undigested(1)
			c.undigested(2)
		}, []string{others(3)}},
		"a digest cut short": {func(c *chained) {
			var d bson.D
			c.must(bson.Unmarshal(c.raw(logSegments, 3), &d))
			d[3].Value = bson.Binary{Data: []byte{1}}
			raw, err := bson.Marshal(d)
			c.must(err)
			c.put(logSegments, 3, raw)
		}, []string{"access@000000000003 cannot be read"}},
		"a field put into a segment": {func(c *chained) {
			var d bson.D
			c.must(bson.Unmarshal(c.raw(logSegments, 3), &d))
			raw, err := bson.Marshal(append(d, bson.E{Key: "x", Value: 1}))
			c.must(err)
			c.put(logSegments, 3, raw)
		}, []string{"access@000000000003 cannot be read"}},
		"the last segment taken away alone": {func(c *chained) { c.remove(logSegments, numbered(3)) }, nil},
		"the end cut off with all of it":    {func(c *chained) { c.cut(2) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := newChained(t)
			tt.do(c)
			c.verify(tt.want...)
		})
	}
}

// closeGap takes a line away and moves those after it.
func (c *chained) closeGap(n int) {
	c.t.Helper()
	for ; n < 14; n++ {
		c.put(logLines, n, c.raw(logLines, n+1))
	}
	c.remove(logLines, numbered(14))
}

// rewrite edits a line of a segment and works out its digest and all after it anew.
func (c *chained) rewrite(segment int) {
	c.t.Helper()
	c.edit(4*segment - 1)
	var before []byte
	if segment > 1 {
		_, before = c.raw(logSegments, segment-1).Lookup("digest").Binary()
	}
	for ; segment <= 3; segment++ {
		before = c.digested(segment, before)
	}
}

// TestASegmentIsMadeAgainAsItWas: a segment follows from its lines alone, its digest too, whoever makes it.
func TestASegmentIsMadeAgainAsItWas(t *testing.T) {
	c := newChained(t)
	was := c.raw(logSegments, 3)
	c.remove(logSegments, numbered(3))
	c.index(3)
	if again := c.raw(logSegments, 3); !bytes.Equal(was, again) {
		t.Errorf("%v, then %v", was, again)
	}
	c.verify()
}

// TestDigestsBeginInAnOldDatabase: segments from before there were digests stay valid, and the first one made since begins the chain.
func TestDigestsBeginInAnOldDatabase(t *testing.T) {
	c := newChained(t)
	for n := 1; n <= 3; n++ {
		c.undigested(n)
	}
	c.verify()
	c.log(6)
	c.index(5)
	c.verify()
	was := c.raw(logSegments, 4)
	if c.digested(4, nil); !bytes.Equal(was, c.raw(logSegments, 4)) {
		t.Error("the first digest of all is not of its own lines alone")
	}
	c.edit(2) // as before: nothing holds it
	c.verify()
	c.edit(14)
	c.verify("segment 4")
}

// TestAccessEnd holds what anchors have of an access log against the log as it is later.
func TestAccessEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(c *chained)
		same bool
		line int64 // where the log ends then
	}{
		"untouched":                     {func(*chained) {}, true, 14},
		"gone on":                       {func(c *chained) { c.log(6); c.index(5) }, true, 14},
		"a line of the tail edited":     {func(c *chained) { c.edit(13) }, false, 14},
		"edited, all digests made anew": {func(c *chained) { c.rewrite(1) }, false, 14},
		"a line of the tail cut off":    {func(c *chained) { c.remove(logLines, numbered(14)) }, false, 13},
		"two cut off, others in place": {func(c *chained) {
			c.put(logLines, 13, c.raw(logLines, 2))
			c.put(logLines, 14, c.raw(logLines, 3))
		}, false, 14},
		"the last segment cut off":             {func(c *chained) { c.cut(2) }, false, 0},
		"the last segment's digest taken away": {func(c *chained) { c.undigested(3) }, false, 14},
	} {
		t.Run(name, func(t *testing.T) {
			c := newChained(t)
			was, err := c.store.System().AccessEnd(t.Context())
			c.must(err)
			if was.Line != 14 || was.Segment != 3 || len(was.Head) != sha256.Size {
				t.Fatalf("%+v", was)
			}
			tt.do(c)
			is, err := c.store.System().AccessEndAt(t.Context(), was.Line, was.Segment)
			c.must(err)
			if same := is.Line == was.Line && is.Segment == was.Segment && bytes.Equal(is.Head, was.Head); same != tt.same || is.Line != tt.line {
				t.Errorf("%+v, then %+v", was, is)
			}
		})
	}
}

// TestNoAccessEnd: a log without a line has none, nor has one whose lines are not numbered.
func TestNoAccessEnd(t *testing.T) {
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), sqlite.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	s := store.Open(engine)
	defer s.Close()
	for _, step := range []func() error{
		func() error { return nil }, // not migrated
		func() error { return s.System().Migrate(t.Context()) },
		func() error {
			return store.Open(stepByStep{engine}).LogAccess(t.Context(), store.Access{At: began, Actor: reader, Method: "/m"})
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
		for _, of := range []store.Store{s, store.Open(stepByStep{engine})} {
			if end, err := of.System().AccessEnd(t.Context()); err != nil || end.Line != 0 || end.Head != nil {
				t.Errorf("%+v, %v", end, err)
			}
		}
	}
}
