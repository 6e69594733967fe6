package anchor_test

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/anchor"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

const (
	gmina = "2004022"
	other = "2004032"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// world is a store, a folder of anchors and the key that signs them.
type world struct {
	t        *testing.T
	database string
	engine   store.Engine
	store    store.Store
	folder   string
	key      ed25519.PrivateKey
	now      time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, folder: t.TempDir(), now: noon, database: filepath.Join(t.TempDir(), "a.db")}
	w.open()
	t.Cleanup(func() { w.must(w.store.Close()) })
	w.must(w.store.System().Migrate(t.Context()))
	path := filepath.Join(t.TempDir(), "anchor.key")
	w.must(anchor.CreateKey(path))
	key, err := anchor.LoadKey(path)
	w.key = key
	w.must(err)
	public, err := anchor.LoadPublic(path + ".pub")
	w.must(err)
	if !public.Equal(w.key.Public()) {
		t.Fatal("the public key is another one's")
	}
	return w
}

// open begins a process over the database.
func (w *world) open() {
	w.t.Helper()
	engine, err := sqlite.Open(w.t.Context(), w.database, sqlite.WithoutSync())
	w.must(err)
	w.engine, w.store = engine, store.Open(engine)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// commits makes commits on a file of a gmina, on top of what it has.
func (w *world) commits(gmina, id string, n int) {
	w.t.Helper()
	s, ref := w.store.For(gmina), store.Ref{Kind: store.FamilyFiles, ID: id}
	doc, err := s.Load(w.t.Context(), ref)
	if errors.Is(err, store.ErrNotFound) {
		doc, err = s.New(ref), nil
	}
	w.must(err)
	for range n {
		w.now = w.now.Add(time.Minute)
		doc, _, err = s.Commit(w.t.Context(), doc, store.Change{
			Actor: store.Actor{Person: "p1", Role: "HEAD"}, Method: "/test/Commit", RecordedAt: w.now, Cover: bson.D{{Key: "n", Value: doc.Version}},
		})
		w.must(err)
	}
	for {
		n, err := w.store.System().Relay(w.t.Context(), 100)
		w.must(err)
		if n == 0 {
			return
		}
	}
}

func (w *world) anchor() anchor.Made {
	w.t.Helper()
	made, err := anchor.Make(w.t.Context(), w.store.System(), w.folder, w.key, []string{gmina, other, "2004"}, w.now, false)
	w.must(err)
	return made
}

func (w *world) check(want ...string) {
	w.t.Helper()
	r, err := anchor.Check(w.t.Context(), w.store.System(), w.folder, w.key.Public().(ed25519.PublicKey))
	w.must(err)
	if len(want) != len(r.Faults) {
		w.t.Fatalf("faults %q, want %q", r.Faults, want)
	}
	for i := range want {
		if !strings.Contains(r.Faults[i], want[i]) {
			w.t.Errorf("fault %q, want %q", r.Faults[i], want[i])
		}
	}
}

func (w *world) remove(collection, id string) {
	w.t.Helper()
	w.must(w.engine.Write(w.t.Context(), []store.Step{{Op: store.Delete, Collection: collection, ID: id}}))
}

// threeDays is a county with three days of work, each anchored.
func threeDays(t *testing.T) *world {
	w := newWorld(t)
	for day := range 3 {
		w.now = noon.AddDate(0, 0, day)
		w.commits(gmina, "file-a", 2)
		w.commits(gmina, fmt.Sprintf("file-%d", day), 1)
		if day != 1 {
			w.commits(other, "file-b", 3)
		}
		made := w.anchor()
		if made.Lines != 3 || made.File != fmt.Sprintf("anchors-%06d.jsonl", day+1) {
			t.Fatalf("%+v", made)
		}
	}
	return w
}

func TestUntouchedAgrees(t *testing.T) {
	w := threeDays(t)
	w.check()
	w.commits(gmina, "file-a", 1) // after the newest anchor
	w.check()
	r, err := anchor.Check(t.Context(), w.store.System(), w.folder, w.key.Public().(ed25519.PublicKey))
	w.must(err)
	if r.Lines != 9 || r.Commits != 15 || r.Newest != "2026-03-04" {
		t.Errorf("%+v", r)
	}
	content, err := os.ReadFile(filepath.Join(w.folder, "anchors-000001.jsonl"))
	w.must(err)
	if strings.Contains(string(content), "file-a") {
		t.Error("an anchor names a file")
	}
}

func TestOnceADay(t *testing.T) {
	w := newWorld(t)
	w.commits(gmina, "file-a", 1)
	for i, want := range []string{"anchors-000001.jsonl", "", "anchors-000002.jsonl"} {
		if i == 2 {
			w.now = w.now.AddDate(0, 0, 1)
		}
		made, err := anchor.Make(t.Context(), w.store.System(), w.folder, w.key, []string{gmina}, w.now, true)
		w.must(err)
		if made.File != want {
			t.Errorf("%d: %+v", i, made)
		}
	}
	w.check()
}

func TestRemovedCommitsAreMissed(t *testing.T) {
	w := threeDays(t)
	w.remove("journal", store.SequenceKey("familyFiles/file-a", 6))
	w.check("2026-03-04: the commit at position 8 is missing")
}

func TestShortenedFeedIsMissed(t *testing.T) {
	w := threeDays(t)
	for n := range int64(3) { // all of the last day's, with nothing left that names them
		w.remove("feed", store.SequenceKey(other, 4+n))
		w.remove("journal", store.SequenceKey("familyFiles/file-b", 4+n))
	}
	w.check("anchor of 2004032, 2026-03-04: 3 commits were witnessed up to position 6, the journal ends at 3")
	w.must(w.store.Close())
	w.open()
	w.commits(other, "file-c", 3) // an older database goes on
	w.check("anchor of 2004032, 2026-03-04: positions 4 to 6 hold other commits than were witnessed")
}

func TestAnchorsThemselves(t *testing.T) {
	line := func(text string, n int) []string { return strings.SplitAfterN(text, "\n", n) }
	for name, tt := range map[string]struct {
		spoil func(w *world, path string, text string) error
		want  string
	}{
		"altered": {func(_ *world, path, text string) error {
			return os.WriteFile(path, []byte(strings.Replace(text, `"to":6`, `"to":5`, 1)), 0o600)
		}, "was altered"},
		"a line less": {func(_ *world, path, text string) error { return os.WriteFile(path, []byte(line(text, 2)[1]), 0o600) }, "does not follow"},
		"the last line off": {func(_ *world, path, text string) error {
			return os.WriteFile(path, []byte(strings.Join(line(text, 3)[:2], "")), 0o600)
		}, "does not follow"},
		"cut off": {func(_ *world, path, text string) error { return os.WriteFile(path, []byte(text[:len(text)-9]), 0o600) }, "cut off"},
		"other spelling": {func(_ *world, path, text string) error {
			return os.WriteFile(path, []byte(strings.Replace(text, `,"day"`, `, "day"`, 1)), 0o600)
		}, "not a line"},
		"a file less": {func(_ *world, path, _ string) error { return os.Remove(path) }, "missing"},
		"another key's": {func(w *world, _, _ string) (err error) {
			_, w.key, err = ed25519.GenerateKey(nil)
			return err
		}, "not of this key"},
		"none": {func(w *world, _, _ string) error { w.folder = w.t.TempDir(); return nil }, "holds none"},
	} {
		t.Run(name, func(t *testing.T) {
			w := threeDays(t)
			path := filepath.Join(w.folder, "anchors-000002.jsonl")
			text, err := os.ReadFile(path)
			w.must(err)
			w.must(tt.spoil(w, path, string(text)))
			w.check(tt.want)
		})
	}
}

func TestKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "k")
	if err := anchor.CreateKey(path); err != nil {
		t.Fatal(err)
	}
	if err := anchor.CreateKey(path); err == nil {
		t.Error("a key was written over another")
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := anchor.LoadKey(path); err == nil {
		t.Error("a key that everybody reads is taken")
	}
	if _, err := anchor.LoadPublic(path); err == nil {
		t.Error("a private key passes for a public one")
	}
}

// TestAnchoringBesideAnother lets two processes anchor one county into one folder at the same time.
func TestAnchoringBesideAnother(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.commits(gmina, "file-a", 2)
		done := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := anchor.Make(t.Context(), w.store.System(), w.folder, w.key, []string{gmina, other}, w.now, false)
				done <- err
			}()
		}
		for range 2 {
			w.must(<-done)
		}
		w.check()
	}
}
