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
)

// within bounds one test without its guard.
const within = 4 * time.Minute

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	only := flag.String("only", "", "part of the names of the guards to remove; all without")
	limit := flag.Duration("for", 40*time.Minute, "bound on the time of the whole run")
	record := flag.Bool("append", false, "add the result to docs/proofs.csv")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	began := time.Now()
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
	if *record && *only == "" && broken == nil {
		err = ledger.Append(ledger.Run{Proof: "mutants", Command: "go run ./test/mutants -append", Figures: figures, Took: time.Since(began)})
	}
	if len(alive) > 0 {
		broken = errors.Join(broken, fmt.Errorf("no test notices the removal of: %s", strings.Join(alive, "; ")))
	}
	return errors.Join(err, broken)
}
