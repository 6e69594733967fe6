package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"asysta.example/internal/testkit/ledger"
	"asysta.example/test/crash/rig"
	"asysta.example/test/longform"
)

func main() { longform.Main("markers", run) }

// form is one way of running the county and of calling it.
type form struct {
	name, way        string
	processes, mongo bool
}

var forms = []form{
	{"in process, SQLite, gRPC", "grpc", false, false},
	{"in process, SQLite, REST", "rest", false, false},
	{"one process, SQLite, both in turn", "turns", true, false},
	{"five processes, Mongo engine, gRPC", "grpc", true, true},
	{"five processes, Mongo engine, REST", "rest", true, true},
}

func run(ctx context.Context, c *longform.Command) error {
	seed := c.Uint64("seed", 1, "what the markers are made from")
	limit := c.Duration("for", 20*time.Minute, "how long the whole may take")
	if err := c.Parse(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	dir, err := c.Dir()
	if err != nil {
		return err
	}
	programs, err := rig.Build(ctx, dir)
	if err != nil {
		return err
	}
	var all []string
	var failures []error
	for i, f := range forms {
		r, err := f.run(ctx, programs, filepath.Join(dir, fmt.Sprint(i)), *seed+uint64(i))
		if err == nil {
			err = r.faults()
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", f.name, err))
		}
		fmt.Printf("%s: %s\n", f.name, r)
		if r.sent == 0 {
			all = append(all, f.name+": was not carried out to its end")
			continue
		}
		all = append(all, fmt.Sprintf("%s: %d found, %d markers sent, %d of secret fields", f.name, r.total(), r.sent, r.secret))
	}
	failures = append(failures, c.Record(ledger.Run{Proof: "markers", Seed: *seed, Figures: strings.Join(all, "; ")}))
	return errors.Join(failures...)
}

func (f form) run(ctx context.Context, programs rig.Programs, dir string, seed uint64) (report, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return report{}, err
	}
	m, err := newMarkers(seed)
	if err != nil {
		return report{}, err
	}
	var w *world
	if f.processes {
		w, err = processes(ctx, programs, dir, m, f.mongo)
	} else {
		w, err = inProcess(ctx, dir, m, time.Now())
	}
	if err != nil {
		return report{}, err
	}
	return listen(ctx, w, f.way)
}
