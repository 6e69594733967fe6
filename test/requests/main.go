package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"time"

	"asysta.example/internal/testkit/ledger"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := command(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "requests:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context) error {
	debug.SetGCPercent(400) // counties are small, and the machine's memory is not what is tried here
	var p plan
	var total int
	flag.Uint64Var(&p.seed, "seed", 1, "what the requests follow from")
	flag.IntVar(&p.from, "from", 0, "number of the county to begin with")
	flag.IntVar(&total, "n", 1_000_000, "requests")
	flag.IntVar(&p.each, "each", 20_000, "requests of each county")
	flag.IntVar(&p.lanes, "lanes", 8, "counties that live at once")
	flag.DurationVar(&p.within, "for", 20*time.Minute, "nothing is asked after")
	flag.DurationVar(&p.patience, "patience", 5*time.Second, "how long an answer may take")
	flag.StringVar(&p.dir, "dir", "", "folder for the counties' data files; the machine's temporary one where empty")
	record := flag.Bool("append", false, "append the result to docs/proofs.csv")
	profile := flag.String("cpuprofile", "", "file for a CPU profile of the run")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer func() { pprof.StopCPUProfile(); _ = f.Close() }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
	}
	p.counties = (total + p.each - 1) / p.each
	began := time.Now()
	f, err := run(ctx, p, func(line string) { fmt.Println(line) })
	if err != nil {
		return err
	}
	fmt.Printf("%s\n%s\ngo on with -seed %d -from %d\n", f.details(), f, p.seed, f.next)
	if *record {
		run := ledger.Run{Proof: "requests", Command: "go run ./test/requests " + strings.Join(os.Args[1:], " "), Figures: f.String(), Seed: p.seed, Took: time.Since(began)}
		if err := ledger.Append(run); err != nil {
			return err
		}
	}
	if len(f.findings) > 0 {
		return errors.New("there are findings")
	}
	return nil
}
