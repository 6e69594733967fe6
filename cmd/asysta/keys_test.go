package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/seal"
	"asysta.example/internal/store"
)

// office is a bootstrapped store of one office, with some secrets in it.
type office struct {
	dir    string
	env    []string
	master string
}

func newOffice(t *testing.T) office {
	t.Helper()
	dir := t.TempDir()
	return officeAt(t, dir, "ASYSTA_STORE=sqlite:"+filepath.Join(dir, "a.db"))
}

// officeAt bootstraps the office in the store that the settings name, the first of them ASYSTA_STORE; the master key lies in the folder.
func officeAt(t *testing.T, dir, at string, more ...string) office {
	t.Helper()
	o := office{dir: dir, master: filepath.Join(dir, "master.key")}
	o.env = append([]string{at, "ASYSTA_MASTER_KEY_FILE=" + o.master}, more...)
	_, err := run(t, o.env, "bootstrap", "-gmina", "2004042", "-gmina-name", "gmina Radziłów", "-office", "GOPS", "-county-name", "powiat grajewski", "-person", "Ada Admin", "-subject", "admin")
	must(t, err)
	return o
}

// seals seals a value for each of some files and gives what opens them again.
func (o office) seals(t *testing.T, p program) func(label string) {
	t.Helper()
	base, err := p.kept(t.Context(), p.tool(t))
	must(t, err)
	values := map[string]seal.Value{}
	for _, file := range []string{"01jd0000000000000000000001", "01jd0000000000000000000002"} {
		values[file], err = base.Deps.Vault.Seal(t.Context(), "2004042", file, "44051401359")
		must(t, err)
	}
	must(t, base.Close())
	return func(label string) {
		t.Helper()
		base, err := p.kept(t.Context(), p.tool(t))
		must(t, err)
		defer func() { must(t, base.Close()) }()
		for file, value := range values {
			plain, err := base.Deps.Vault.Open(t.Context(), "2004042", file, value)
			if err != nil || plain != "44051401359" || base.Deps.Vault.GminaHash("2004042", plain) != value.GminaHash {
				t.Errorf("%s: %s does not open or is not found: %v", label, file, err)
			}
		}
	}
}

func TestKeysRotateAndCheck(t *testing.T) {
	o := newOffice(t)
	p := testProgram(o.env)
	opens := o.seals(t, p)
	expect := func(want string, args ...string) {
		t.Helper()
		out, err := run(t, o.env, args...)
		if err != nil || !strings.Contains(out, want) {
			t.Fatalf("%v: %q, %v", args, out, err)
		}
	}
	expect("keys of files: 2 (0 with their gmina's old key, 0 destroyed)\nfaults: 0", "keys", "check")
	expect("nothing is wrapped with it yet", "keys", "rotate", "master", "-prepare")
	opens("prepared")
	expect("wrapped anew: 1", "keys", "rotate", "master")
	expect("wrapped anew: 0", "keys", "rotate", "master")
	if out, err := run(t, o.env, "keys", "rotate", "master", "-prepare"); err == nil || strings.Contains(out, "nothing is wrapped") {
		t.Errorf("prepared while a new key wraps: %q, %v", out, err)
	}
	opens("rotated")
	expect("keys of gminas: 1 (0 with the master's old key", "keys", "rotate", "master", "-finish")
	expect("nothing to finish", "keys", "rotate", "master", "-finish")
	opens("finished")
	expect("keys of files: 2, wrapped anew: 2", "keys", "rotate", "gminas")
	expect("keys of files: 2, wrapped anew: 0, were already: 2", "keys", "rotate", "gminas", "-gmina", "2004042")
	opens("gminas rotated")
	if _, err := run(t, o.env, "keys", "rotate", "gminas", "-finish"); !errors.Is(err, seal.ErrTooSoon) {
		t.Errorf("finished at once: %v", err)
	}
	p.clock = func() time.Time { return time.Now().Add(seal.RetireAfter + time.Minute) }
	p.args = []string{"rotate", "gminas", "-finish"}
	must(t, p.keys(t.Context()))
	opens("gminas finished")
	expect("(0 with the master's old key, 0 with two keys of their own)", "keys", "check")
	retired, err := filepath.Glob(o.master + ".retired-*")
	if err != nil || len(retired) != 1 {
		t.Fatalf("kept: %v, %v", retired, err)
	}
	must(t, os.Rename(retired[0], o.master)) // a thief's copy, or the wrong one brought back
	if out, err := run(t, o.env, "keys", "check"); err != nil {
		t.Errorf("what was kept holds the new key too: %s, %v", out, err)
	}
}

func TestKeysOfAnUnknownGminaAreNotRotated(t *testing.T) {
	o := newOffice(t)
	for _, args := range [][]string{{"-gmina", "9999999"}, {"-gmina", "2004011"}, {"-gmina", "2004011", "-finish"}} {
		if out, err := run(t, o.env, append([]string{"keys", "rotate", "gminas"}, args...)...); err == nil || !strings.Contains(err.Error(), "holds no gmina "+args[1]) {
			t.Errorf("%v: %q, %v", args, out, err)
		}
	}
	if out, err := run(t, o.env, "keys", "rotate", "gminas", "-gmina", "2004042"); err != nil || !strings.Contains(out, "nothing to rotate") || strings.Contains(out, "0001") {
		t.Errorf("a gmina that has sealed nothing: %q, %v", out, err)
	}
}

