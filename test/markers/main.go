package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"asysta.example/internal/testkit/ledger"
	"asysta.example/test/crash/rig"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "markers:", err)
		os.Exit(1)
	}
}

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

func run(args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("markers", flag.ContinueOnError)
	seed := flags.Uint64("seed", 1, "what the markers are made from")
	limit := flags.Duration("for", 20*time.Minute, "how long the whole may take")
	appended := flags.Bool("append", false, "add the result to docs/proofs.csv")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	began := time.Now()
	dir, err := os.MkdirTemp("", "asysta-markers-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
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
		line := fmt.Sprintf("%s: %s", f.name, r)
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
		if r.sent == 0 {
			all = append(all, f.name+": was not carried out to its end")
			continue
		}
		all = append(all, fmt.Sprintf("%s: %d found, %d markers sent, %d of secret fields", f.name, r.total(), r.sent, r.secret))
	}
	if *appended {
		failures = append(failures, ledger.Append(ledger.Run{
			Proof: "markers", Command: "go run ./test/markers " + strings.Join(args, " "), Seed: *seed, Took: time.Since(began), Figures: strings.Join(all, "; "),
		}))
	}
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
