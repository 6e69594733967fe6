package sqlite_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
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

// behind gives a step that appends a document to a sequence.
func behind(t *testing.T, sequence string) store.Step {
	t.Helper()
	return store.Step{Op: store.Append, Collection: things, ID: sequence, Next: func(n int64) bson.Raw {
		return insert(t, store.SequenceKey(sequence, n), sequence).Body
	}}
}

// wantKeys checks which documents there are.
func wantKeys(t *testing.T, e store.Engine, want ...string) {
	t.Helper()
	hits, err := e.Find(t.Context(), store.EngineQuery{Collection: things, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, h := range hits {
		got = append(got, h.Key[0].(string))
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("documents %q, want %q", got, want)
	}
}

// TestAppendHasNoGap appends to one sequence from two engines in turn, with a Write that fails behind an Append between them.
func TestAppendHasNoGap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	one := open(t, path)
	defer one.Close()
	migrate(t, one)
	two := open(t, path)
	defer two.Close()
	want := []string{"taken"}
	if err := one.Write(t.Context(), []store.Step{insert(t, "taken", "")}); err != nil {
		t.Fatal(err)
	}
	taken := insert(t, "taken", "")
	taken.Strict = true
	for i, e := range []store.Engine{one, one, two, one, two, two} {
		if err := e.Write(t.Context(), []store.Step{insert(t, "never", ""), behind(t, "s"), taken}); !errors.Is(err, store.ErrTaken) {
			t.Errorf("strict insert of a taken key: %v", err)
		}
		job := fmt.Sprint("job ", i)
		if err := e.Write(t.Context(), []store.Step{insert(t, job, ""), behind(t, "s"), behind(t, "s")}); err != nil {
			t.Fatal(err)
		}
		want = append(want, job, store.SequenceKey("s", int64(2*i+1)), store.SequenceKey("s", int64(2*i+2)))
	}
	wantKeys(t, one, want...)
}

// TestFailedJobsLeaveNothing has jobs that fail midway share a transaction with jobs that do not.
func TestFailedJobsLeaveNothing(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "a.db"))
	defer e.Close()
	migrate(t, e)
	if err := e.Write(t.Context(), []store.Step{insert(t, "taken", "")}); err != nil {
		t.Fatal(err)
	}
	want := []string{"taken"}
	var group sync.WaitGroup
	for n := range 64 {
		key, bad := fmt.Sprintf("job %02d", n), n%3 == 0
		steps := []store.Step{insert(t, key, ""), behind(t, "s"), insert(t, "taken", "")}
		if steps[2].Strict = bad; !bad {
			want = append(want, key)
		}
		group.Go(func() {
			if err := e.Write(t.Context(), steps); errors.Is(err, store.ErrTaken) != bad || (err != nil) != bad {
				t.Errorf("%s: %v", key, err)
			}
		})
	}
	group.Wait()
	for n := range int64(len(want) - 1) {
		want = append(want, store.SequenceKey("s", n+1))
	}
	wantKeys(t, e, want...)
}