func TestKeysCheckFindsAnothersMaster(t *testing.T) {
	o := newOffice(t)
	o.seals(t, testProgram(o.env))
	must(t, os.Remove(o.master))
	_, err := seal.CreateMaster(o.master)
	must(t, err)
	out, err := run(t, o.env, "keys", "check")
	if err == nil || !strings.Contains(out, "faults: 3") || strings.Contains(out, "44051401359") {
		t.Errorf("%s, %v", out, err)
	}
	for _, args := range [][]string{{"keys"}, {"keys", "rotate"}, {"keys", "rotate", "master", "-prepare", "-finish"}, {"keys", "backup"}, {"keys", "check", "x"}, {"keys", "anchor", "-out"}} {
		if _, err := run(t, o.env, args...); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
}

// strand leaves a file with a key that opens with nothing, as a process does that died right after a write which came too late.
func strand(t *testing.T, base *suite.Base, file string) {
	t.Helper()
	body, err := bson.Marshal(bson.D{{Key: "_id", Value: file}, {Key: "version", Value: int64(1)}, {Key: "gmina", Value: "2004042"}, {Key: "wrapped", Value: []byte("too late")}})
	must(t, err)
	must(t, seal.OverEngine(base.Engine).Insert(t.Context(), store.FileKeys, file, body))
}

// commits puts commits on a new referral, the last of them with what is given.
func commits(t *testing.T, base *suite.Base, id string, n int, last store.Change) {
	t.Helper()
	scope := base.Deps.Store.For("2004042")
	doc := scope.New(store.Ref{Kind: store.Referrals, ID: id})
	for i := range n {
		change := store.Change{Sections: map[string]any{"referral": bson.D{{Key: "n", Value: i}}}}
		if i == n-1 {
			change = last
		}
		change.Actor, change.Method, change.RecordedAt = store.Actor{Role: "SYSTEM", System: "proba"}, "/proba/Zapisz", time.Now()
		var err error
		doc, _, err = scope.Commit(t.Context(), doc, change)
		must(t, err)
	}
}

func TestKeysRepair(t *testing.T) {
	o := newOffice(t)
	p := testProgram(o.env)
	opens := o.seals(t, p)
	const (
		unused, empty = "01jd0000000000000000000011", "01jd0000000000000000000012"
		sealed        = "01jd0000000000000000000013"
	)
	with := func(do func(*suite.Base)) {
		t.Helper()
		base, err := p.kept(t.Context(), p.tool(t))
		must(t, err)
		do(base)
		must(t, base.Close())
	}
	with(func(base *suite.Base) {
		strand(t, base, unused)
		strand(t, base, empty)
		commits(t, base, empty, 3, store.Change{})
	})
	if out, err := run(t, o.env, "keys", "check"); err == nil || !strings.Contains(out, "faults: 2") {
		t.Fatalf("before: %s, %v", out, err)
	}
	out, err := run(t, o.env, "keys", "repair")
	if err != nil || !strings.Contains(out, "files with a new key: 2; left: 0") || !strings.Contains(out, unused+": new key") || !strings.Contains(out, empty+": new key") {
		t.Errorf("%s, %v", out, err)
	}
	opens("repaired")
	with(func(base *suite.Base) {
		_, err := base.Deps.Vault.Seal(t.Context(), "2004042", empty, "44051401359")
		must(t, err)
	})
	if out, err := run(t, o.env, "keys", "check"); err != nil {
		t.Errorf("after: %s, %v", out, err)
	}
	for i, last := range []store.Change{ // whatever part of a commit it is in, however many came before
		{Sections: map[string]any{"referral": bson.D{{Key: "members", Value: bson.A{bson.D{{Key: "pesel", Value: seal.Value{Cipher: []byte("x")}}}}}}}},
		{Cover: bson.D{{Key: "pesel", Value: seal.Value{Cipher: []byte("x")}}}},
		{Deadlines: []bson.D{{{Key: "due", Value: "2026-01-31"}, {Key: "open", Value: true}, {Key: "pesel", Value: seal.Value{Cipher: []byte("x")}}}}},
	} {
		file := sealed + string(rune('a'+i))
		with(func(base *suite.Base) {
			strand(t, base, file)
			commits(t, base, file, 102, last)
		})
		if out, err := run(t, o.env, "keys", "repair"); err == nil || !strings.Contains(out, "files with a new key: 0") || !strings.Contains(out, file+": left: the journal holds") {
			t.Errorf("%d: %s, %v", i, out, err)
		}
	}
	if _, err := run(t, o.env, "keys", "repair", "x"); err == nil {
		t.Error("what nobody knows is accepted")
	}
}
