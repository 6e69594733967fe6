package suite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/seal"
	"asysta.example/internal/store"
)

// OpenKept opens storage for a command that opens what is sealed: with the master key of the deployment, which must be there, over a store that must be there. It brings
// collections and indexes up to date, as `asysta migrate` does.
func OpenKept(ctx context.Context, cfg ToolConfig, clock func() time.Time, log *slog.Logger) (*Base, error) {
	if path, ok := strings.CutPrefix(cfg.Store, "sqlite:"); ok {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("suite: there is no store: %w", err)
		}
	}
	return OpenBase(ctx, cfg.Storage, cfg.kept, clock, log, true)
}

// MasterFile is where the master key lies: beside the SQLite file where no place is named.
func (s Storage) MasterFile() string { return s.masterFile() }

// pageOfHistory is how many commits of an aggregate are looked through at once.
const pageOfHistory = 100

// RepairKeys gives a new data key to the files whose own one does not open and has sealed nothing, see seal.Vault.RepairFiles. What was sealed for a file is in the journal of the
// aggregate that has the file's id.
func (b *Base) RepairKeys(ctx context.Context) (seal.Repair, error) {
	return b.Deps.Vault.RepairFiles(ctx, func(ctx context.Context, file string) (bool, error) {
		for _, kind := range store.Kinds {
			if held, err := b.sealed(ctx, store.Ref{Kind: kind, ID: file}); held || err != nil {
				return held, err
			}
		}
		return false, nil
	})
}

// sealed tells whether any commit of an aggregate holds a sealed value.
func (b *Base) sealed(ctx context.Context, ref store.Ref) (bool, error) {
	for after := int64(0); ; {
		commits, err := b.Deps.Store.System().History(ctx, ref, after, pageOfHistory)
		if errors.Is(err, store.ErrNotFound) || err == nil && len(commits) == 0 {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		for _, c := range commits {
			if held, err := holds(c); held || err != nil {
				return held, err
			}
			after = c.Version
		}
	}
}

func holds(c store.Commit) (bool, error) {
	parts := append(slices.Collect(maps.Values(c.Sections)), c.Cover, c.CoverSet, c.DeadlinesPut)
	for _, r := range c.Records {
		parts = append(parts, r.Body)
	}
	if list, ok := c.Deadlines.ArrayOK(); ok {
		parts = append(parts, bson.Raw(list))
	}
	for _, part := range parts {
		if len(part) == 0 {
			continue
		}
		if held, err := seal.Holds(part); held || err != nil {
			return held, err
		}
	}
	return false, nil
}
