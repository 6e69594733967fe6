package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

const gmina = "2004022"

var (
	began     = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	reader    = store.Actor{Person: "p", Role: "ASSISTANT"}
	errCut    = errors.New("cut off")
	families  = []string{"a", "a2", "b", "c"}
	nobody    = []string{"familyFiles/a@000000000001", "familyFiles/a@000000000000@000000000001", "referrals/a"} // named by lines, and no family's
	allOfThem = append(slices.Clone(nobody), "familyFiles/a", "familyFiles/a2", "familyFiles/b", "familyFiles/c")
)

func fileOf(id string) store.Ref { return store.Ref{Kind: store.FamilyFiles, ID: id} }

// stepByStep is an engine whose transactions are hidden from the store: lines get ids of their own and entries in the engine's index, as all lines once did.
type stepByStep struct{ store.Engine }

// template makes a database with some families and gives its file.
func template(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "template.db")
	engine, err := sqlite.Open(t.Context(), path, sqlite.WithoutSync())
	if err != nil {
		t.Fatal(err)
	}
	s := store.Open(engine)
	if err := s.System().Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, id := range families {
		scope := s.For(gmina)
		if _, _, err := scope.Commit(t.Context(), scope.New(fileOf(id)), store.Change{Actor: reader, Method: "/m", RecordedAt: began, Cover: bson.D{}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// office is two processes on one file, and what their access log is to say.
type office struct {
	stores []store.Store
	lines  []store.Access // oldest first; the purpose tells them apart
	until  atomic.Int64   // points of the index until the crash; below 0: none comes
	opened []store.Engine
}

func newOffice(t *rapid.T, path string, lines int64, batch int) *office {
	t.Helper()
	o := &office{}
	o.until.Store(-1)
	for range 2 {
		engine, err := sqlite.Open(context.Background(), path, sqlite.WithoutSync(), store.WithFailPoint(o.point))
		if err != nil {
			t.Fatal(err)
		}
		s := store.Open(engine)
		store.SmallSegments(s, lines, batch)
		o.stores, o.opened = append(o.stores, s), append(o.opened, engine)
	}
	return o
}

func (o *office) close(t *rapid.T) {
	t.Helper()
	for _, s := range o.stores {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// point is passed before each step; the index is cut off before one of its own.
func (o *office) point(p store.FailPoint) error {
	if (p == store.PointPosting || p == store.PointSegment) && o.until.Load() >= 0 && o.until.Add(-1) < 0 {
		return errCut
	}
	return nil
}

func (o *office) anyStore(t *rapid.T) store.Store {
	return rapid.SampledFrom(o.stores).Draw(t, "process")
}

// line makes the next line.
func (o *office) line(t *rapid.T) store.Access {
	at := began.Add(time.Duration(rapid.IntRange(-60, 60).Draw(t, "clock")) * time.Minute) // clocks differ, and are set
	a := store.Access{At: at, Actor: reader, Method: "/m", Purpose: fmt.Sprint(len(o.lines))}
	a.Refs = rapid.SliceOfN(rapid.SampledFrom(allOfThem), 0, 6).Draw(t, "refs")
	if rapid.IntRange(0, 9).Draw(t, "denied") == 0 {
		a.Denied = "OBJECT"
	}
	o.lines = append(o.lines, a)
	return a
}

func (o *office) log(t *rapid.T) {
	if err := o.anyStore(t).LogAccess(context.Background(), o.line(t)); err != nil {
		t.Fatal(err)
	}
}

// commit logs a line with a change.
func (o *office) commit(t *rapid.T) {
	s := o.anyStore(t).For(gmina)
	ref := fileOf(rapid.SampledFrom(families).Draw(t, "family"))
	doc, err := s.Load(context.Background(), ref)
	if err != nil {
		t.Fatal(err)
	}
	a := o.line(t)
	if _, _, err := s.Commit(context.Background(), doc, store.Change{Actor: reader, Method: "/m", RecordedAt: began, Access: &a}); err != nil {
		t.Fatal(err)
	}
	own := &o.lines[len(o.lines)-1].Refs
	*own = append(slices.Clone(*own), ref.String())
}

// older logs a line as it was before lines were numbered.
func (o *office) older(t *rapid.T) {
	a := o.line(t)
	a.At = began.Add(time.Duration(len(o.lines)-500) * time.Hour)
	if err := store.Open(stepByStep{o.opened[0]}).LogAccess(context.Background(), a); err != nil {
		t.Fatal(err)
	}
}

func (o *office) index(t *rapid.T) {
	if _, err := o.anyStore(t).System().IndexAccess(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// indexCutOff lets a process die while it makes postings.
func (o *office) indexCutOff(t *rapid.T) {
	o.until.Store(rapid.Int64Range(0, 4).Draw(t, "points"))
	defer o.until.Store(-1)
	if _, err := o.anyStore(t).System().IndexAccess(context.Background()); err != nil && !errors.Is(err, errCut) {
		t.Fatal(err)
	}
}

// indexTogether lets both processes make the same postings, either of which may die.
func (o *office) indexTogether(t *rapid.T) {
	if rapid.Bool().Draw(t, "one dies") {
		o.until.Store(rapid.Int64Range(0, 8).Draw(t, "points"))
		defer o.until.Store(-1)
	}
	var group sync.WaitGroup
	errs := make([]error, len(o.stores))
	for i, s := range o.stores {
		group.Go(func() { _, errs[i] = s.System().IndexAccess(context.Background()) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, errCut) {
			t.Fatal(err)
		}
	}
}

// saying gives what the log is to say of a family, newest first.
func (o *office) saying(ref string) []string {
	said := []string{}
	for _, a := range slices.Backward(o.lines) {
		if slices.Contains(a.Refs, ref) {
			said = append(said, a.Purpose)
		}
	}
	return said
}

// read pages through the log of a family while lines are written and segments are finished. It says what it held when the first page was asked for.
func (o *office) read(t *rapid.T) {
	ref := fileOf(rapid.SampledFrom(families).Draw(t, "family"))
	size := rapid.IntRange(1, 5).Draw(t, "page size")
	want, got := o.saying(ref.String()), []string{}
	var above store.Access
	for token := ""; ; {
		lines, next, err := o.anyStore(t).For(gmina).AccessLog(context.Background(), ref, size, token)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) > size || (next != "" && len(lines) < size) {
			t.Fatalf("a page of %d lines, the size is %d", len(lines), size)
		}
		for _, a := range lines {
			if got = append(got, a.Purpose); above.ID != "" && !above.Newer(a) {
				t.Fatalf("%+v stands above %+v", above, a)
			}
			above = a
		}
		if token = next; token == "" {
			break
		}
		rapid.SampledFrom([]func(*rapid.T){func(*rapid.T) {}, o.log, o.commit, o.index, o.indexCutOff}).Draw(t, "meanwhile")(t)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("who read %s (-want +got):\n%s", ref, diff)
	}
}

// TestAccessLogIsWhatWasWritten holds the access log against a list of its lines: whatever of it is in postings, by whichever process and however often that died.
func TestAccessLogIsWhatWasWritten(t *testing.T) {
	file, dir, n := template(t), t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprintf("%d.db", n))
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(path)
		o := newOffice(t, path, rapid.Int64Range(1, 7).Draw(t, "lines of a segment"), rapid.IntRange(1, 3).Draw(t, "postings at once"))
		defer o.close(t)
		for range rapid.IntRange(0, 6).Draw(t, "older lines") {
			o.older(t)
		}
		t.Repeat(map[string]func(*rapid.T){
			"log": o.log, "log more": o.log, "commit": o.commit, "index": o.index, "index, cut off": o.indexCutOff, "index, both": o.indexTogether, "read": o.read,
		})
		for _, id := range families {
			lines, _, err := o.anyStore(t).For(gmina).AccessLog(context.Background(), fileOf(id), 500, "")
			if want := o.saying(fileOf(id).String()); err != nil || len(lines) != len(want) {
				t.Fatalf("%d lines of %s, want %d: %v", len(lines), id, len(want), err)
			}
		}
		report, err := o.anyStore(t).System().Verify(context.Background())
		if err != nil || len(report.Faults) > 0 {
			t.Fatalf("verify: %v, %v", report.Faults, err)
		}
	})
}

// interrupted is an engine that lets somebody else do something right before one of its reads.
type interrupted struct {
	*sqlite.Engine
	reads     int // until then
	meanwhile func()
}

func (e *interrupted) interrupt() {
	if e.reads--; e.reads == -1 {
		e.meanwhile()
	}
}

// Find implements store.Engine.
func (e *interrupted) Find(ctx context.Context, q store.EngineQuery) ([]store.EngineHit, error) {
	e.interrupt()
	return e.Engine.Find(ctx, q)
}

// Get implements store.Engine.
func (e *interrupted) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	e.interrupt()
	return e.Engine.Get(ctx, collection, id)
}

// TestSegmentsFinishedBetweenReads lets another process finish segments between any two reads of a process that answers who read a file, on its first page or a later one.
func TestSegmentsFinishedBetweenReads(t *testing.T) {
	file := template(t)
	for reads := 0; finishedBetween(t, file, reads); reads++ {
		if reads > 100 {
			t.Fatal("no end of reads")
		}
	}
}

// finishedBetween finishes segments after so many reads and tells whether there were as many.
func finishedBetween(t *testing.T, file []byte, reads int) bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "asysta.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func() *sqlite.Engine {
		engine, err := sqlite.Open(t.Context(), path, sqlite.WithoutSync())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := engine.Close(); err != nil {
				t.Error(err)
			}
		})
		return engine
	}
	writer, finisher, between := store.Open(open()), store.Open(open()), &interrupted{Engine: open(), reads: reads}
	store.SmallSegments(finisher, 2, 1)
	var want, got []string
	for n := range 10 {
		a := store.Access{At: began, Actor: reader, Method: "/m", Purpose: fmt.Sprint(n), Refs: []string{"familyFiles/a"}}
		if err := writer.LogAccess(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		want = append([]string{a.Purpose}, want...)
	}
	between.meanwhile = func() {
		if n, err := finisher.System().IndexAccess(t.Context()); err != nil || n != 5 {
			t.Errorf("%d segments, %v", n, err)
		}
	}
	asked := store.Open(between).For(gmina)
	for token := ""; ; {
		page, next, err := asked.AccessLog(t.Context(), fileOf("a"), 3, token)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page {
			got = append(got, a.Purpose)
		}
		if token = next; token == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after %d reads (-want +got):\n%s", reads, diff)
	}
	return between.reads < 0
}
