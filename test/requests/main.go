package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"asysta.example/internal/testkit/ledger"
	"asysta.example/test/longform"
)

func main() { longform.Main("requests", command) }

func command(ctx context.Context, c *longform.Command) error {
	debug.SetGCPercent(400) // counties are small, and the machine's memory is not what is tried here
	var p plan
	var total int
	c.Uint64Var(&p.seed, "seed", 1, "what the requests follow from")
	c.IntVar(&p.from, "from", 0, "number of the county to begin with")
	c.IntVar(&total, "n", 1_000_000, "requests")
	c.IntVar(&p.each, "each", 20_000, "requests of each county")
	c.IntVar(&p.lanes, "lanes", 8, "counties that live at once")
	c.DurationVar(&p.within, "for", 20*time.Minute, "nothing is asked after")
	c.DurationVar(&p.patience, "patience", 5*time.Second, "how long an answer may take")
	c.StringVar(&p.dir, "dir", "", "folder for the counties' data files; the machine's temporary one where empty")
	profile := c.String("cpuprofile", "", "file for a CPU profile of the run")
	if err := c.Parse(); err != nil {
		return err
	}
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
	f, err := run(ctx, p, func(line string) { fmt.Println(line) })
	if err != nil {
		return err
	}
	fmt.Printf("%s\n%s\ngo on with -seed %d -from %d\n", f.details(), f, p.seed, f.next)
	if err := c.Record(ledger.Run{Proof: "requests", Figures: f.String(), Seed: p.seed}); err != nil {
		return err
	}
	if len(f.findings) > 0 {
		return errors.New("there are findings")
	}
	return nil
}
