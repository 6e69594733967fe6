package main

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"asysta.example/test/crash/rig"
)

// Seed and bound of the short forms.
const (
	shortSeed = 20261121
	within    = time.Minute
)

var (
	builtIn  string // folder of the programs, "" before they are built
	programs = sync.OnceValues(func() (rig.Programs, error) {
		dir, err := os.MkdirTemp("", "asysta-histories-")
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

// land makes counties on an engine until the test ends, served by the program as it ships.
func land(t *testing.T, engine string) *rig.Land {
	t.Helper()
	built, err := programs()
	must(t, err)
	l, err := rig.NewLand(t.Context(), built, t.TempDir(), engine == "mongo")
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	l.Twin = true
	return l
}

// linearizable is the test itself, of whatever program the land runs.
func linearizable(t *testing.T, l *rig.Land, rounds, each int) linearFigures {
	t.Helper()
	f, err := linearRun{land: l, seed: shortSeed, rounds: rounds, until: time.Now().Add(within), clients: 6, each: each}.run(t.Context())
	must(t, err)
	t.Log(f)
	if f.histories == 0 || f.refused == 0 || f.undecided > 0 {
		t.Errorf("the histories say nothing: %v", f)
	}
	return f
}

// Histories of concurrent clients with etags are linearizable, and the same test fails where the program's check of the version is taken out.
func TestLinearizable(t *testing.T) {
	for _, c := range []struct {
		engine       string
		rounds, each int
		without      rig.Patch // the guard that this engine's test is shown to need
	}{
		{"sqlite", 3, 40, rig.Patch{File: "internal/store/sqlite/writer.go", Old: `case errors.Is(err, store.ErrExists) && i == 0:`, New: `case false:`}},
		{"mongo", 1, 12, rig.Patch{File: "internal/store/mongo/write.go", Old: "if mongo.IsDuplicateKeyError(err) {\n\t\t\treturn true, nil", New: "if mongo.IsDuplicateKeyError(err) {\n\t\t\treturn false, nil"}},
	} {
		t.Run(c.engine, func(t *testing.T) {
			l := land(t, c.engine)
			if f := linearizable(t, l, c.rounds, c.each); f.wrong > 0 || f.unknown > f.operations/10 { // a visit may be told to come again where many change one file
				t.Errorf("not linearizable, or without clear answers: %v", f)
			}
			unguarded, err := rig.Build(t.Context(), t.TempDir(), c.without)
			must(t, err)
			l.Asysta = unguarded.Asysta
			if f := linearizable(t, l, c.rounds, c.each); f.wrong == 0 {
				t.Error("the program without its check of the version passes")
			}
		})
	}
}

// Of two heads who want the last place of an assistant one gets it.
func TestLastPlace(t *testing.T) {
	for engine, rounds := range map[string]int{"sqlite": 24, "mongo": 3} {
		t.Run(engine, func(t *testing.T) {
			f, err := placeRun{land: land(t, engine), seed: shortSeed, rounds: rounds, until: time.Now().Add(within)}.run(t.Context())
			must(t, err)
			t.Log(f)
			if f.bad() || f.rounds == 0 {
				t.Errorf("%v %v", f, f.other)
			}
		})
	}
}

// One request, sent by 64 clients at once and again later, has one effect and one answer.
func TestRetries(t *testing.T) {
	for engine, width := range map[string]int{"sqlite": 64, "mongo": 16} {
		t.Run(engine, func(t *testing.T) {
			f, err := stormRun{land: land(t, engine), seed: shortSeed, rounds: 1, until: time.Now().Add(within), width: width}.run(t.Context())
			must(t, err)
			t.Log(f)
			if f.bad() || f.storms == 0 {
				t.Errorf("%v", f)
			}
		})
	}
}
