package sqlite_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

var byName = store.IndexSpec{Name: "by_name", Fields: []string{"name"}}

func replace(t testing.TB, id, name string, version int64) store.Step {
	t.Helper()
	step := insert(t, id, name)
	step.Op, step.Version = store.Replace, version
	return step
}

func write(t testing.TB, e store.Engine, steps ...store.Step) {
	t.Helper()
	for _, s := range steps {
		if err := e.Write(t.Context(), []store.Step{s}); err != nil {
			t.Error(err)
		}
	}
}

// named gives the ids of the things that an index has under a name.
func named(t testing.TB, e store.Engine, name string) (ids []string, err error) {
	t.Helper()
	hits, err := e.Find(t.Context(), store.EngineQuery{Collection: things, Index: "by_name", Equal: []any{name}, Limit: 5_000})
	for _, h := range hits {
		ids = append(ids, fmt.Sprint(h.Key[len(h.Key)-1]))
	}
	return ids, err
}

func sound(t testing.TB, e *sqlite.Engine) {
	t.Helper()
	if faults, err := e.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("check: %v, %v", faults, err)
	}
}

// TestAProcessThatWasThereBeforeAnIndexMakesItsEntries migrates beside a process that runs, as an update does.
func TestAProcessThatWasThereBeforeAnIndexMakesItsEntries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "asysta.db")
	old := open(t, path)
	defer old.Close()
	migrate(t, old)
	write(t, old, insert(t, "1", "x"), insert(t, "2", "x"))

	next := open(t, path)
	defer next.Close()
	migrate(t, next, byName)
	write(t, old, replace(t, "1", "y", 2), insert(t, "3", "y"), store.Step{Op: store.Delete, Collection: things, ID: "2", Point: store.PointJournal})
	for name, want := range map[string]string{"x": "[]", "y": "[1 3]"} {
		if ids, err := named(t, next, name); err != nil || fmt.Sprint(ids) != want {
			t.Errorf("%s: %v, %v; want %s", name, ids, err, want)
		}
	}
	if ids, err := named(t, old, "y"); err != nil || len(ids) != 2 {
		t.Errorf("asked where it was not known at first: %v, %v", ids, err)
	}
	sound(t, next)
}

// TestAnIndexIsFilledBesideOthersWhoWrite has two processes change, add and delete documents while a third fills an index.
func TestAnIndexIsFilledBesideOthersWhoWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "asysta.db")
	first := open(t, path, sqlite.WithoutSync())
	defer first.Close()
	migrate(t, first)
	const before = 1_500 // several stretches
	for n := range before {
		write(t, first, insert(t, fmt.Sprintf("%05d", n), "old"))
	}
	second, third := open(t, path, sqlite.WithoutSync()), open(t, path, sqlite.WithoutSync())
	defer second.Close()
	defer third.Close()
	filled := make(chan struct{})
	var group sync.WaitGroup
	var writes atomic.Int64
	for at, e := range []*sqlite.Engine{first, second} {
		group.Go(func() {
			for n := at; ; n += 2 {
				select {
				case <-filled:
					return
				default:
				}
				writes.Add(1)
				switch id := fmt.Sprintf("%05d", (n*7)%before); n % 3 {
				case 0:
					write(t, e, replace(t, id, "new", int64(n+2)))
				case 1:
					write(t, e, store.Step{Op: store.Delete, Collection: things, ID: id, Point: store.PointJournal})
				default:
					write(t, e, insert(t, fmt.Sprintf("%05d", before+n), "new"))
				}
			}
		})
	}
	for began := time.Now(); writes.Load() < 20 && time.Since(began) < time.Minute; {
		time.Sleep(time.Millisecond)
	}
	at := writes.Load()
	migrate(t, third, byName)
	t.Logf("%d writes while the index was filled", writes.Load()-at)
	close(filled)
	group.Wait()
	sound(t, third)
	if ids, err := named(t, first, "new"); err != nil || len(ids) == 0 {
		t.Errorf("%d things are new, %v", len(ids), err)
	}
}

// TestAMigrationThatWasCutShortGoesOn leaves an index half filled, as a process that dies does.
func TestAMigrationThatWasCutShortGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "asysta.db")
	e := open(t, path)
	defer e.Close()
	migrate(t, e)
	write(t, e, insert(t, "1", "x"), insert(t, "2", "x"))
	migrate(t, e, byName)
	f := &file{t: t, path: path}
	f.alter(`INSERT INTO filling (iid) SELECT iid FROM indexes WHERE name = 'by_name'`, `DELETE FROM entries WHERE rid = 1`, `UPDATE edition SET n = n + 1`)

	again := open(t, path)
	defer again.Close()
	if ids, err := named(t, again, "x"); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("an index that is not filled answers %v, %v", ids, err)
	}
	sound(t, again) // nobody is answered from it
	write(t, e, insert(t, "3", "x"))
	migrate(t, e, byName)
	for _, e := range []*sqlite.Engine{e, again} {
		if ids, err := named(t, e, "x"); err != nil || fmt.Sprint(ids) != "[1 2 3]" {
			t.Errorf("filled: %v, %v", ids, err)
		}
	}
	sound(t, again)
}
