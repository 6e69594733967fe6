package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"asysta.example/internal/scenario"

	"asysta.example/test/crash/rig"
)

// trouble lets a county work, breaks its disk under it, looks at how it refuses, mends the disk and looks whether it goes on, without being restarted.
type trouble struct {
	county     *rig.County
	seed       uint64
	break_     func() error
	mend       func() error
	mayAccept  bool // some writes may still find a place after the disk was broken
	found      *findings
	refused    map[string]int // refusals while the disk was broken, by code and reason
	recovered  time.Duration  // from the mending to the first write that was carried out
	unreadable bool           // whether the gateway said that the county is not ready
}

// String gives the figures as they are recorded.
func (t *trouble) String() string {
	var words []string
	for _, reason := range slices.Sorted(maps.Keys(t.refused)) {
		words = append(words, fmt.Sprintf("%s %d", reason, t.refused[reason]))
	}
	return fmt.Sprintf("refused %v, not ready meanwhile %v, went on %s after it was mended without a restart; acknowledged writes %d lost %d, half-applied %d, audit entries missing %d, unclear answers %d",
		words, t.unreadable, t.recovered.Round(time.Millisecond), t.found.writes, t.found.lost, t.found.half, t.found.missing, t.found.unclear)
}

// Bounds of a trouble.
const (
	workFor     = 400 * time.Millisecond
	brokenCalls = 30
	noticeIn    = 20 * time.Second // health asks the store every few seconds
	recoverIn   = 30 * time.Second
)

func (t *trouble) run(ctx context.Context) error {
	t.found, t.refused = &findings{cycles: 1}, map[string]int{}
	load := newWorkload(t.seed, t.county)
	check := &checker{county: t.county, load: load, found: t.found}
	working, stop := context.WithTimeout(ctx, workFor)
	defer stop()
	made, err := load.run(working)
	if err != nil {
		return fmt.Errorf("before the disk was broken: %w", err)
	}
	if err := t.break_(); err != nil {
		return err
	}
	for range brokenCalls {
		c := load.next()
		t.refuse(ctx, load, c)
		made = append(made, c)
	}
	t.unreadable = t.await(ctx, noticeIn, func() bool { return !t.county.Ready(ctx) })
	if err := t.mend(); err != nil {
		return err
	}
	if err := t.recover(ctx, load); err != nil {
		return err
	}
	return check.after(ctx, made)
}

// refuse makes a call against the broken disk and judges how it is refused.
func (t *trouble) refuse(ctx context.Context, load *workload, c *call) {
	began := time.Now()
	answer, err := t.county.Call(ctx, c.way, c.as, c.method, load.complete(ctx, c))
	var refusal *scenario.Refusal
	switch {
	case err == nil:
		c.acknowledged, c.answer = true, answer
		if !t.mayAccept {
			t.found.unclear++
			t.found.note("%s was carried out on a disk that takes nothing", c.method)
		}
	case !errors.As(err, &refusal):
		t.found.unclear++
		t.found.note("%s: %v", c.method, err)
	default:
		t.refused[refusal.Code+" "+refusal.Reason]++
		clear := refusal.Code == "UNAVAILABLE" || refusal.Code == "RESOURCE_EXHAUSTED"
		if (c.kind == rename || c.kind == handover) && (refusal.Code == "ABORTED" || refusal.Code == "FAILED_PRECONDITION") {
			clear = true // the state of the file forbids it: no etag could be read, or the assistant is the present one
		}
		if !clear || refusal.Polish == "" || time.Since(began) > callBound {
			t.found.unclear++
			t.found.note("%s was refused as %s %s %q after %s", c.method, refusal.Code, refusal.Reason, refusal.Polish, time.Since(began))
		}
	}
}

// callBound is how long a refusal may take.
const callBound = 15 * time.Second

// complete fills in the etag of a call, as far as it can be read.
func (w *workload) complete(ctx context.Context, c *call) rig.Fields {
	if c.kind == rename || c.kind == handover {
		c.request["etag"] = "0"
		if seen, err := w.county.Call(ctx, c.way, c.as, "casefile.CasefileService/GetFamilyFile", rig.Fields{"name": c.file}); err == nil {
			c.request["etag"] = rig.Text(seen, "etag")
		}
	}
	return c.request
}

func (t *trouble) await(ctx context.Context, within time.Duration, done func() bool) bool {
	for began := time.Now(); time.Since(began) < within && ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		if done() {
			return true
		}
	}
	return false
}

// recover waits until the mended county carries out a write and says that it is ready.
func (t *trouble) recover(ctx context.Context, load *workload) error {
	began := time.Now()
	c := load.next()
	for c.kind != visit {
		c = load.next()
	}
	ok := t.await(ctx, recoverIn, func() bool {
		_, err := t.county.Call(ctx, c.way, c.as, c.method, c.request)
		return err == nil
	})
	t.recovered = time.Since(began)
	if !ok || !t.await(ctx, recoverIn, func() bool { return t.county.Ready(ctx) }) {
		return errors.New("the county does not go on after the disk was mended")
	}
	return nil
}
