package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"asysta.example/internal/testkit/ledger"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tamper:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("tamper", flag.ContinueOnError)
	seed := flags.Uint64("seed", 1, "what the trials are chosen by")
	n := flags.Int("n", 1111, "number of trials; each tenth is one for the anchors")
	limit := flags.Duration("for", 30*time.Minute, "how long the whole may take")
	appended := flags.Bool("append", false, "add the result to docs/proofs.csv")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	began := time.Now()
	dir, err := os.MkdirTemp("", "asysta-tamper-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	w, err := build(ctx, dir)
	if err != nil {
		return err
	}
	s, err := w.play(ctx, *seed, *n)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s\n%s\n", s, s.kinds()); err != nil {
		return err
	}
	if *appended {
		err = ledger.Append(ledger.Run{Proof: "tamper", Command: "go run ./test/tamper " + strings.Join(args, " "), Seed: *seed, Took: time.Since(began), Figures: s.String()})
	}
	if len(s.missed) > 0 {
		err = errors.Join(err, fmt.Errorf("missed:\n%s", strings.Join(s.missed, "\n")))
	}
	return err
}
