package sqlite_test

import (
	"path/filepath"
	"sync"
	"testing"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/internal/store/storetest"
)

// paths remembers the file of each engine, for Reopen.
var paths sync.Map

func open(t testing.TB, path string, opts ...store.EngineOption) *sqlite.Engine {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), path, opts...)
	if err != nil {
		t.Fatal(err)
	}
	paths.Store(engine, path)
	return engine
}

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Factory{
		Name: "sqlite",
		New: func(t *testing.T, hook func(store.FailPoint) error) store.Engine {
			return open(t, filepath.Join(t.TempDir(), "asysta.db"), store.WithFailPoint(hook))
		},
		Reopen: func(t *testing.T, engine store.Engine, hook func(store.FailPoint) error) store.Engine {
			path, _ := paths.Load(engine)
			return open(t, path.(string), store.WithFailPoint(hook))
		},
	})
}
