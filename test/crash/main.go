// Command crash takes counties served by the real binary through crashes and checks what is left: kill -9, loss of power, a full disk, a folder that became
// read-only.
//
//	go run ./test/crash kill  -engine sqlite -n 1000 -seed 1 -for 40m -append
//	go run ./test/crash kill  -engine mongo  -n 200  -seed 1 -for 30m -append
//	go run ./test/crash power -n 1000 -seed 1 -for 20m -append
//	go run ./test/crash disk  -n 20 -seed 1 -for 10m -append
//
// The same seed makes the same calls and the same moments, as far as several clients and the machine's scheduler let it. It ends with an error where anything was found.
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

func main() { longform.Main("crash", run) }

// flags are those that the long forms share.
type flags struct {
	engine string
	n      int
	seed   uint64
	bound  time.Duration
	keep   string
}

var forms = map[string]func(context.Context, flags, string, rig.Programs) (ledger.Run, error){"kill": killForm, "power": powerForm, "disk": diskForm}

func run(ctx context.Context, c *longform.Command) error {
	name := c.Form()
	form := forms[name]
	if form == nil {
		return errors.New("name what to do: kill, power or disk")
	}
	var f flags
	c.StringVar(&f.engine, "engine", "sqlite", "sqlite or mongo")
	c.IntVar(&f.n, "n", 100, "how many rounds")
	c.Uint64Var(&f.seed, "seed", 1, "what randomness begins from")
	c.DurationVar(&f.bound, "for", 10*time.Minute, "bound on the time; no round begins after it")
	c.StringVar(&f.keep, "dir", "", "folder to work in, kept afterwards; a temporary one where empty")
	if err := c.Parse(); err != nil {
		return err
	}
	if name == "disk" {
		if done, err := inNamespace(ctx); done || err != nil {
			return err
		}
	}
	dir := f.keep
	if dir == "" {
		var err error
		if dir, err = c.Dir(); err != nil {
			return err
		}
	}
	programs, err := rig.Build(ctx, dir)
	if err != nil {
		return err
	}
	began := time.Now()
	result, failed := form(ctx, f, dir, programs)
	fmt.Println(result.Figures)
	if result.Figures != "" {
		result.Seed, result.Took = f.seed, time.Since(began)
		failed = errors.Join(failed, c.Record(result))
	}
	return failed
}

// killForm is the long form of kill -9.
func killForm(ctx context.Context, f flags, dir string, programs rig.Programs) (ledger.Run, error) {
	r := &killRun{mongo: f.engine == "mongo", seed: f.seed, cycles: f.n, until: time.Now().Add(f.bound), dir: dir, programs: programs, progress: func(found *findings) {
		if found.cycles%25 == 0 {
			fmt.Fprintln(os.Stderr, found)
		}
	}}
	found, err := r.run(ctx)
	if found == nil {
		return ledger.Run{}, err
	}
	for _, note := range found.notes {
		fmt.Fprintln(os.Stderr, note)
	}
	if err == nil && found.bad() > 0 {
		err = fmt.Errorf("%d findings", found.bad())
	}
	return ledger.Run{Proof: "kill-" + f.engine, Figures: found.String()}, err
}

// powerForm is the long form of the loss of power.
func powerForm(ctx context.Context, f flags, dir string, _ rig.Programs) (ledger.Run, error) {
	found, err := powerRun{seed: f.seed, cuts: f.n, until: time.Now().Add(f.bound), dir: dir, commits: 1600}.run(ctx)
	if found == nil {
		return ledger.Run{}, err
	}
	for _, note := range found.notes {
		fmt.Fprintln(os.Stderr, note)
	}
	if err == nil && found.lost+found.broken > 0 {
		err = errors.New("a loss of power loses or breaks something")
	}
	return ledger.Run{Proof: "power", Figures: found.String()}, err
}
