package sqlite_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// A list that has some versions at hand sees one state of the file, whatever is written while it asks: every Write here gives two documents the same new number.
func TestAListWithVersionsAtHandIsOfOneState(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "asysta.db"), func(o *store.EngineOptions) { o.NoSync = true })
	defer e.Close()
	migrate(t, e, store.IndexSpec{Name: "ix", Fields: []string{"kind"}})
	body := func(id string, n int64) bson.Raw {
		raw, err := bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "kind", Value: "k"}, {Key: "version", Value: n}})
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	const last = 300
	write := func(n int64) error {
		var steps []store.Step
		for _, id := range []string{"a", "b"} {
			steps = append(steps, store.Step{Op: store.Replace, Collection: things, ID: id, Body: body(id, n), Version: n, Point: store.PointDocument})
		}
		return e.Write(t.Context(), steps)
	}
	if err := write(1); err != nil {
		t.Fatal(err)
	}
	var writing sync.WaitGroup
	writing.Go(func() {
		for n := int64(2); n <= last; n++ {
			if err := write(n); err != nil {
				t.Error(err)
			}
		}
	})
	have := map[string]int64{}
	for seen := int64(0); seen < last && !t.Failed(); {
		found := map[string]int64{}
		hits, err := e.Find(t.Context(), store.EngineQuery{Collection: things, Index: "ix", Fields: []string{"kind"}, Limit: 10, Known: func(id string, version int64) bool {
			found[id] = version
			return have[id] == version
		}})
		if err != nil || len(hits) != 2 {
			t.Fatalf("find: %d hits, %v", len(hits), err)
		}
		for _, hit := range hits {
			id := fmt.Sprint(hit.Key[1])
			if hit.Body != nil {
				have[id] = hit.Body.Lookup("version").Int64()
			}
			if have[id] != found[id] {
				t.Errorf("%s was announced in version %d and is at hand in %d", id, found[id], have[id])
			}
		}
		if have["a"] != have["b"] {
			t.Errorf("a list of two states: %d and %d", have["a"], have["b"])
		}
		if seen = have["a"]; seen%3 == 0 {
			have["b"] = 0 // forgets one of the two
		}
	}
	writing.Wait()
}

// A document without a version is in no index of versions, and comes in a list all the same.
func TestADocumentWithoutVersionIsListed(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "asysta.db"))
	defer e.Close()
	migrate(t, e, store.IndexSpec{Name: "ix", Fields: []string{"name"}})
	step := insert(t, "a", "first")
	step.Version = 0
	if err := e.Write(t.Context(), []store.Step{step, insert(t, "b", "second")}); err != nil {
		t.Fatal(err)
	}
	for _, desc := range []bool{false, true} {
		asked := map[string]int64{}
		hits, err := e.Find(t.Context(), store.EngineQuery{Collection: things, Index: "ix", Fields: []string{"name"}, Limit: 10, Desc: desc, Known: func(id string, version int64) bool {
			asked[id] = version
			return false
		}})
		if err != nil || len(hits) != 2 || hits[0].Body == nil || hits[1].Body == nil || asked["a"] != 0 || asked["b"] != 1 {
			t.Errorf("desc %v: hits %v, asked %v, %v", desc, hits, asked, err)
		}
	}
}
