package suite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"

	"asysta.example/services/casefile/directory/server"
)

// OpenTool opens storage for a command. With makeKey the master key is made where its file is absent; a command that opens no secret works without one.
func OpenTool(ctx context.Context, cfg ToolConfig, clock func() time.Time, log *slog.Logger, migrate, makeKey bool) (*Base, error) {
	if path, ok := strings.CutPrefix(cfg.Store, "sqlite:"); ok && !migrate {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("suite: there is no store: %w", err) // and looking for one shall not make one
		}
	}
	if makeKey {
		return OpenBase(ctx, cfg.Storage, cfg.keptOrNew, clock, log, migrate)
	}
	unused, err := seal.NewMaster()
	if err != nil {
		return nil, err
	}
	return OpenBase(ctx, cfg.Storage, given(unused), clock, log, migrate)
}

// First is what a new installation begins with.
type First struct {
	Gmina, GminaName, CountyName, Person, Subject string
	Office, CountyOffice                          directory.Office // the centre and the PCPR, as on papers
}

// Faults says what is missing, before a store is made for it.
func (f First) Faults() error {
	var errs []error
	if !name.Digits(f.Gmina, 7) {
		errs = append(errs, errors.New("-gmina: the TERYT code of a gmina has 7 digits"))
	}
	for _, one := range []struct{ flag, value string }{{"-gmina-name", f.GminaName}, {"-county-name", f.CountyName}, {"-office", f.Office.Name}, {"-person", f.Person}, {"-subject", f.Subject}} {
		if strings.TrimSpace(one.value) == "" {
			errs = append(errs, fmt.Errorf("%s: required", one.flag))
		}
	}
	return errors.Join(errs...)
}

// Bootstrap makes the county, its first gmina and its first administrator, and gives the administrator's name. It refuses where the county exists already, so
// that nobody becomes administrator of a running installation by it.
func Bootstrap(ctx context.Context, deps rpc.Deps, first First) (string, error) {
	if err := first.Faults(); err != nil {
		return "", err
	}
	county := directory.County{Digits: first.Gmina[:4], DisplayName: first.CountyName, Office: first.CountyOffice}
	gmina := directory.Gmina{TERYT: first.Gmina, DisplayName: first.GminaName, Office: first.Office}
	person, err := server.Bootstrap(ctx, deps.Store, deps.Clock, county, gmina, server.Admin{Name: first.Person, Subject: first.Subject})
	if err != nil {
		return "", fmt.Errorf("bootstrap: %w", told(err))
	}
	return person, nil
}

// told adds to a fault what it says in Polish, for who runs a command.
func told(err error) error {
	if f, ok := fault.As(err); ok {
		return fmt.Errorf("%w: %s", err, f.Polish)
	}
	return err
}
