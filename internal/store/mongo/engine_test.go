package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
	"asysta.example/internal/store/mongo"
	"asysta.example/internal/testkit/mongotest"
)

func open(t *testing.T, opts ...store.EngineOption) store.Engine {
	t.Helper()
	uri, database := mongotest.Database(t)
	return openAt(t, uri, database, opts...)
}

func openAt(t *testing.T, uri, database string, opts ...store.EngineOption) store.Engine {
	t.Helper()
	e, err := mongo.Open(t.Context(), uri, database, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func raw(t testing.TB, doc any) bson.Raw {
	t.Helper()
	b, err := bson.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func insertStep(t testing.TB, collection, id string, doc bson.D) store.Step {
	return store.Step{Op: store.Insert, Collection: collection, ID: id, Body: raw(t, append(bson.D{{Key: "_id", Value: id}}, doc...))}
}

func replaceStep(t testing.TB, collection, id string, version int64) store.Step {
	body := bson.D{{Key: "_id", Value: id}, {Key: "version", Value: version}}
	return store.Step{Op: store.Replace, Collection: collection, ID: id, Body: raw(t, body), Version: version}
}

func version(t *testing.T, e store.Engine, collection, id string) int64 {
	t.Helper()
	body, err := e.Get(t.Context(), collection, id)
	if err != nil {
		t.Fatal(err)
	}
	return body.Lookup("version").Int64()
}

func TestInsertDecides(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	commit := func(n int64) []store.Step {
		return []store.Step{
			insertStep(t, "journal", "f@1", bson.D{{Key: "writer", Value: n}}),
			insertStep(t, "visits", fmt.Sprint("v", n), nil),
			replaceStep(t, "familyFiles", "f", n),
		}
	}
	if err := e.Write(ctx, commit(1)); err != nil {
		t.Fatal(err)
	}
	if err := e.Write(ctx, commit(2)); !errors.Is(err, store.ErrExists) {
		t.Fatalf("second insert of a key: %v", err)
	}
	if _, err := e.Get(ctx, "visits", "v2"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a step behind the lost insert was done: %v", err)
	}
	if got := version(t, e, "familyFiles", "f"); got != 1 {
		t.Errorf("the loser replaced the document: version %d", got)
	}
	// A later insert that meets its key was done before.
	again := append([]store.Step{insertStep(t, "journal", "f@2", nil)}, commit(1)[1:]...)
	if err := e.Write(ctx, again); err != nil {
		t.Errorf("a repeated later step: %v", err)
	}
}

func TestConcurrentInsertsOfOneKey(t *testing.T) {
	uri, database := mongotest.Database(t)
	processes := []store.Engine{openAt(t, uri, database), openAt(t, uri, database)}
	const keys, writers = 20, 8
	won := make([][]int, writers)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for k := range keys {
				step := insertStep(t, "journal", fmt.Sprint("f@", k), bson.D{{Key: "writer", Value: int32(w)}})
				switch err := processes[w%2].Write(t.Context(), []store.Step{step}); {
				case err == nil:
					won[w] = append(won[w], k)
				case !errors.Is(err, store.ErrExists):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	winners := 0
	for w, ks := range won {
		winners += len(ks)
		for _, k := range ks {
			body, err := processes[0].Get(t.Context(), "journal", fmt.Sprint("f@", k))
			if err != nil || body.Lookup("writer").Int32() != int32(w) {
				t.Errorf("key %d: acknowledged to %d, stored %v (%v)", k, w, body, err)
			}
		}
	}
	if winners != keys {
		t.Errorf("%d acknowledged inserts of %d keys", winners, keys)
	}
}

func TestReplaceNeverGoesBack(t *testing.T) {
	e := open(t)
	for _, tt := range []struct{ put, want int64 }{{2, 2}, {1, 2}, {2, 2}, {5, 5}, {4, 5}} {
		if err := e.Write(t.Context(), []store.Step{replaceStep(t, "familyFiles", "f", tt.put)}); err != nil {
			t.Fatal(err)
		}
		if got := version(t, e, "familyFiles", "f"); got != tt.want {
			t.Errorf("after version %d: stored %d, want %d", tt.put, got, tt.want)
		}
	}
}

// Two processes bring a new document up to date at once: whoever comes first, the higher version stays. (Replaces of a document that exists are atomic on a
// real server only, so no test here races them.)
func TestRacingFirstReplaces(t *testing.T) {
	uri, database := mongotest.Database(t)
	processes := []store.Engine{openAt(t, uri, database), openAt(t, uri, database)}
	for i := range 40 {
		id := fmt.Sprint("f", i)
		start := make(chan struct{})
		var wg sync.WaitGroup
		for p, e := range processes {
			wg.Go(func() {
				<-start
				if err := e.Write(t.Context(), []store.Step{replaceStep(t, "familyFiles", id, int64(p+1))}); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		wg.Wait()
		if got := version(t, processes[0], "familyFiles", id); got != 2 {
			t.Errorf("%s: version %d stays, want 2", id, got)
		}
	}
}

func TestDelete(t *testing.T) {
	e := open(t)
	ctx := t.Context()
	del := store.Step{Op: store.Delete, Collection: "outbox", ID: "f@1"}
	if err := e.Write(ctx, []store.Step{insertStep(t, "outbox", "f@1", nil), del, del}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Get(ctx, "outbox", "f@1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted, then read: %v", err)
	}
}

func TestFailPointLeavesPrefix(t *testing.T) {
	crash := errors.New("crash")
	var seen []store.FailPoint
	e := open(t, store.WithFailPoint(func(p store.FailPoint) error {
		if seen = append(seen, p); p == "third" {
			return crash
		}
		return nil
	}))
	steps := []store.Step{insertStep(t, "journal", "a", nil), insertStep(t, "journal", "b", nil), insertStep(t, "journal", "c", nil)}
	for i, p := range []store.FailPoint{"first", "second", "third"} {
		steps[i].Point = p
	}
	if err := e.Write(t.Context(), steps); !errors.Is(err, crash) {
		t.Fatalf("write: %v", err)
	}
	if diff := cmp.Diff([]store.FailPoint{"first", "second", "third"}, seen); diff != "" {
		t.Error(diff)
	}
	for id, want := range map[string]error{"a": nil, "b": nil, "c": store.ErrNotFound} {
		if _, err := e.Get(t.Context(), "journal", id); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", id, err, want)
		}
	}
}

func TestMigrateRepeatsAndChanges(t *testing.T) {
	uri, database := mongotest.Database(t)
	e := openAt(t, uri, database)
	spec := func(fields ...string) []store.CollectionSpec {
		return []store.CollectionSpec{{Name: "meta"}, {Name: "referrals", Indexes: []store.IndexSpec{{Name: "by_state", Fields: fields}}}}
	}
	for _, fields := range [][]string{{"gmina", "cover.state"}, {"gmina", "cover.state"}, {"gmina", "cover.state", "cover.received_on"}} {
		if err := e.Migrate(t.Context(), spec(fields...)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append(slices.Clone(fields), "_id"), indexFields(t, uri, database, "referrals", "by_state")); diff != "" {
			t.Error(diff)
		}
	}
	if err := e.Migrate(t.Context(), store.Specs(false)); err != nil {
		t.Errorf("all collections: %v", err)
	}
}

func TestOpenClosePing(t *testing.T) {
	uri, database := mongotest.Database(t)
	e, err := mongo.Open(t.Context(), uri, database)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if err := e.Ping(t.Context()); err == nil {
		t.Error("a closed engine answers")
	}
	if _, err := mongo.Open(t.Context(), "http://nowhere", "x"); err == nil {
		t.Error("opened what is no MongoDB URI")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := mongo.Open(ctx, uri, database); !errors.Is(err, context.Canceled) {
		t.Errorf("opened after its context had ended: %v", err)
	}
}
