package storetest

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"asysta.example/internal/store"
)

var crashCases = []testCase{
	{"every fail point is passed", everyPointPassed},
	{"crash in a commit, then a reader", crashThenReader},
	{"crash in a commit, then a sweep", crashThenSweep},
	{"crash in a commit, then a retry", crashThenRetry},
	{"crash in a commit, then one while mending", crashWhileMending},
	{"crash in a relay", crashInRelay},
	{"crash in the access log", crashInAccess},
	{"crash while making the token key", crashInMeta},
	{"sweep finds a lost outbox row", sweepOutbox},
	{"sweep mends every aggregate once", sweepMany},
	{"sweep goes on from its mark", sweepMarked},
}

// everyPointPassed does everything that writes and holds the points that came by against the list.
func everyPointPassed(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	commit(t, s, s.New(fileRef()), visit(cover{}, newID(), day(1)))
	doc := create(t, s, fileRef(), cover{})
	drain(t, b.store)
	line := store.Access{At: clock(), Actor: actor(), Method: "/x", Refs: []string{doc.Ref().String()}}
	if err := b.store.LogAccess(t.Context(), line); err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_opened", Limit: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.System().Sweep(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if b.factory.Whole {
		b.logMany(t, b.store, segment, doc.Ref(), doc.Ref())
		index(t, b.store)
	}
	for _, p := range store.FailPoints {
		relayed := p == store.PointOutbox || p == store.PointOutboxDone || p == store.PointSweep
		indexed := p == store.PointPosting || p == store.PointSegment
		if b.engine.passed(p) == ((relayed && b.factory.Whole) || (indexed && !b.factory.Whole)) {
			t.Errorf("point %q: a step has it: %v", p, b.engine.passed(p))
		}
	}
}

// crashes runs fn for each point of a commit and for what it cuts off: the first commit of a file or a later one, on the engine as it is and, unless it
// is whole, on one that leaves prefixes behind.
func crashes(t *testing.T, b *bench, fn func(t *testing.T, c *crashed)) {
	points := []store.FailPoint{store.PointJournal, store.PointOutbox, store.PointRecord, store.PointDocument}
	stores := map[string]store.Store{"as it is": b.store, "torn": store.Open(&torn{Engine: b.engine, hook: b.failPoint})}
	if b.factory.Whole {
		points[1] = store.PointFeed
		delete(stores, "torn")
	}
	for how, st := range stores {
		for _, point := range points {
			for _, first := range []bool{true, false} {
				name := how + ", first commit, at " + string(point)
				if !first {
					name = strings.Replace(name, "first", "later", 1)
				}
				t.Run(name, func(t *testing.T) { fn(t, crash(t, b, st, point, first)) })
			}
		}
	}
}

// crashed is a commit that was cut off.
type crashed struct {
	store  store.Store
	ref    store.Ref
	base   *store.Document
	change store.Change
}

func crash(t *testing.T, b *bench, st store.Store, point store.FailPoint, first bool) *crashed {
	t.Helper()
	s := st.For(gminaA)
	base := s.New(fileRef())
	if !first {
		base = create(t, s, base.Ref(), cover{State: "OPEN"})
	}
	c := &crashed{store: st, ref: base.Ref(), base: base, change: visit(cover{State: "NEXT"}, newID(), day(2))}
	b.onPoint(failAt(point))
	defer b.onPoint(nil)
	if _, _, err := s.Commit(t.Context(), base, c.change); !errors.Is(err, errCrash) {
		t.Fatalf("commit: got %v, want the crash", err)
	}
	return c
}

func failAt(point store.FailPoint) func(store.FailPoint) error {
	return func(p store.FailPoint) error {
		if p == point {
			return errCrash
		}
		return nil
	}
}

