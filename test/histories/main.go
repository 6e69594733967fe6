// Command histories lets clients of counties served by the real binary work against each other, and has what they saw checked: histories under etags are
// linearizable, the last place goes to one of two, a request sent many times has one effect.
//
//	go run ./test/histories linearizable -engine sqlite -n 200 -seed 1 -for 10m -append
//	go run ./test/histories last-place   -engine sqlite -n 1000 -seed 1 -for 30m -append
//	go run ./test/histories retries      -engine sqlite -n 50 -seed 1 -for 10m -append
//
// The engine may be mongo, with five processes and a second one of casefile. The same seed makes the same calls. It ends with an error where anything was found.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"asysta.example/internal/testkit/ledger"

	"asysta.example/test/crash/rig"
	"asysta.example/test/longform"
)

func main() { longform.Main("histories", run) }

// flags are those that the long forms share.
type flags struct {
	engine string
	n      int
	seed   uint64
	bound  time.Duration
}

// form is one long form: it gives the slug of its proof and its figures.
type form func(context.Context, flags, *rig.Land) (proof string, figures fmt.Stringer, err error)

var forms = map[string]form{"linearizable": linearForm, "last-place": placeForm, "retries": stormForm}

func run(ctx context.Context, c *longform.Command) (err error) {
	form := forms[c.Form()]
	if form == nil {
		return errors.New("name what to do: linearizable, last-place or retries")
	}
	var f flags
	c.StringVar(&f.engine, "engine", "sqlite", "sqlite or mongo")
	c.IntVar(&f.n, "n", 20, "how many rounds")
	c.Uint64Var(&f.seed, "seed", 1, "what randomness begins from")
	c.DurationVar(&f.bound, "for", 10*time.Minute, "bound on the time; no round begins after it")
	if err := c.Parse(); err != nil {
		return err
	}
	dir, err := c.Dir()
	if err != nil {
		return err
	}
	programs, err := rig.Build(ctx, dir)
	if err != nil {
		return err
	}
	land, err := rig.NewLand(ctx, programs, dir, f.engine == "mongo")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, land.Close()) }()
	land.Twin = true
	began := time.Now()
	proof, figures, failed := form(ctx, f, land)
	text := f.engine + ": " + figures.String()
	fmt.Println(text)
	return errors.Join(failed, c.Record(ledger.Run{Proof: proof, Figures: text, Seed: f.seed, Took: time.Since(began)}))
}

func linearForm(ctx context.Context, f flags, land *rig.Land) (string, fmt.Stringer, error) {
	got, err := linearRun{land: land, seed: f.seed, rounds: f.n, until: time.Now().Add(f.bound), clients: 6, each: 40}.run(ctx)
	if err == nil && got.wrong+got.undecided > 0 {
		err = errors.New("a history is not linearizable, or nobody knows")
	}
	return "linearizable", got, err
}

func placeForm(ctx context.Context, f flags, land *rig.Land) (string, fmt.Stringer, error) {
	got, err := placeRun{land: land, seed: f.seed, rounds: f.n, until: time.Now().Add(f.bound)}.run(ctx)
	for _, o := range got.other {
		fmt.Fprintln(os.Stderr, o)
	}
	if err == nil && got.bad() {
		err = errors.New("a round did not have exactly one winner")
	}
	return "last-place-" + f.engine, got, err
}

func stormForm(ctx context.Context, f flags, land *rig.Land) (string, fmt.Stringer, error) {
	got, err := stormRun{land: land, seed: f.seed, rounds: f.n, until: time.Now().Add(f.bound), width: 64}.run(ctx)
	if err == nil && got.bad() {
		err = errors.New("a request had not exactly one effect, or different answers")
	}
	return "retries", got, err
}
