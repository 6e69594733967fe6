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
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"asysta.example/internal/testkit/ledger"

	"asysta.example/test/crash/rig"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := realMain(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
		os.Exit(1)
	}
}

// flags are those that the long forms share.
type flags struct {
	engine string
	n      int
	seed   uint64
	bound  time.Duration
	record bool
	keep   string
}

var forms = map[string]func(context.Context, flags, string, rig.Programs) (ledger.Run, error){"kill": killForm, "power": powerForm, "disk": diskForm}

func realMain(ctx context.Context, args []string) error {
	if len(args) == 0 || forms[args[0]] == nil {
		return errors.New("name what to do: kill, power or disk")
	}
	var f flags
	set := flag.NewFlagSet(args[0], flag.ContinueOnError)
	set.StringVar(&f.engine, "engine", "sqlite", "sqlite or mongo")
	set.IntVar(&f.n, "n", 100, "how many rounds")
	set.Uint64Var(&f.seed, "seed", 1, "what randomness begins from")
	set.DurationVar(&f.bound, "for", 10*time.Minute, "bound on the time; no round begins after it")
	set.BoolVar(&f.record, "append", false, "add the result to docs/proofs.csv")
	set.StringVar(&f.keep, "dir", "", "folder to work in, kept afterwards; a temporary one where empty")
	if err := set.Parse(args[1:]); err != nil {
		return err
	}
	if args[0] == "disk" {
		if done, err := inNamespace(ctx); done || err != nil {
			return err
		}
	}
	dir := f.keep
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "asysta-crash-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
	}
	programs, err := rig.Build(ctx, dir)
	if err != nil {
		return err
	}
	began := time.Now()
	result, failed := forms[args[0]](ctx, f, dir, programs)
	fmt.Println(result.Figures)
	if f.record && result.Figures != "" {
		result.Command, result.Seed, result.Took = "go run ./test/crash "+strings.Join(args, " "), f.seed, time.Since(began)
		failed = errors.Join(failed, ledger.Append(result))
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
