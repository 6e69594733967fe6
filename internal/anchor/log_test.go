package anchor_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/anchor"
	"asysta.example/internal/store"
)

// segment is how many lines of the access log make one.
const segment = 4096

// reads logs so many reads of a file.
func (w *world) reads(n int) {
	w.t.Helper()
	for i := range n {
		w.must(w.store.LogAccess(w.t.Context(), store.Access{
			At: w.now, Actor: store.Actor{Person: "p1", Role: "HEAD"}, Method: "/test/Read", Purpose: fmt.Sprint("why-", i), Refs: []string{"familyFiles/file-a"},
		}))
	}
	_, err := w.store.System().IndexAccess(w.t.Context())
	w.must(err)
}

func numbered(n int64) string { return store.SequenceKey("access", n) }

// edit changes the purpose of a line of the access log, so that nothing beside it tells.
func (w *world) edit(n int64) {
	w.t.Helper()
	raw, err := w.engine.Get(w.t.Context(), "accessLines", numbered(n))
	w.must(err)
	raw = bytes.Replace(bytes.Clone(raw), []byte("why-"), []byte("WHY-"), 1)
	w.remove("accessLines", numbered(n))
	w.must(w.engine.Write(w.t.Context(), []store.Step{{Op: store.Insert, Collection: "accessLines", ID: numbered(n), Body: raw}}))
}

// cut takes the access log away behind a line, with all that came of it.
func (w *world) cut(after, last int64) {
	w.t.Helper()
	for n := after + 1; n <= last; n++ {
		w.remove("accessLines", numbered(n))
	}
	for n := after/segment + 1; n <= last/segment; n++ {
		w.remove("accessSegments", numbered(n))
		w.remove("accessPostings", store.SequenceKey("familyFiles/file-a", n))
	}
}

// verified wants a verification without anchors to find nothing.
func (w *world) verified() {
	w.t.Helper()
	report, err := w.store.System().Verify(w.t.Context())
	w.must(err)
	if len(report.Faults) > 0 {
		w.t.Fatalf("without anchors: %q", report.Faults)
	}
}

// TestAccessLogIsWitnessed spoils an access log so that it agrees with itself. It was anchored on three days: at the end of its first segment, behind it, and without lines
// more than the day before.
func TestAccessLogIsWitnessed(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(w *world)
		want  []string
	}{
		"nothing":               {func(*world) {}, nil},
		"more lines":            {func(w *world) { w.reads(segment) }, nil},
		"a line of the tail":    {func(w *world) { w.edit(segment + 5) }, []string{"anchor of the access log, 2026-03-03: the lines up to 4106 are others than were witnessed"}},
		"the tail cut off":      {func(w *world) { w.cut(segment+4, segment+10) }, []string{"anchor of the access log, 2026-03-03: lines up to 4106 were witnessed, the log ends at 4100"}},
		"the segment cut off":   {func(w *world) { w.cut(100, segment+10) }, []string{"anchor of the access log, 2026-03-02: segment 1 was witnessed and is missing"}},
		"all of it taken away":  {func(w *world) { w.cut(0, segment+10) }, []string{"2026-03-02: segment 1"}},
		"cut off and gone on":   {func(w *world) { w.cut(segment+4, segment+10); w.fresh(); w.reads(20) }, []string{"2026-03-03: the lines up to 4106 are others"}},
		"edited and made anew":  {func(w *world) { w.again(func() { w.edit(7) }) }, []string{"2026-03-02: the lines up to 4096 are others"}},
		"made anew as it was":   {func(w *world) { w.again(func() {}) }, nil},
		"the digest taken away": {func(w *world) { w.undigested() }, []string{"2026-03-02: the lines up to 4096 are others"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.commits(gmina, "file-a", 1)
			for day, reads := range []int{segment, 10, 0} {
				w.now = noon.AddDate(0, 0, day)
				w.reads(reads)
				w.anchor()
			}
			w.check()
			tt.spoil(w)
			w.verified()
			w.check(tt.want...)
		})
	}
}

// fresh begins another process, which remembers nothing.
func (w *world) fresh() {
	w.t.Helper()
	w.must(w.store.Close())
	w.open()
}

// again has the first segment made again by the program itself, after something.
func (w *world) again(something func()) {
	w.t.Helper()
	something()
	w.remove("accessSegments", numbered(1))
	w.fresh()
	w.reads(0)
}

// undigested takes the digest of the first segment away.
func (w *world) undigested() {
	w.t.Helper()
	raw, err := w.engine.Get(w.t.Context(), "accessSegments", numbered(1))
	w.must(err)
	var d bson.D
	w.must(bson.Unmarshal(raw, &d))
	raw, err = bson.Marshal(d[:3])
	w.must(err)
	w.remove("accessSegments", numbered(1))
	w.must(w.engine.Write(w.t.Context(), []store.Step{{Op: store.Insert, Collection: "accessSegments", ID: numbered(1), Body: raw}}))
}

// TestAnchorsFromBefore: anchors that witness no access log are read beside those that do, and are spelled as they always were.
func TestAnchorsFromBefore(t *testing.T) {
	w := newWorld(t)
	w.commits(gmina, "file-a", 2)
	w.anchor() // no line was logged yet
	first := w.lines(1)
	for _, line := range first {
		if !strings.HasPrefix(line, `{"format":1,`) || strings.Contains(line, `"log"`) {
			t.Errorf("%s", line)
		}
	}
	w.reads(3)
	w.check()
	w.now = w.now.AddDate(0, 0, 1)
	w.anchor()
	for i, line := range w.lines(2) {
		with := strings.HasPrefix(line, `{"format":2,`) && strings.Contains(line, `"log":{"to":3,"segment":0,"head":"`)
		if without := strings.HasPrefix(line, `{"format":1,`) && !strings.Contains(line, `"log"`); with != (i == 0) || without != (i > 0) || strings.Contains(line, "file-a") {
			t.Errorf("%s", line)
		}
	}
	w.check()
	w.edit(2)
	w.check("2026-03-03: the lines up to 3 are others")
}

// lines gives the lines of a file of anchors.
func (w *world) lines(file int) []string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.folder, fmt.Sprintf("anchors-%06d.jsonl", file)))
	w.must(err)
	return strings.Split(strings.TrimSpace(string(content)), "\n")
}

// TestFormatSaysWhatALineHolds: neither format passes for the other.
func TestFormatSaysWhatALineHolds(t *testing.T) {
	for _, swap := range [][2]string{{`{"format":2,`, `{"format":1,`}, {`{"format":1,`, `{"format":2,`}, {`{"format":2,`, `{"format":3,`}} {
		w := newWorld(t)
		w.commits(gmina, "file-a", 1)
		w.reads(1)
		w.anchor()
		text := strings.Join(w.lines(1), "\n") + "\n"
		w.must(os.WriteFile(filepath.Join(w.folder, "anchors-000001.jsonl"), []byte(strings.Replace(text, swap[0], swap[1], 1)), 0o600))
		r, err := anchor.Check(t.Context(), w.store.System(), w.folder, w.key.Public().(ed25519.PublicKey))
		w.must(err)
		if len(r.Faults) != 1 || !strings.Contains(r.Faults[0], "not a line of format 1 or 2") {
			t.Errorf("%v: %q", swap, r.Faults)
		}
	}
}
