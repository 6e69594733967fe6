package sqlite_test

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.uber.org/goleak"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const things = "things"

func insert(t testing.TB, id, name string) store.Step {
	t.Helper()
	body, err := bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "name", Value: name}})
	if err != nil {
		t.Fatal(err)
	}
	return store.Step{Op: store.Insert, Collection: things, ID: id, Body: body, Version: 1, Point: store.PointJournal}
}

func migrate(t testing.TB, e store.Engine, indexes ...store.IndexSpec) {
	t.Helper()
	if err := e.Migrate(t.Context(), []store.CollectionSpec{{Name: things, Indexes: indexes}}); err != nil {
		t.Fatal(err)
	}
}

func TestMigrateFillsNewAndChangedIndexes(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "a ą?&.db")) // a path that needs escaping
	defer e.Close()
	migrate(t, e)
	for _, id := range []string{"1", "2", "3"} {
		if err := e.Write(t.Context(), []store.Step{insert(t, id, "name "+id)}); err != nil {
			t.Fatal(err)
		}
	}
	find := func(want any) {
		t.Helper()
		hits, err := e.Find(t.Context(), store.EngineQuery{Collection: things, Index: "ix", Limit: 10})
		if err != nil || len(hits) != 3 || hits[2].Key[0] != want {
			t.Errorf("hits %v, %v", hits, err)
		}
	}
	migrate(t, e, store.IndexSpec{Name: "ix", Fields: []string{"name"}})
	find("name 3")
	migrate(t, e, store.IndexSpec{Name: "ix", Fields: []string{"other"}})
	find(nil)
}

func TestGroupedWritesAnswerEachForItself(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "asysta.db"))
	defer e.Close()
	migrate(t, e)
	if err := e.Write(t.Context(), []store.Step{insert(t, "taken", "x")}); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for n := range 60 {
		group.Go(func() {
			id := store.NewID(time.Now(), rand.Reader)
			steps, want := []store.Step{insert(t, id, "x")}, error(nil)
			if n%3 == 0 {
				steps, want = []store.Step{insert(t, "taken", "y"), insert(t, id, "y")}, store.ErrExists
			}
			if err := e.Write(t.Context(), steps); !errors.Is(err, want) {
				t.Errorf("write: %v, want %v", err, want)
			}
			if _, err := e.Get(t.Context(), things, id); (err == nil) != (want == nil) {
				t.Errorf("get after %v: %v", want, err)
			}
		})
	}
	group.Wait()
}

func TestWriteIsAllOrNothing(t *testing.T) {
	crash := errors.New("crash")
	e := open(t, filepath.Join(t.TempDir(), "asysta.db"), store.WithFailPoint(func(p store.FailPoint) error {
		if p == store.PointDocument {
			return crash
		}
		return nil
	}))
	defer e.Close()
	migrate(t, e)
	second := insert(t, "second", "x")
	second.Point = store.PointDocument
	if err := e.Write(t.Context(), []store.Step{insert(t, "first", "x"), second}); !errors.Is(err, crash) {
		t.Errorf("write: %v, want the crash", err)
	}
	for _, id := range []string{"first", "second"} {
		if _, err := e.Get(t.Context(), things, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s is there after a crash between them: %v", id, err)
		}
	}
}

func TestWithoutSyncIsMadeDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "asysta.db")
	e := open(t, path, sqlite.WithoutSync())
	migrate(t, e)
	if err := e.Write(t.Context(), []store.Step{insert(t, "1", "x")}); err != nil {
		t.Fatal(err)
	}
	if err := e.MakeDurable(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	defer again.Close()
	if raw, err := again.Get(t.Context(), things, "1"); err != nil || raw.Lookup("name").StringValue() != "x" {
		t.Errorf("after reopening: %v %v", raw, err)
	}
}

func TestClosedAndUnknown(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "asysta.db"))
	if _, err := e.Get(t.Context(), things, "1"); err == nil || !strings.Contains(err.Error(), "migrate") {
		t.Errorf("unknown collection: %v", err)
	}
	if err := e.Write(t.Context(), []store.Step{insert(t, "1", "x")}); err == nil {
		t.Error("wrote into an unknown collection")
	}
	for range 2 {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Write(t.Context(), []store.Step{insert(t, "1", "x")}); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
	if err := e.Ping(t.Context()); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("ping after close: %v", err)
	}
	if _, err := sqlite.Open(t.Context(), t.TempDir()); err == nil {
		t.Error("opened a directory")
	}
}
