package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/backup"
	"asysta.example/internal/store"
)

func testProgram(env []string) program {
	return program{env: env, stdout: io.Discard, stderr: io.Discard, clock: time.Now}
}

func (p program) tool(t *testing.T) (cfg suite.ToolConfig) {
	t.Helper()
	must(t, suite.Load(t.Context(), &cfg, p.env))
	return cfg
}

// acknowledged are the commits that a store has acknowledged, by key of the file.
type acknowledged struct {
	mu       sync.Mutex
	versions map[string]int64
}

// writeUntil commits on files of a gmina until stop is closed.
func (a *acknowledged) writeUntil(t *testing.T, s store.Store, id string, stop <-chan struct{}) {
	scope := s.For("2004042")
	doc := scope.New(store.Ref{Kind: store.FamilyFiles, ID: id})
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		next, _, err := scope.Commit(t.Context(), doc, store.Change{
			Actor: store.Actor{Person: "p1", Role: "ASSISTANT"}, Method: "/test/Write", RecordedAt: time.Now(), Cover: bson.D{{Key: "n", Value: n}},
			Records: []store.Record{{Type: store.Visits, ID: fmt.Sprintf("v%d", n), Date: "2026-03-31", Body: bson.D{{Key: "note", Value: strings.Repeat("opis ", 50)}}}},
		})
		if err != nil {
			t.Error(err)
			return
		}
		doc = next
		a.mu.Lock()
		a.versions[id] = doc.Version
		a.mu.Unlock()
	}
}

func (a *acknowledged) now() map[string]int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[string]int64{}
	for id, v := range a.versions {
		out[id] = v
	}
	return out
}

// TestBackupLooksAtItsTargetFirst: whoever names a file that is there, or a folder that is not, is told so before the check of the data.
func TestBackupLooksAtItsTargetFirst(t *testing.T) {
	o := newOffice(t)
	recipient, err := backup.CreateKey(filepath.Join(o.dir, "identity"))
	must(t, err)
	to := filepath.Join(o.dir, "backup")
	must(t, os.WriteFile(to, nil, 0o600))
	for target, want := range map[string]error{to: fs.ErrExist, filepath.Join(o.dir, "nowhere", "backup"): fs.ErrNotExist} {
		out, err := run(t, o.env, "backup", "-to", target, "-recipient", recipient)
		if !errors.Is(err, want) || out != "" {
			t.Errorf("%s: %q, %v", target, out, err)
		}
	}
}

