// Package longform is what the commands of the proof harnesses have in common: they stop when they are interrupted, work in a folder that is gone afterwards, put
// their result down in docs/proofs.csv where -append asks for it, and end with an error where anything was found.
//
// What a command does, its other flags and what it prints are its own.
package longform

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"asysta.example/internal/testkit/ledger"
)

// Command is a harness's command on one run. It is the set of its flags: the command adds its own before Parse.
type Command struct {
	*flag.FlagSet

	name   string
	args   []string // as they were given
	rest   []string // what Parse reads of them
	record bool
	began  time.Time
	dir    string
}

// Main runs the command in test/name until it ends or is interrupted; a second interrupt ends the process at once. An error is said on standard error, and the
// process then exits with 1.
func Main(name string, run func(context.Context, *Command) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	err := perform(ctx, name, os.Args[1:], run)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

func perform(ctx context.Context, name string, args []string, run func(context.Context, *Command) error) (err error) {
	c := &Command{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), name: name, args: args, rest: args, began: time.Now()}
	c.BoolVar(&c.record, "append", false, "add the result to docs/proofs.csv")
	defer func() {
		if c.dir != "" {
			err = errors.Join(err, os.RemoveAll(c.dir))
		}
	}()
	return run(ctx, c)
}

// Form takes the first argument, of a command that has several forms, from what Parse reads; "" where there is none.
func (c *Command) Form() string {
	if len(c.rest) == 0 {
		return ""
	}
	form := c.rest[0]
	c.rest = c.rest[1:]
	return form
}

// Parse reads the flags. What the run takes counts from here.
func (c *Command) Parse() error {
	err := c.FlagSet.Parse(c.rest)
	c.began = time.Now()
	return err
}

// Dir is a folder of the run's own, which Main removes.
func (c *Command) Dir() (_ string, err error) {
	if c.dir == "" {
		c.dir, err = os.MkdirTemp("", "asysta-"+c.name+"-")
	}
	return c.dir, err
}

// Record puts the run down in docs/proofs.csv, where -append asks for it. It adds what was run and, where the run does not say it, how long it took.
func (c *Command) Record(r ledger.Run) error {
	if !c.record {
		return nil
	}
	return ledger.Append(c.completed(r))
}

func (c *Command) completed(r ledger.Run) ledger.Run {
	if r.Command == "" {
		r.Command = strings.Join(append([]string{"go run ./test/" + c.name}, c.args...), " ")
	}
	if r.Took == 0 {
		r.Took = time.Since(c.began)
	}
	return r
}
