package main

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/internal/testkit/disk"

	"asysta.example/test/crash/rig"
)

// seed of the short forms; the long forms take others.
const shortSeed = 20261121

var (
	builtIn  string // folder of the programs, "" before they are built
	programs = sync.OnceValues(func() (rig.Programs, error) {
		dir, err := os.MkdirTemp("", "asysta-crash-")
		if err != nil {
			return rig.Programs{}, err
		}
		builtIn = dir
		return rig.Build(context.Background(), dir)
	})
)

func TestMain(m *testing.M) {
	code := m.Run()
	if builtIn != "" {
		_ = os.RemoveAll(builtIn)
	}
	os.Exit(code)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Killed at random during writes, a county loses nothing it has acknowledged, does nothing by halves and misses no entry of its audit.
func TestKill(t *testing.T) {
	built, err := programs()
	must(t, err)
	for name, r := range map[string]*killRun{
		"one process on SQLite":                {cycles: 12},
		"five processes on the MongoDB engine": {cycles: 3, mongo: true},
	} {
		t.Run(name, func(t *testing.T) {
			r.seed, r.dir, r.programs, r.until = shortSeed, t.TempDir(), built, time.Now().Add(time.Minute)
			found, err := r.run(t.Context())
			must(t, err)
			for _, note := range found.notes {
				t.Error(note)
			}
			if found.bad() > 0 || found.cycles == 0 || found.writes < found.cycles {
				t.Errorf("%v", found)
			}
			t.Log(found)
		})
	}
}

// When the power goes, what was not synced is gone; what was acknowledged is there, and nothing is half. A store that does not sync fails the same test.
func TestPower(t *testing.T) {
	run := func(cuts int, opts ...store.EngineOption) *powerFigures {
		f, err := powerRun{seed: shortSeed, cuts: cuts, until: time.Now().Add(time.Minute), dir: t.TempDir(), commits: 160, engine: opts}.run(t.Context())
		must(t, err)
		t.Log(f)
		return f
	}
	if f := run(24); f.lost+f.broken > 0 || f.cuts == 0 || f.acknowledged < 160 || f.anew < 2 {
		t.Errorf("%v: %v", f, f.notes)
	}
	if f := run(8, sqlite.WithoutSync()); f.lost+f.broken == 0 {
		t.Error("a store that does not sync passes")
	}
}

// A full disk, and one that takes no writes any more, are refused clearly; when it is mended the county goes on without a restart and nothing is lost.
func TestDisk(t *testing.T) {
	built, err := programs()
	must(t, err)
	l, err := rig.NewLand(t.Context(), built, t.TempDir(), false)
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	for name, fault := range map[string]disk.Fault{"full": disk.Full, "read-only": disk.ReadOnly} {
		t.Run(name, func(t *testing.T) {
			c, err := l.Prepare()
			must(t, err)
			t.Parallel() // both wait for the health's next look at the store
			watch := disk.New(c.Dir)
			defer watch.Close()
			stop, err := c.StartInside(t.Context())
			must(t, err)
			defer func() { must(t, stop()) }()
			tr := &trouble{county: c, seed: shortSeed, break_: func() error { watch.Break(fault); return nil }, mend: func() error { watch.Break(disk.Well); return nil }}
			must(t, tr.run(t.Context()))
			t.Log(tr)
			if tr.found.bad() > 0 || len(tr.refused) == 0 || !tr.unreadable || watch.Refused() == 0 {
				t.Errorf("%v: %v", tr, tr.found.notes)
			}
		})
	}
}
