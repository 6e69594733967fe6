package suite

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"
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
