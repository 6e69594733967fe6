package server

import (
	"context"
	"fmt"
	"slices"

	"asysta.example/internal/store"
)

// feedReader reads the feeds of the gminas for one coordinator. It is the one place that opens a gmina's scope on behalf of a coordinator, who may not: an
// entry leaves it only if its audience holds the person, or held the person before that commit, and then as no more than the id of the file. What the
// coordinator is shown is loaded through store.ForCoordinator, which asks the audience again.
type feedReader struct {
	store  store.Store
	person string
}

// touched is a file of which a coordinator has to hear.
type touched struct {
	gmina string // whose feed said so
	file  string
}

// batch is how many entries of a feed are read at once.
const batch = 200

// after gives the files that entries above a position concern, each once, and the position read up to. It reads one batch; more says that entries may be left.
func (r feedReader) after(ctx context.Context, gmina string, position int64) (files []touched, last int64, more bool, err error) {
	entries, err := r.store.For(gmina).Feed(ctx, position, batch)
	if err != nil {
		return nil, position, false, fmt.Errorf("planning: feed: %w", err)
	}
	last = position
	for _, e := range entries {
		last = max(last, e.Position)
		concerned := slices.Contains(e.Audience, r.person) || slices.Contains(e.Left, r.person)
		if e.Ref.Kind != store.FamilyFiles || !concerned {
			continue
		}
		if t := (touched{gmina, e.Ref.ID}); !slices.Contains(files, t) {
			files = append(files, t)
		}
	}
	return files, last, len(entries) == batch, nil
}

// head gives the last position of a feed. Positions have no gap, so that doubling and halving find it in a few reads of one entry.
func (r feedReader) head(ctx context.Context, gmina string) (int64, error) {
	scope := r.store.For(gmina)
	taken := func(position int64) (bool, error) {
		entries, err := scope.Feed(ctx, position-1, 1)
		if err != nil {
			return false, fmt.Errorf("planning: head of the feed: %w", err)
		}
		return len(entries) > 0, nil
	}
	low, high := int64(0), int64(1) // low is taken (or 0), high is looked at
	for {
		ok, err := taken(high)
		if err != nil {
			return 0, err
		}
		if !ok {
			break
		}
		low, high = high, high*2
	}
	for high-low > 1 {
		mid := low + (high-low)/2
		ok, err := taken(mid)
		if err != nil {
			return 0, err
		}
		if ok {
			low = mid
		} else {
			high = mid
		}
	}
	return low, nil
}
