package storetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// segment is at least as many lines as an engine with transactions gathers before it indexes them.
const segment = 4096

// logMany logs lines, many at once, of reads of a file; each third one names another one too.
func (b *bench) logMany(t *testing.T, st store.Store, lines int, of, another store.Ref) {
	t.Helper()
	const callers = 64
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for n := caller; n < lines; n += callers {
				a := store.Access{At: clock(), Actor: actor(), Purpose: fmt.Sprint(n), Method: "/x", Refs: []string{of.String()}}
				if n%3 == 0 {
					a.Refs = append(a.Refs, another.String())
				}
				if err := st.LogAccess(t.Context(), a); err != nil {
					t.Errorf("log: %v", err)
				}
			}
		})
	}
	group.Wait()
}

// many is a number of lines of a segment and some more, or a few where there are no segments.
func (b *bench) many() int {
	if b.factory.Whole {
		return segment + 600
	}
	return 70
}

// wantLines pages through a log and checks that every line is there, once and in order.
func wantLines(t *testing.T, s store.Scope, ref store.Ref, want int, meanwhile func()) {
	t.Helper()
	seen := map[string]bool{}
	var above store.Access
	for token := ""; ; {
		lines, next, err := s.AccessLog(t.Context(), ref, 500, token)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range lines {
			if above.ID != "" && !above.Newer(a) {
				t.Fatalf("line %s stands above %s", above.ID, a.ID)
			}
			if !slices.Contains(a.Refs, ref.String()) || seen[a.ID] {
				t.Fatalf("line %+v, which is of another file or was there before", a)
			}
			above, seen[a.ID] = a, true
		}
		if token = next; token == "" {
			break
		}
		meanwhile()
	}
	if len(seen) != want {
		t.Errorf("%d lines of %s, want %d", len(seen), ref, want)
	}
}

func index(t *testing.T, st store.Store) int {
	t.Helper()
	n, err := st.System().IndexAccess(t.Context())
	if err != nil {
		t.Errorf("index: %v", err)
	}
	return n
}

// accessSegments asks who read a file while processes race to finish the segments of its log.
func accessSegments(t *testing.T, b *bench) {
	s, other, lines := b.store.For(gminaA), b.another(t), b.many()
	of, another := create(t, s, fileRef(), cover{}).Ref(), create(t, s, fileRef(), cover{}).Ref()
	b.logMany(t, b.store, lines, of, another)
	wantLines(t, other.For(gminaA), of, lines, func() {
		var group sync.WaitGroup
		group.Go(func() { index(t, b.store) })
		group.Go(func() { index(t, other) })
		group.Wait()
	})
	wantLines(t, s, of, lines, func() {})
	wantLines(t, s, another, (lines+2)/3, func() {})
	if n := index(t, b.store); n != 0 {
		t.Errorf("%d segments are left, though nothing was written", n)
	}
	wantClean(t, b.store)
}

// crashWhileIndexing cuts off the postings of a segment at each of their steps.
func crashWhileIndexing(t *testing.T, b *bench) {
	s, lines := b.store.For(gminaA), b.many()
	of, another := create(t, s, fileRef(), cover{}).Ref(), create(t, s, fileRef(), cover{}).Ref()
	b.onPoint(failAt(store.PointPosting))
	b.logMany(t, b.store, lines, of, another)
	for _, point := range []store.FailPoint{store.PointPosting, store.PointSegment} {
		b.onPoint(failAt(point))
		if _, err := b.store.System().IndexAccess(t.Context()); b.factory.Whole {
			wantErr(t, "index", err, errCrash)
		}
		wantLines(t, s, another, (lines+2)/3, func() {})
		wantClean(t, b.store)
	}
	b.onPoint(nil)
	wantLines(t, s, of, lines, func() { index(t, b.another(t)) })
	wantLines(t, s, another, (lines+2)/3, func() {})
	wantClean(t, b.store)
}

