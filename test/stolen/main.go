package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"asysta.example/internal/testkit/ledger"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "stolen:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("stolen", flag.ContinueOnError)
	limit := flags.Duration("for", 15*time.Minute, "how long the whole may take")
	appended := flags.Bool("append", false, "add the result to docs/proofs.csv")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	began := time.Now()
	dir, err := os.MkdirTemp("", "asysta-stolen-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var figures []string
	var faults []error
	for i, steal := range []func(context.Context, string) (result, error){sqliteFile, mongoDump} {
		folder := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(folder, 0o700); err != nil {
			return err
		}
		r, err := steal(ctx, folder)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(out, r); err != nil {
			return err
		}
		figures, faults = append(figures, r.String()), append(faults, r.faults())
	}
	if *appended {
		faults = append(faults, ledger.Append(ledger.Run{Proof: "stolen-file", Command: strings.TrimSpace("go run ./test/stolen " + strings.Join(args, " ")), Took: time.Since(began), Figures: strings.Join(figures, "; ")}))
	}
	return errors.Join(faults...)
}
