package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"asysta.example/internal/store"
)

var feedCases = []testCase{
	{"feed: contiguous, in order per aggregate, resumed", feedOrder},
	{"feed: earlier versions first", feedEarlierFirst},
	{"feed: racing relays", feedRace},
	{"feed: stalled relay", feedStalled},
	{"feed: relay stalled at any of its reads", feedStalledReading},
}

func feedOrder(t *testing.T, b *bench) {
	a, z := b.store.For(gminaA), b.store.For(gminaB)
	one := create(t, a, fileRef(), cover{})
	two := create(t, z, fileRef(), cover{})
	for range 3 {
		one = commit(t, a, one, change(nil))
	}
	two = commit(t, z, two, change(nil))
	if n, err := b.store.System().Relay(t.Context(), 2); err != nil || (n < 2) != b.factory.Whole {
		t.Errorf("relay of two placed %d, %v", n, err)
	}
	first, err := a.Feed(t.Context(), 0, 1)
	if err != nil || len(first) != 1 {
		t.Fatalf("feed: %v %v", first, err)
	}
	drain(t, b.store)
	wantVersions(t, feedOf(t, a), map[store.Ref]int64{one.Ref(): 4})
	wantVersions(t, feedOf(t, z), map[store.Ref]int64{two.Ref(): 2})
	rest, err := a.Feed(t.Context(), first[0].Position, 100)
	if err != nil || len(rest) != 3 || rest[0].Position != 2 {
		t.Errorf("resumed: %+v, %v", rest, err)
	}
	if rest[0].Method != change(nil).Method || rest[0].RecordedAt.IsZero() || rest[0].Feed != gminaA {
		t.Errorf("entry %+v", rest[0])
	}
	if end, err := a.Feed(t.Context(), 4, 100); err != nil || len(end) != 0 {
		t.Errorf("at the end: %v %v", end, err)
	}
	wantClean(t, b.store)
}

// wantVersions checks that a feed has every version of the aggregates, once and in order, and nothing else.
func wantVersions(t *testing.T, feed []store.FeedEntry, want map[store.Ref]int64) {
	t.Helper()
	got := map[store.Ref]int64{}
	for _, e := range feed {
		if got[e.Ref]++; e.Version != got[e.Ref] {
			t.Errorf("feed %s: version %d of %s at position %d, want %d", e.Feed, e.Version, e.Ref, e.Position, got[e.Ref])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("last versions in the feed (-want +got):\n%s", diff)
	}
}

// feedEarlierFirst takes the rows of the first commits away, so that the relay meets the last one alone.
func feedEarlierFirst(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{})
	for range 3 {
		doc = commit(t, s, doc, change(nil))
	}
	for version := range int64(3) {
		b.remove(t, "outbox", store.SequenceKey(doc.Ref().String(), version+1))
	}
	drain(t, b.store)
	wantVersions(t, feedOf(t, s), map[store.Ref]int64{doc.Ref(): 4})
}

func feedRace(t *testing.T, b *bench) {
	const files, rounds, relays = 3, 12, 8
	s := b.store.For(gminaA)
	want := map[store.Ref]int64{}
	var refs []store.Ref
	for range files {
		ref := create(t, s, fileRef(), cover{}).Ref()
		refs, want[ref] = append(refs, ref), rounds+1
	}
	stores := []store.Store{b.store, b.another(t)}
	var writers, group sync.WaitGroup
	var done atomic.Bool
	for i, ref := range refs {
		writers.Go(func() {
			for range rounds {
				if err := increment(t.Context(), stores[i%2].For(gminaA), ref); err != nil {
					t.Errorf("write: %v", err)
				}
			}
		})
	}
	for i := range relays {
		group.Go(func() {
			for !done.Load() {
				if _, err := stores[i%2].System().Relay(t.Context(), 10); err != nil {
					t.Errorf("relay: %v", err)
					return
				}
			}
		})
	}
	writers.Wait()
	done.Store(true)
	group.Wait()
	drain(t, b.store)
	wantVersions(t, feedOf(t, s), want)
	wantClean(t, b.store)
}

// feedStalled lets one relay stand still right before its insert while another does all the work and more is committed, then lets it go on.
func feedStalled(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{})
	var first atomic.Bool
	reached, release := make(chan struct{}), make(chan struct{})
	b.onPoint(func(p store.FailPoint) error {
		if p == store.PointFeed && first.CompareAndSwap(false, true) {
			close(reached)
			<-release
		}
		return nil
	})
	stalled := make(chan error, 1)
	go func() {
		_, err := b.store.System().Relay(t.Context(), 10)
		stalled <- err
	}()
	select {
	case <-reached:
	case err := <-stalled:
		t.Fatalf("the relay came to its end: %v", errors.Join(errors.New("no stall"), err))
	}
	doc = commit(t, s, doc, change(nil))
	other := create(t, s, fileRef(), cover{})
	drain(t, b.store)
	close(release)
	if err := <-stalled; err != nil {
		t.Errorf("stalled relay: %v", err)
	}
	b.onPoint(nil)
	drain(t, b.store)
	wantVersions(t, feedOf(t, s), map[store.Ref]int64{doc.Ref(): 2, other.Ref(): 1})
	wantClean(t, b.store)
}

// stalling is an engine that stands still after the answer to its nth Find in the feed, until it is released.
type stalling struct {
	store.Engine
	nth              int64
	finds            atomic.Int64
	reached, release chan struct{}
}

func (e *stalling) Find(ctx context.Context, q store.EngineQuery) ([]store.EngineHit, error) {
	hits, err := e.Engine.Find(ctx, q)
	if q.Collection == "feed" && e.finds.Add(1) == e.nth {
		close(e.reached)
		<-e.release
	}
	return hits, err
}

// feedStalledReading holds a relay after each of its reads in turn, while another places the same commit and more are made. Whatever it has read by then may be
// outdated when it goes on.
func feedStalledReading(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	want := map[store.Ref]int64{}
	for nth := range int64(3) {
		doc := create(t, s, fileRef(), cover{})
		slow := &stalling{Engine: b.engine, nth: nth + 1, reached: make(chan struct{}), release: make(chan struct{})}
		stalled := make(chan error, 1)
		go func() {
			_, err := store.Open(slow).System().Relay(t.Context(), 10)
			stalled <- err
		}()
		select {
		case <-slow.reached:
		case err := <-stalled:
			t.Fatalf("the relay made fewer than %d reads: %v", nth+1, err)
		}
		drain(t, b.store)
		commit(t, s, doc, change(nil))
		drain(t, b.store)
		close(slow.release)
		if err := <-stalled; err != nil {
			t.Errorf("stalled relay: %v", err)
		}
		want[doc.Ref()] = 2
	}
	wantVersions(t, feedOf(t, s), want)
	wantClean(t, b.store)
}
