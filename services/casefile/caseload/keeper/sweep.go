package keeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"asysta.example/internal/store"
	"asysta.example/services/casefile/caseload"
)

// Fence says whether the family file of a reserved place exists with that assistant. Where it does not exist at all, it must first make sure, by a commit of the file's
// own, that it never will.
type Fence func(ctx context.Context, at At) (exists bool, err error)

// Grace is how long a reservation may stand before the sweep asks for its file: far longer than an approval takes.
const Grace = 10 * time.Minute

// sweepPage is how many caseloads a sweep reads at a time.
const sweepPage = 100

// SweepReservations settles every reservation older than Grace: it is confirmed where the file exists, released where the file has been fenced. It returns how many it
// settled. A fence that fails leaves its reservation for the next sweep; its error is returned with the others.
func (k *Keeper) SweepReservations(ctx context.Context, fence Fence) (int, error) {
	stale, err := k.stale(ctx)
	if err != nil {
		return 0, err
	}
	settled := 0
	var failed error
	for _, at := range stale {
		if err := k.settle(ctx, at, fence); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		settled++
	}
	return settled, failed
}

func (k *Keeper) settle(ctx context.Context, at At, fence Fence) error {
	exists, err := fence(ctx, at)
	if err != nil {
		return fmt.Errorf("caseload: fence: %w", err)
	}
	if exists {
		return k.Confirm(ctx, at)
	}
	limit := k.clock().Add(-Grace)
	return k.change(ctx, at, "zwolnienie miejsca u asystenta", func(c caseload.Caseload, _ time.Time) (caseload.Caseload, error) {
		return c.ReleaseStale(at.File, limit), nil // one that was asked for again meanwhile stays
	})
}

// stale gives the reservations older than Grace, the caseloads with the oldest first.
func (k *Keeper) stale(ctx context.Context) ([]At, error) {
	limit := k.clock().Add(-Grace)
	q := store.Query{Index: "reserved", From: time.Unix(0, 0).UTC(), To: limit.UTC(), Limit: sweepPage}
	var out []At
	for {
		page, err := k.store.System().List(ctx, store.Caseloads, q)
		if err != nil {
			return nil, fmt.Errorf("caseload: reservations: %w", err)
		}
		for _, hit := range page.Hits {
			c, err := decode(hit.Doc)
			if err != nil {
				return nil, err
			}
			for _, p := range c.Places {
				if p.State == caseload.Reserved && p.Since.Before(limit) {
					out = append(out, At{Gmina: p.Gmina, Person: hit.Doc.ID, File: p.File})
				}
			}
		}
		if page.Next == "" {
			return out, nil
		}
		q.Token = page.Next
	}
}
