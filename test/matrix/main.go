package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"asysta.example/internal/testkit/ledger"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := command(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context) error {
	within := flag.Duration("for", 20*time.Minute, "bound on the time")
	record := flag.Bool("append", false, "append the result to docs/proofs.csv")
	flag.Parse()
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, *within)
	defer cancel()
	dir, err := os.MkdirTemp("", "matrix-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	w, err := newWorld(ctx, dir, io.Discard)
	if err != nil {
		return err
	}
	defer func() { _ = w.Close() }()
	f, err := run(ctx, w, func(int, cell) bool { return true })
	if err != nil {
		return err
	}
	for _, m := range f.mismatches {
		fmt.Println(m)
	}
	for m, vain := range f.vain {
		if vain {
			fmt.Println("only its fields were judged:", m)
		}
	}
	fmt.Println(f)
	if *record {
		if err := ledger.Append(ledger.Run{Proof: "matrix", Command: "go run ./test/matrix " + strings.Join(os.Args[1:], " "), Figures: f.String(), Took: time.Since(began)}); err != nil {
			return err
		}
	}
	if len(f.mismatches) > 0 {
		return fmt.Errorf("%d mismatches", len(f.mismatches))
	}
	return nil
}
