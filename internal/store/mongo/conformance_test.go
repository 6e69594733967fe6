package mongo_test

import (
	"flag"
	"sync"
	"testing"

	"asysta.example/internal/store"
	"asysta.example/internal/store/mongo"
	"asysta.example/internal/store/storetest"
	"asysta.example/internal/testkit/mongotest"
)

var update = flag.Bool("update", false, "rewrite the table of queries in docs/SCALE.md")

// TestConformance runs the suite that every engine passes. Each query that it sends must be served by an index and stand in the documentation.
func TestConformance(t *testing.T) {
	type place struct{ uri, database string }
	var places sync.Map // of an engine
	storetest.Run(t, storetest.Factory{
		Name: "mongo",
		New: func(t *testing.T, hook func(store.FailPoint) error) store.Engine {
			t.Helper()
			uri, database := mongotest.Database(t)
			e := openSuite(t, uri, database, hook)
			places.Store(e, place{uri, database})
			return e
		},
		Reopen: func(t *testing.T, engine store.Engine, hook func(store.FailPoint) error) store.Engine {
			t.Helper()
			at, _ := places.Load(engine)
			return openSuite(t, at.(place).uri, at.(place).database, hook)
		},
	})
	mongotest.Documented(t, "../../../docs/SCALE.md", "conformance", mongotest.Queries(), *update)
}

// openSuite opens an engine that the suite closes.
func openSuite(t *testing.T, uri, database string, hook func(store.FailPoint) error) store.Engine {
	t.Helper()
	e, err := mongo.Open(t.Context(), uri, database, store.WithFailPoint(hook))
	if err != nil {
		t.Fatal(err)
	}
	return e
}
