package main

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

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
