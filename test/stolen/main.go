package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"asysta.example/internal/testkit/ledger"
	"asysta.example/test/longform"
)

func main() { longform.Main("stolen", run) }

func run(ctx context.Context, c *longform.Command) error {
	limit := c.Duration("for", 15*time.Minute, "how long the whole may take")
	if err := c.Parse(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	dir, err := c.Dir()
	if err != nil {
		return err
	}
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
		fmt.Println(r)
		figures, faults = append(figures, r.String()), append(faults, r.faults())
	}
	faults = append(faults, c.Record(ledger.Run{Proof: "stolen-file", Figures: strings.Join(figures, "; ")}))
	return errors.Join(faults...)
}
