package storetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

var commitCases = []testCase{
	{"create, load, commit", createLoadCommit},
	{"absent is not found", absent},
	{"conflict on a stale base", conflict},
	{"create twice conflicts", createTwice},
	{"concurrent writers lose nothing", concurrentWriters},
	{"request replayed", replay},
	{"request reused", reuse},
	{"requests are remembered in a bounded list", rememberedBound},
	{"commit without actor, instant or method", withoutActor},
	{"recorded time never goes back", recordedTime},
	{"as known at", asKnownAt},
	{"history", history},
}

func createLoadCommit(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	ref := fileRef()
	first := create(t, s, ref, cover{State: "OPEN", OpenedOn: day(1)})
	if first.Version != 1 || first.Gmina != gminaA || first.County != county || first.Schema != store.Schema {
		t.Errorf("first version: %+v", first)
	}
	loaded := load(t, s, ref)
	if diff := cmp.Diff(first, loaded, compareDocuments); diff != "" {
		t.Errorf("loaded differs from committed (-committed +loaded):\n%s", diff)
	}
	second := commit(t, s, loaded, change(cover{State: "CLOSED", OpenedOn: day(1)}))
	if loaded.Version != 1 || coverOf(t, loaded).State != "OPEN" {
		t.Error("the base was altered")
	}
	got := load(t, b.another(t).For(gminaA), ref)
	if diff := cmp.Diff(second, got, compareDocuments); diff != "" {
		t.Errorf("another process sees (-committed +loaded):\n%s", diff)
	}
	if got.Version != 2 || coverOf(t, got).State != "CLOSED" || got.Created.Equal(got.Updated) || bytes.Equal(got.Hash, first.Hash) {
		t.Errorf("second version: %+v", got)
	}
	wantClean(t, b.store)
}

func absent(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	_, err := s.Load(t.Context(), fileRef())
	wantErr(t, "load", err, store.ErrNotFound)
	_, err = s.Load(t.Context(), store.Ref{Kind: "nonsense", ID: "1"})
	wantErr(t, "load of an unknown kind", err, store.ErrNotFound)
	_, err = s.AsKnownAt(t.Context(), fileRef(), clock())
	wantErr(t, "as known at", err, store.ErrNotFound)
	_, err = s.History(t.Context(), fileRef(), 0, 10)
	wantErr(t, "history", err, store.ErrNotFound)
	_, err = s.Record(t.Context(), store.Visits, newID(), newID())
	wantErr(t, "record", err, store.ErrNotFound)
	_, _, err = s.AccessLog(t.Context(), fileRef(), 10, "")
	wantErr(t, "access log", err, store.ErrNotFound)
}

func conflict(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	base := create(t, s, fileRef(), cover{State: "OPEN"})
	commit(t, s, base, change(cover{State: "A"}))
	_, _, err := s.Commit(t.Context(), base, visit(cover{State: "B"}, "lost", day(2)))
	wantErr(t, "commit on a stale base", err, store.ErrConflict)
	doc := load(t, s, base.Ref())
	if doc.Version != 2 || coverOf(t, doc).State != "A" {
		t.Errorf("after the conflict: version %d, state %q", doc.Version, coverOf(t, doc).State)
	}
	_, err = s.Record(t.Context(), store.Visits, base.ID, "lost")
	wantErr(t, "record of the refused commit", err, store.ErrNotFound)
}

func createTwice(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	ref := fileRef()
	create(t, s, ref, cover{State: "OPEN"})
	_, _, err := s.Commit(t.Context(), s.New(ref), change(cover{State: "OTHER"}))
	wantErr(t, "second create", err, store.ErrConflict)
	other := b.store.For(gminaB)
	_, _, err = other.Commit(t.Context(), other.New(ref), change(cover{State: "OTHER"}))
	wantErr(t, "create over another gmina's", err, store.ErrConflict)
}

func concurrentWriters(t *testing.T, b *bench) {
	const writers, rounds = 8, 12
	s := b.store.For(gminaA)
	ref := create(t, s, fileRef(), cover{State: "OPEN"}).Ref()
	stores := []store.Store{b.store, b.another(t)}
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for range rounds {
				if err := increment(t.Context(), stores[w%2].For(gminaA), ref); err != nil {
					t.Errorf("writer %d: %v", w, err)
					return
				}
			}
		})
	}
	group.Wait()
	doc := load(t, s, ref)
	if want := int64(writers*rounds + 1); doc.Version != want || coverOf(t, doc).Count != want-1 {
		t.Errorf("version %d, count %d, want %d and %d", doc.Version, coverOf(t, doc).Count, want, want-1)
	}
	wantClean(t, b.store)
}