// wantWhole checks that of the commit that was cut off there is nothing or everything.
func (c *crashed) wantWhole(t *testing.T) (applied bool) {
	t.Helper()
	s := c.store.For(gminaA)
	drain(t, c.store)
	doc, err := s.Load(t.Context(), c.ref)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("load: %v", err)
	}
	applied = doc != nil && doc.Version == c.base.Version+1
	if applied && coverOf(t, doc).State != "NEXT" {
		t.Errorf("state %q", coverOf(t, doc).State)
	}
	want := 0
	if applied {
		want = 1
	}
	if _, err := s.Record(t.Context(), store.Visits, c.ref.ID, c.change.Records[0].ID); (err == nil) != applied {
		t.Errorf("applied %v, its record: %v", applied, err)
	}
	inFeed := 0
	for _, e := range feedOf(t, s) {
		if e.Ref == c.ref && e.Version == c.base.Version+1 {
			inFeed++
		}
	}
	if inFeed != want {
		t.Errorf("%d times in the feed, want %d", inFeed, want)
	}
	hits, err := s.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_state", Equal: []any{"NEXT"}, Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	if listed := slices.Contains(ids(hits.Hits), c.ref.ID); listed != applied {
		t.Errorf("applied %v, listed %v", applied, listed)
	}
	wantClean(t, c.store)
	return applied
}

func crashThenReader(t *testing.T, b *bench) {
	crashes(t, b, func(t *testing.T, c *crashed) {
		doc, err := c.store.For(gminaA).Load(t.Context(), c.ref)
		if err != nil && (c.base.Version > 0 || !errors.Is(err, store.ErrNotFound)) {
			t.Fatalf("load: %v", err)
		}
		if applied := c.wantWhole(t); applied != (doc != nil && doc.Version == c.base.Version+1) {
			t.Errorf("the reader and those after it disagree")
		}
	})
}

func crashThenSweep(t *testing.T, b *bench) {
	crashes(t, b, func(t *testing.T, c *crashed) {
		mended, err := c.store.System().Sweep(t.Context(), start)
		if err != nil {
			t.Fatalf("sweep: %v", err)
		}
		if applied := c.wantWhole(t); mended > 0 && !applied {
			t.Errorf("the sweep mended %d, yet nothing is applied", mended)
		}
		if again, err := c.store.System().Sweep(t.Context(), start); err != nil || again != 0 {
			t.Errorf("second sweep: %d mended, %v", again, err)
		}
	})
}

func crashThenRetry(t *testing.T, b *bench) {
	crashes(t, b, func(t *testing.T, c *crashed) {
		s := c.store.For(gminaA)
		doc, _, err := s.Commit(t.Context(), c.base, c.change)
		if err != nil {
			t.Fatalf("retry: %v", err)
		}
		if doc.Version != c.base.Version+1 {
			t.Errorf("version %d after the retry", doc.Version)
		}
		if !c.wantWhole(t) {
			t.Error("nothing is applied after the retry")
		}
	})
}

// crashWhileMending lets the reader that rolls forward be cut off too, at each point.
func crashWhileMending(t *testing.T, b *bench) {
	crashes(t, b, func(t *testing.T, c *crashed) {
		for _, point := range []store.FailPoint{store.PointOutbox, store.PointRecord, store.PointDocument} {
			b.onPoint(failAt(point))
			_, err := c.store.For(gminaA).Load(t.Context(), c.ref)
			b.onPoint(nil)
			if err != nil && !errors.Is(err, errCrash) && !errors.Is(err, store.ErrNotFound) {
				t.Fatalf("load: %v", err)
			}
		}
		c.wantWhole(t)
	})
}

func crashInRelay(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	for i, point := range []store.FailPoint{store.PointFeed, store.PointOutboxDone} {
		doc := create(t, s, fileRef(), cover{})
		b.onPoint(failAt(point))
		_, err := b.store.System().Relay(t.Context(), 10)
		wantErr(t, "relay", err, errCrash)
		b.onPoint(nil)
		drain(t, b.store)
		feed := feedOf(t, s)
		if len(feed) != i+1 || feed[i].Ref != doc.Ref() {
			t.Errorf("after a crash at %s: feed %v", point, feed)
		}
	}
	wantClean(t, b.store)
}

func crashInAccess(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{})
	line := store.Access{At: clock(), Actor: actor(), Method: "/x", Refs: []string{doc.Ref().String()}}
	b.onPoint(failAt(store.PointAccess))
	wantErr(t, "log", b.store.LogAccess(t.Context(), line), errCrash)
	b.onPoint(nil)
	if lines, _, err := s.AccessLog(t.Context(), doc.Ref(), 10, ""); err != nil || len(lines) != 0 {
		t.Errorf("access log %v, %v", lines, err)
	}
	if err := b.store.LogAccess(t.Context(), line); err != nil {
		t.Errorf("log again: %v", err)
	}
}

