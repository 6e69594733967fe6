package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"asysta.example/internal/testkit/datafile"
)

// score is what a run of trials came to.
type score struct {
	trials, noticed     int // by the chains and what is derived from them
	witnessed, anchored int // trials for the anchors, and those that they noticed
	untouched           int // verifications of the untouched county; any fault in one ends the run
	missed              []string
	by                  map[string]int
}

// String gives the figures.
func (s score) String() string {
	return fmt.Sprintf("%d trials of %d kinds noticed %d; %d truncations and rewritten chains noticed with the anchor %d; untouched county verified %d times, false alarms 0",
		s.trials, len(trials), s.noticed, s.witnessed, s.anchored, s.untouched)
}

// each tenth trial is one for the anchors; each soundEvery-th verifies the untouched county.
const (
	anchorEvery = 10
	soundEvery  = 25
)

// play makes n trials. The k-th trial of a seed is the same in every run.
func (w *world) play(ctx context.Context, seed uint64, n int) (score, error) {
	s := score{by: map[string]int{}}
	for k := range n {
		if k%soundEvery == 0 {
			if err := w.sound(ctx, &s); err != nil {
				return s, err
			}
		}
		if ctx.Err() != nil {
			break
		}
		if err := w.one(ctx, rand.New(rand.NewPCG(seed, uint64(k))), k, &s); err != nil { //nolint:gosec // repeatable trials
			if ctx.Err() != nil {
				break
			}
			return s, fmt.Errorf("trial %d: %w", k, err)
		}
	}
	return s, w.sound(context.WithoutCancel(ctx), &s)
}

// sound verifies the county as it is and as it was: nothing may be found, but what the older one lacks.
func (w *world) sound(ctx context.Context, s *score) error {
	path := filepath.Join(w.dir, "sound.db")
	if err := copyTo(w.path, path); err != nil {
		return err
	}
	f, err := w.verify(ctx, path)
	if err == nil && len(f.chains)+len(f.anchors) > 0 {
		err = fmt.Errorf("the untouched county: %v %v", f.chains, f.anchors)
	}
	s.untouched++
	return err
}

// one makes one trial.
func (w *world) one(ctx context.Context, r *rand.Rand, k int, s *score) error {
	if k%anchorEvery == anchorEvery-1 {
		return w.of(ctx, r, k, witnessed, true, s)
	}
	return w.of(ctx, r, k, trials, false, s)
}

// of makes one trial of a list, which the anchors are to notice or the chains.
func (w *world) of(ctx context.Context, r *rand.Rand, k int, list []trial, forAnchors bool, s *score) error {
	var t trial
	var where string
	path := filepath.Join(w.dir, "trial.db")
	for where == "" {
		t = list[r.IntN(len(list))]
		if err := copyTo(w.path, path); err != nil {
			return err
		}
		f, err := datafile.Open(ctx, path)
		if err != nil {
			return err
		}
		where, err = t.do(ctx, r, w, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if where == older {
		if err := copyTo(w.older, path); err != nil {
			return err
		}
	}
	s.by[t.name]++
	f, err := w.verify(ctx, path)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", t.name, where, err)
	}
	if !forAnchors {
		if s.trials++; len(f.chains) > 0 {
			s.noticed++
		} else {
			s.missed = append(s.missed, fmt.Sprintf("trial %d: %s: %s", k, t.name, where))
		}
		return nil
	}
	if s.witnessed++; len(f.anchors) > 0 {
		s.anchored++
	} else {
		s.missed = append(s.missed, fmt.Sprintf("trial %d: %s: %s", k, t.name, where))
	}
	if len(f.chains) > 0 {
		return fmt.Errorf("%s, %s: the trial left a trace beside the anchors: %v", t.name, where, f.chains)
	}
	return nil
}

// kinds lists how often each way was tried.
func (s score) kinds() string {
	var out []string
	for name, n := range s.by {
		out = append(out, fmt.Sprintf("%4d  %s", n, name))
	}
	slices.SortFunc(out, func(a, b string) int { return strings.Compare(a[6:], b[6:]) })
	return strings.Join(out, "\n")
}