// increment adds one to the cover's count and retries on conflict.
func increment(ctx context.Context, s store.Scope, ref store.Ref) error {
	for {
		doc, err := s.Load(ctx, ref)
		if err != nil {
			return err
		}
		var c cover
		if err := bson.Unmarshal(doc.Cover, &c); err != nil {
			return err
		}
		c.Count++
		_, _, err = s.Commit(ctx, doc, visit(c, newID(), day(1)))
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

func replay(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	base := create(t, s, fileRef(), cover{State: "OPEN"})
	c := visit(cover{State: "A"}, newID(), day(1))
	c.Result = "visit-7"
	done := commit(t, s, base, c)
	after := commit(t, s, done, change(cover{State: "B"}))
	for name, again := range map[string]*store.Document{"stale base": base, "own result": done, "current base": load(t, s, base.Ref())} {
		doc, replayed, err := s.Commit(t.Context(), again, c)
		if err != nil || !replayed {
			t.Errorf("%s: replayed %v, error %v", name, replayed, err)
			continue
		}
		if r, ok := doc.Request(c.RequestID); !ok || r.Result != "visit-7" || r.Version != 2 {
			t.Errorf("%s: remembered %+v", name, r)
		}
	}
	if doc := load(t, s, base.Ref()); doc.Version != after.Version {
		t.Errorf("version %d after replays, want %d", doc.Version, after.Version)
	}
	ref := fileRef()
	first := change(cover{State: "OPEN"})
	made := commit(t, s, s.New(ref), first)
	doc, replayed, err := s.Commit(t.Context(), s.New(ref), first)
	if err != nil || !replayed || doc.Version != made.Version {
		t.Errorf("create again: replayed %v, error %v", replayed, err)
	}
}

func reuse(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	base := create(t, s, fileRef(), cover{State: "OPEN"})
	c := change(cover{State: "A"})
	done := commit(t, s, base, c)
	body, method, person := c, c, c
	body.BodyHash = []byte{9}
	method.Method = "/other"
	person.Actor.Person = "person-2"
	for name, again := range map[string]store.Change{"body": body, "method": method, "person": person} {
		for _, on := range []*store.Document{base, done} {
			_, _, err := s.Commit(t.Context(), on, again)
			wantErr(t, "other "+name, err, store.ErrRequestReused)
		}
	}
}

func rememberedBound(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{State: "OPEN"})
	first := slices.Collect(doc.Requests.All())[0]
	for range store.RememberedRequests {
		doc = commit(t, s, doc, change(nil))
	}
	if _, ok := doc.Request(first.ID); ok || len(slices.Collect(doc.Requests.All())) != store.RememberedRequests {
		t.Errorf("%d bytes remembered, the first one still: %v", len(doc.Requests), ok)
	}
	system := change(nil)
	system.RequestID = ""
	if next := commit(t, s, doc, system); !bytes.Equal(next.Requests, doc.Requests) {
		t.Errorf("a change without request id is remembered")
	}
}

func withoutActor(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	for name, spoil := range map[string]func(*store.Change){
		"actor":   func(c *store.Change) { c.Actor = store.Actor{Role: "HEAD"} },
		"instant": func(c *store.Change) { c.RecordedAt = time.Time{} },
		"method":  func(c *store.Change) { c.Method = "" },
	} {
		ref := fileRef()
		c := change(cover{})
		spoil(&c)
		_, _, err := s.Commit(t.Context(), s.New(ref), c)
		wantErr(t, "without "+name, err, store.ErrActor)
		_, err = s.Load(t.Context(), ref)
		wantErr(t, "load after that", err, store.ErrNotFound)
	}
	wantErr(t, "log without actor", b.store.LogAccess(t.Context(), store.Access{Method: "/x", At: clock()}), store.ErrActor)
}

func recordedTime(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{})
	late := change(nil)
	late.RecordedAt = doc.Updated.Add(-time.Hour)
	next := commit(t, s, doc, late)
	if next.Updated.Before(doc.Updated) {
		t.Errorf("recorded %v after %v", next.Updated, doc.Updated)
	}
	precise := change(nil)
	precise.RecordedAt = clock().Add(123456789)
	next = commit(t, s, next, precise)
	if got := load(t, s, doc.Ref()).Updated; !got.Equal(next.Updated) || got.Nanosecond()%1e6 != 0 {
		t.Errorf("stored %v, committed %v", got, next.Updated)
	}
}

func asKnownAt(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{State: "1"})
	created := doc.Updated
	for _, state := range []string{"2", "3"} {
		doc = commit(t, s, doc, change(cover{State: state}))
	}
	middle := doc.Updated.Add(-time.Millisecond)
	for _, c := range []struct {
		name string
		at   time.Time
		want string
	}{{"at its creation", created, "1"}, {"before the last", middle, "2"}, {"at the last", doc.Updated, "3"}, {"later", doc.Updated.Add(time.Hour), "3"}} {
		got, err := s.AsKnownAt(t.Context(), doc.Ref(), c.at)
		if err != nil || coverOf(t, got).State != c.want {
			t.Errorf("%s: %v, want state %s", c.name, err, c.want)
		}
	}
	_, err := s.AsKnownAt(t.Context(), doc.Ref(), created.Add(-time.Millisecond))
	wantErr(t, "before its creation", err, store.ErrNotFound)
}

func history(t *testing.T, b *bench) {
	s := b.store.For(gminaA)
	doc := create(t, s, fileRef(), cover{State: "1"})
	for range 4 {
		doc = commit(t, s, doc, change(nil))
	}
	commits, err := s.History(t.Context(), doc.Ref(), 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	var versions []int64
	for _, c := range commits {
		versions = append(versions, c.Version)
		if c.Actor != actor() || c.Purpose != "case" || c.Method == "" || c.RequestID == "" {
			t.Errorf("commit %d: %+v", c.Version, c)
		}
	}
	if diff := cmp.Diff([]int64{2, 3, 4}, versions); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}