// TestBackupWhileEightWrite backs up a store that eight writers write, restores it elsewhere, and looks for every commit that was acknowledged before the backup began.
func TestBackupWhileEightWrite(t *testing.T) {
	o := newOffice(t)
	p := testProgram(o.env)
	o.seals(t, p)
	identity, to, restored := filepath.Join(o.dir, "identity"), filepath.Join(o.dir, "b.age"), filepath.Join(o.dir, "restored.db")
	recipient, err := run(t, nil, "keys", "backup", "-out", identity)
	must(t, err)
	recipient = strings.Fields(recipient)[0]

	base, err := p.kept(t.Context(), p.tool(t))
	must(t, err)
	acks, stop := &acknowledged{versions: map[string]int64{}}, make(chan struct{})
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() { acks.writeUntil(t, base.Deps.Store, fmt.Sprintf("01jd00000000000000000bak%02d", i), stop) })
	}
	var before map[string]int64
	for before = acks.now(); len(before) < 8 && !t.Failed(); before = acks.now() {
		time.Sleep(5 * time.Millisecond)
	}
	out, err := run(t, o.env, "backup", "-to", to, "-recipient", recipient)
	must(t, err)
	after := acks.now()
	close(stop)
	writers.Wait()
	must(t, base.Close())
	if !strings.Contains(out, "faults: 0") || !strings.Contains(out, o.master) {
		t.Errorf("%s", out)
	}
	out, err = run(t, o.env, "restore", "-from", to, "-identity", identity, "-to", restored)
	must(t, err)
	if !strings.Contains(out, "faults: 0") || !strings.Contains(out, "restored: "+restored) {
		t.Errorf("%s", out)
	}
	again := testProgram([]string{"ASYSTA_STORE=sqlite:" + restored, o.env[1]})
	base, err = again.kept(t.Context(), again.tool(t))
	must(t, err)
	defer func() { must(t, base.Close()) }()
	for id, version := range before {
		doc, err := base.Deps.Store.For("2004042").Load(t.Context(), store.Ref{Kind: store.FamilyFiles, ID: id})
		if err != nil || doc.Version < version || doc.Version > after[id]+1 {
			t.Errorf("%s: acknowledged before %d, after %d; restored %v, %v", id, version, after[id], doc, err)
		}
	}
	if out, err := run(t, again.env, "keys", "check"); err != nil || !strings.Contains(out, "faults: 0") {
		t.Errorf("%s, %v", out, err)
	}
	left, err := filepath.Glob(filepath.Join(o.dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

func TestBackupsAreNeverWrittenOver(t *testing.T) {
	o := newOffice(t)
	identity, to, restored := filepath.Join(o.dir, "identity"), filepath.Join(o.dir, "b.age"), filepath.Join(o.dir, "restored.db")
	recipient, err := backup.CreateKey(identity)
	must(t, err)
	for i, want := range []error{nil, fs.ErrExist} {
		if _, err := run(t, o.env, "backup", "-quick", "-to", to, "-recipient", recipient); !errors.Is(err, want) {
			t.Errorf("backup %d: %v", i, err)
		}
		if _, err := run(t, o.env, "restore", "-quick", "-from", to, "-identity", identity, "-to", restored); !errors.Is(err, want) {
			t.Errorf("restore %d: %v", i, err)
		}
	}
	for _, path := range []string{to, restored} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
}

func TestDamagedBackupsAreRefused(t *testing.T) {
	o := newOffice(t)
	identity, stranger, to := filepath.Join(o.dir, "identity"), filepath.Join(o.dir, "stranger"), filepath.Join(o.dir, "b.age")
	recipient, err := backup.CreateKey(identity)
	must(t, err)
	_, err = backup.CreateKey(stranger)
	must(t, err)
	_, err = run(t, o.env, "backup", "-to", to, "-recipient", recipient)
	must(t, err)
	sound, err := os.ReadFile(to)
	must(t, err)
	if bytes.Contains(sound, []byte("SQLite format")) || bytes.Contains(sound, []byte("Ada Admin")) {
		t.Error("the backup shows what it holds")
	}
	bent := bytes.Clone(sound)
	bent[len(bent)/2] ^= 1
	for label, tt := range map[string]struct {
		content  []byte
		identity string
	}{
		"a bit": {bent, identity}, "cut off": {sound[:len(sound)-1000], identity}, "another's": {sound, stranger}, "no backup": {[]byte("age-encryption.org/v1\n"), identity}, "empty": {nil, identity},
	} {
		path, restored := filepath.Join(o.dir, "bent.age"), filepath.Join(o.dir, "bent.db")
		must(t, os.WriteFile(path, tt.content, 0o600))
		if _, err := run(t, o.env, "restore", "-from", path, "-identity", tt.identity, "-to", restored); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("%s: %v", label, err)
		}
		if _, err := os.Stat(restored); err == nil {
			t.Errorf("%s: restored all the same", label)
		}
	}
}

// TestAnchoredRestore restores an older backup and is told by the anchors what it lacks.
func TestAnchoredRestore(t *testing.T) {
	o := newOffice(t)
	anchors, key, identity, to := filepath.Join(o.dir, "anchors"), filepath.Join(o.dir, "anchor.key"), filepath.Join(o.dir, "identity"), filepath.Join(o.dir, "b.age")
	must(t, os.Mkdir(anchors, 0o700))
	_, err := run(t, nil, "keys", "anchor", "-out", key)
	must(t, err)
	recipient, err := backup.CreateKey(identity)
	must(t, err)
	o.env = append(o.env, "ASYSTA_ANCHOR_DIR="+anchors, "ASYSTA_ANCHOR_KEY_FILE="+key)
	_, err = run(t, o.env, "backup", "-to", to, "-recipient", recipient)
	must(t, err)
	p := testProgram(o.env)
	base, err := p.kept(t.Context(), p.tool(t))
	must(t, err)
	stop, a := make(chan struct{}), &acknowledged{versions: map[string]int64{}}
	var once atomic.Bool
	time.AfterFunc(200*time.Millisecond, func() {
		if once.CompareAndSwap(false, true) {
			close(stop)
		}
	})
	a.writeUntil(t, base.Deps.Store, "01jd00000000000000000later", stop)
	must(t, base.Close())
	out, err := run(t, o.env, "audit", "anchor")
	if err != nil || !strings.HasPrefix(out, "anchors-000001.jsonl: 2 lines") {
		t.Fatalf("%s, %v", out, err)
	}
	against := []string{"-anchors", anchors, "-key", key + ".pub"}
	if out, err := run(t, o.env, append([]string{"audit", "verify"}, against...)...); err != nil || !strings.Contains(out, "W porządku") {
		t.Errorf("%s, %v", out, err)
	}
	out, err = run(t, o.env, append([]string{"restore", "-from", to, "-identity", identity, "-to", filepath.Join(o.dir, "old.db")}, against...)...)
	if exitCode(err) != exitAltered || !strings.Contains(out, "NARUSZENIE") || !strings.Contains(out, "an older database was put back") {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := run(t, o.env, "audit", "verify", "-anchors", anchors); err == nil || exitCode(err) != exitFailed {
		t.Errorf("without the key: %v", err)
	}
}
