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

// within bounds one test without its guard.
const within = 4 * time.Minute

func main() { longform.Main("mutants", run) }

func run(ctx context.Context, c *longform.Command) error {
	only := c.String("only", "", "part of the names of the guards to remove; all without")
	limit := c.Duration("for", 40*time.Minute, "bound on the time of the whole run")
	if err := c.Parse(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	where, err := root(ctx)
	if err != nil {
		return err
	}
	kinds, tried, alive := map[string]bool{}, 0, []string{}
	var broken error
	for _, g := range guards {
		if !strings.Contains(g.name, *only) {
			continue
		}
		at := time.Now()
		f, err := try(ctx, where, g, within)
		if ctx.Err() != nil {
			return fmt.Errorf("the time is over after %d guards: %w", tried, ctx.Err())
		}
		if err != nil {
			broken = errors.Join(broken, err)
			continue
		}
		kind, _, _ := strings.Cut(g.name, ":")
		kinds[kind] = true
		tried++
		word := "killed  "
		if f == survived {
			word = "SURVIVED"
			alive = append(alive, g.name)
		}
		fmt.Printf("%s  %s  (%s %s, %.0fs)\n", word, g.name, g.pkg, g.test, time.Since(at).Seconds())
	}
	figures := fmt.Sprintf("%d guards of %d kinds removed, survivors %d", tried, len(kinds), len(alive))
	fmt.Println(figures)
	if *only == "" && broken == nil {
		err = c.Record(ledger.Run{Proof: "mutants", Figures: figures})
	}
	if len(alive) > 0 {
		broken = errors.Join(broken, fmt.Errorf("no test notices the removal of: %s", strings.Join(alive, "; ")))
	}
	return errors.Join(err, broken)
}
