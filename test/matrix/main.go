package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"asysta.example/internal/testkit/ledger"
	"asysta.example/test/longform"
)

func main() { longform.Main("matrix", command) }

func command(ctx context.Context, c *longform.Command) error {
	within := c.Duration("for", 20*time.Minute, "bound on the time")
	if err := c.Parse(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *within)
	defer cancel()
	dir, err := c.Dir()
	if err != nil {
		return err
	}
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
	if err := c.Record(ledger.Run{Proof: "matrix", Figures: f.String()}); err != nil {
		return err
	}
	if len(f.mismatches) > 0 {
		return fmt.Errorf("%d mismatches", len(f.mismatches))
	}
	return nil
}
