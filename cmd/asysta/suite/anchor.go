package suite

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"asysta.example/internal/anchor"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

// anchorEvery is how often a process looks whether the day has its anchor.
const anchorEvery = 15 * time.Minute

// Anchor writes the signed heads of every gmina and county into the configured folder: those of all commits since the last time. With once it does nothing on a day that has
// them already.
func Anchor(ctx context.Context, deps rpc.Deps, a Anchoring, once bool) (anchor.Made, error) {
	key, err := anchor.LoadKey(a.AnchorKey)
	if err != nil {
		return anchor.Made{}, err
	}
	tenants, err := tenants(ctx, deps.Store)
	if err != nil {
		return anchor.Made{}, fmt.Errorf("suite: anchor: %w", err)
	}
	return anchor.Make(ctx, deps.Store.System(), a.AnchorDir, key, tenants, deps.Clock(), once)
}

// ready tells whether the key is there that signs. The folder may come later: a share that is not mounted yet keeps no office from working, and the round says so.
func (a Anchoring) ready() error {
	if a.AnchorDir == "" {
		return nil
	}
	if _, err := anchor.LoadKey(a.AnchorKey); err != nil {
		return fmt.Errorf("ASYSTA_ANCHOR_KEY_FILE: %w", err)
	}
	return nil
}

// tenants lists the counties and gminas of a store: everybody who has a feed.
func tenants(ctx context.Context, s store.Store) (all []string, err error) {
	err = eachListed(ctx, s.System(), store.Counties, func(county string) error {
		all = append(all, county)
		return eachListed(ctx, s.ForCounty(county), store.Gminas, func(gmina string) error {
			all = append(all, gmina)
			return nil
		})
	})
	return all, err
}

// eachListed calls fn with the ids of all aggregates of a kind that a scope lists.
func eachListed(ctx context.Context, from store.Reader, kind store.Kind, fn func(id string) error) error {
	q := store.Query{Index: "all", Limit: 500}
	for {
		page, err := from.List(ctx, kind, q)
		if err != nil {
			return err
		}
		for _, hit := range page.Hits {
			if err := fn(hit.Doc.ID); err != nil {
				return err
			}
		}
		if q.Token = page.Next; q.Token == "" {
			return nil
		}
	}
}

// anchorWork anchors once a day, where that is configured.
func anchorWork(deps rpc.Deps, a Anchoring) []Work {
	if a.AnchorDir == "" {
		return nil
	}
	return []Work{{Name: "store/anchor", Every: anchorEvery, Round: func(ctx context.Context) error {
		made, err := Anchor(ctx, deps, a, true)
		if err == nil && made.File != "" {
			deps.Log.InfoContext(ctx, "anchored", slog.Int("count", made.Commits))
		}
		return err
	}}}
}