// accessBefore logs lines as an engine without transactions keeps them, and then as this one does: those of before are below, and found over the border of a page.
func accessBefore(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	of, another := create(t, s, fileRef(), cover{}).Ref(), create(t, s, fileRef(), cover{}).Ref()
	before := store.Open(b.engine)
	b.logMany(t, before, 501, of, another)
	wantLines(t, s, of, 501, func() {})
	b.logMany(t, b.store, 502, of, another)
	wantLines(t, s, of, 1003, func() { index(t, b.store) })
	wantLines(t, s, another, 167+168, func() {})
	wantClean(t, b.store)
}

// verifyAccess damages the access log behind the store's back. An engine without transactions has nothing to hold lines against.
func verifyAccess(t *testing.T, b *bench) {
	if !b.factory.Whole {
		b.logMany(t, b.store, 3, fileRef(), fileRef())
		wantClean(t, b.store)
		return
	}
	s := b.store.For(gminaA)
	of, another := create(t, s, fileRef(), cover{}).Ref(), create(t, s, fileRef(), cover{}).Ref()
	b.logMany(t, b.store, segment+10, of, another)
	index(t, b.store)
	wantClean(t, b.store)
	line, posting := func(n int64) string { return store.SequenceKey("access", n) }, store.SequenceKey(another.String(), 1)
	for _, c := range []struct {
		name, collection, id string
		edit                 func(bson.D) bson.D // nil: removed
		want                 string
	}{
		{"a line of a segment removed", "accessLines", line(7), nil, line(7) + " is missing"},
		{"a line of a segment that names another", "accessLines", line(7), func(d bson.D) bson.D { return set(d, "refs", bson.A{"familyFiles/x"}) }, "posting"},
		{"a line of a segment that cannot be read", "accessLines", line(7), func(d bson.D) bson.D { return set(d, "refs", "x") }, "cannot be read"},
		{"a line of the tail removed", "accessLines", line(segment + 3), nil, line(segment+3) + " is missing"},
		{"a line of the tail that cannot be read", "accessLines", line(segment + 3), func(d bson.D) bson.D { return set(d, "refs", "x") }, "cannot be read"},
		{"a posting removed", "accessPostings", posting, nil, posting},
		{"a posting that leaves a line out", "accessPostings", posting, func(d bson.D) bson.D { return set(d, "at", []byte{0, 0}) }, posting},
		{"a posting of another segment", "accessPostings", posting, func(d bson.D) bson.D { return set(d, "from", int64(2)) }, posting},
		{"a segment that ends elsewhere", "accessSegments", line(1), func(d bson.D) bson.D { return set(d, "to", int64(segment-1)) }, "posting"},
		{"a segment that begins elsewhere", "accessSegments", line(1), func(d bson.D) bson.D { return set(d, "from", int64(2)) }, "follow"},
		{"a segment that cannot be read", "accessSegments", line(1), func(d bson.D) bson.D { return set(d, "from", "x") }, "cannot be read"},
	} {
		raw, err := b.engine.Get(t.Context(), c.collection, c.id)
		if err != nil {
			t.Fatal(err)
		}
		var doc bson.D
		if err := bson.Unmarshal(raw, &doc); err != nil {
			t.Fatal(err)
		}
		if b.remove(t, c.collection, c.id); c.edit != nil {
			b.put(t, c.collection, c.id, c.edit(doc))
		}
		report, err := b.store.System().Verify(t.Context())
		if err != nil || !strings.Contains(strings.Join(report.Faults, "\n"), c.want) {
			t.Errorf("%s: faults %q, %v; want one with %q", c.name, report.Faults, err, c.want)
		}
		b.remove(t, c.collection, c.id)
		b.put(t, c.collection, c.id, doc)
	}
	stray := store.SequenceKey(fileRef().String(), 1)
	b.put(t, "accessPostings", stray, bson.D{{Key: "from", Value: int64(1)}, {Key: "at", Value: []byte{0, 0}}})
	if report, err := b.store.System().Verify(t.Context()); err != nil || len(report.Faults) != 1 {
		t.Errorf("a stray posting: faults %q, %v", report.Faults, err)
	}
	b.remove(t, "accessPostings", stray)
	wantClean(t, b.store)
}