func crashInMeta(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	for range 3 {
		create(t, s, fileRef(), cover{})
	}
	b.onPoint(failAt(store.PointMeta))
	q := store.Query{Index: "by_opened", Limit: 1}
	_, err := s.List(t.Context(), store.FamilyFiles, q)
	wantErr(t, "list", err, errCrash)
	b.onPoint(nil)
	page, err := s.List(t.Context(), store.FamilyFiles, q)
	if err != nil || page.Next == "" {
		t.Fatalf("list again: %v", err)
	}
	q.Token = page.Next
	if _, err := b.another(t).For(gminaA).List(t.Context(), store.FamilyFiles, q); err != nil {
		t.Errorf("another process refuses the token: %v", err)
	}
}

func sweepOutbox(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{})
	b.remove(t, "outbox", store.SequenceKey(doc.Ref().String(), 1))
	if n := drain(t, b.store); n != 0 {
		t.Fatalf("%d relayed without a row", n)
	}
	if n, err := b.store.System().Sweep(t.Context(), doc.Updated); err != nil || n != 1 {
		t.Errorf("sweep mended %d, %v", n, err)
	}
	drain(t, b.store)
	if feed := feedOf(t, s); len(feed) != 1 || feed[0].Ref != doc.Ref() {
		t.Errorf("feed %v", feed)
	}
	if n, err := b.store.System().Sweep(t.Context(), start); err != nil || n != 0 {
		t.Errorf("sweep of what is whole mended %d, %v", n, err)
	}
}

// sweepMarked cuts off a commit long before and one right before what a sweep has seen: the second is found by a sweep that goes on, the first by one that is told to
// look there.
func sweepMarked(t *testing.T, b *bench) {
	st := store.Open(&torn{Engine: b.engine, hook: b.failPoint})
	s := st.For(gminaA)
	cut := func(at time.Time) {
		t.Helper()
		b.onPoint(failAt(store.PointDocument))
		defer b.onPoint(nil)
		c := change(cover{State: "OPEN"})
		c.RecordedAt = at
		_, _, err := s.Commit(t.Context(), s.New(fileRef()), c)
		wantErr(t, "commit", err, errCrash)
	}
	sweep := func(since time.Time, want int) {
		t.Helper()
		if n, err := st.System().Sweep(t.Context(), since); err != nil || n != want {
			t.Errorf("sweep mended %d, %v; want %d", n, err, want)
		}
	}
	cut(start.Add(time.Hour))
	sweep(time.Time{}, 1)
	cut(start.Add(time.Minute))
	cut(start.Add(50 * time.Minute))
	sweep(time.Time{}, 1)
	sweep(start, 1)
	sweep(start, 0)
}

// sweepMany cuts off the commits of several files, from one instant on.
func sweepMany(t *testing.T, b *bench) {
	st := store.Open(&torn{Engine: b.engine, hook: b.failPoint})
	s := st.For(gminaA)
	var cut atomic.Int64
	b.onPoint(func(p store.FailPoint) error {
		if p == store.PointDocument {
			cut.Add(1)
			return errCrash
		}
		return nil
	})
	var refs []store.Ref
	for range 5 {
		ref := fileRef()
		_, _, err := s.Commit(t.Context(), s.New(ref), visit(cover{State: "OPEN"}, newID(), day(1)))
		wantErr(t, "commit", err, errCrash)
		refs = append(refs, ref)
	}
	b.onPoint(nil)
	if n, err := st.System().Sweep(t.Context(), start); err != nil || n != 5 || cut.Load() != 5 {
		t.Errorf("sweep mended %d of %d, %v", n, cut.Load(), err)
	}
	page, err := s.List(t.Context(), store.FamilyFiles, store.Query{Index: "by_state", Equal: []any{"OPEN"}, Limit: 10})
	if err != nil || len(page.Hits) != len(refs) {
		t.Errorf("%d listed, %v", len(page.Hits), err)
	}
	wantClean(t, st)
}
