package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"asysta.example/internal/testkit/ledger"
	"asysta.example/test/longform"
)

func main() { longform.Main("tamper", run) }

func run(ctx context.Context, c *longform.Command) error {
	seed := c.Uint64("seed", 1, "what the trials are chosen by")
	n := c.Int("n", 1111, "number of trials; each tenth is one for the anchors")
	limit := c.Duration("for", 30*time.Minute, "how long the whole may take")
	if err := c.Parse(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	dir, err := c.Dir()
	if err != nil {
		return err
	}
	w, err := build(ctx, dir)
	if err != nil {
		return err
	}
	s, err := w.play(ctx, *seed, *n)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n%s\n", s, s.kinds())
	err = c.Record(ledger.Run{Proof: "tamper", Seed: *seed, Figures: s.String()})
	if len(s.missed) > 0 {
		err = errors.Join(err, fmt.Errorf("missed:\n%s", strings.Join(s.missed, "\n")))
	}
	return err
}
