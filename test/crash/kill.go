package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"asysta.example/test/crash/rig"
)

// killRun is a run of kill -9.
type killRun struct {
	mongo    bool
	seed     uint64
	cycles   int
	until    time.Time // no cycle begins after it; zero: no bound
	dir      string
	programs rig.Programs
	progress func(*findings) // called after each cycle; nil for nothing

	land  *rig.Land
	found *findings
}

// generation is how many crashes one county lives through, so that checking all of it stays quick.
func (r *killRun) generation() int {
	if r.mongo {
		return 8 // the stand-in for MongoDB looks through whole collections
	}
	return 20
}

// run kills and restarts until the cycles are done or the time is over.
func (r *killRun) run(ctx context.Context) (_ *findings, err error) {
	r.found = &findings{}
	if r.land, err = rig.NewLand(ctx, r.programs, r.dir, r.mongo); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.land.Close()) }()
	for n := 0; r.found.cycles < r.cycles && r.inTime(); n++ {
		if err := r.live(ctx, r.seed+uint64(n)); err != nil {
			return r.found, fmt.Errorf("county of seed %d: %w", r.seed+uint64(n), err)
		}
	}
	return r.found, nil
}

func (r *killRun) inTime() bool { return r.until.IsZero() || time.Now().Before(r.until) }

// live takes one county through a generation of crashes.
func (r *killRun) live(ctx context.Context, seed uint64) (err error) {
	c, err := r.land.County(ctx)
	if c != nil {
		defer c.Kill()
	}
	if err != nil {
		return err
	}
	dice := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // repeatable by its seed
	load := newWorkload(seed, c)
	check := &checker{county: c, load: load, found: r.found}
	before := r.found.bad()
	for i := 0; i < r.generation() && r.found.cycles < r.cycles && r.inTime(); i++ {
		r.found.cycles++
		made, err := r.crash(ctx, c, load, dice)
		if err != nil {
			return err
		}
		if err := c.Start(ctx); err != nil {
			return err
		}
		if err := check.after(ctx, made); err != nil {
			return err
		}
		if r.progress != nil {
			r.progress(r.found)
		}
	}
	if _, err := c.Tool(ctx, "audit", "verify"); err != nil {
		r.found.chain++
		r.found.note("%v", err)
	}
	if err := c.Stop(); err != nil {
		return err
	}
	if r.found.bad() == before { // what was found broken is left for who has to look
		return os.RemoveAll(c.Dir)
	}
	return nil
}

// crash lets clients call and kills processes in the middle of it. Every tenth time the restarted process is killed again while it starts.
func (r *killRun) crash(ctx context.Context, c *rig.County, load *workload, dice *rand.Rand) ([]*call, error) {
	working, stop := context.WithCancel(ctx)
	defer stop()
	type result struct {
		made []*call
		err  error
	}
	done := make(chan result, 1)
	go func() {
		made, err := load.run(working)
		done <- result{made, err}
	}()
	span := 300
	if r.mongo {
		span = 1500 // one write takes many round trips there
	}
	time.Sleep(time.Duration(20+dice.IntN(span)) * time.Millisecond)
	victims := c.Processes()
	if r.mongo && dice.IntN(3) > 0 { // otherwise all of them
		dice.Shuffle(len(victims), func(i, j int) { victims[i], victims[j] = victims[j], victims[i] })
		victims = victims[:1+dice.IntN(len(victims)-1)]
	}
	stop() // no call begins any more; those under way are cut off
	c.Kill(victims...)
	if dice.IntN(10) == 0 {
		if err := c.Launch(); err != nil {
			return nil, err
		}
		time.Sleep(time.Duration(dice.IntN(150)) * time.Millisecond)
		c.Kill(victims...)
	}
	got := <-done
	if got.err != nil {
		r.found.unclear++
		r.found.note("%v", got.err)
	}
	if err := ctx.Err(); err != nil {
		return nil, errors.Join(err, got.err)
	}
	return got.made, nil
}
