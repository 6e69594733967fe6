package suite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
)

// OpenTool opens storage for a command. With makeKey the master key is made where its file is absent; a command that opens no secret works without one.
func OpenTool(ctx context.Context, cfg ToolConfig, clock func() time.Time, log *slog.Logger, migrate, makeKey bool) (*Base, error) {
	var master *seal.Master
	var err error
	if makeKey {
		master, err = masterOf(cfg.Storage, true)
	} else {
		master, err = seal.NewMaster()
	}
	if err != nil {
		return nil, err
	}
	return OpenBase(ctx, cfg.Storage, master, clock, log, migrate)
}

// First is what a new installation begins with.
type First struct {
	Gmina, GminaName, CountyName, Person, Subject string
}

func (f First) faults() error {
	var errs []error
	if !name.Digits(f.Gmina, 7) {
		errs = append(errs, errors.New("-gmina: the TERYT code of a gmina has 7 digits"))
	}
	for flag, value := range map[string]string{"-gmina-name": f.GminaName, "-county-name": f.CountyName, "-person": f.Person, "-subject": f.Subject} {
		if strings.TrimSpace(value) == "" {
			errs = append(errs, fmt.Errorf("%s: required", flag))
		}
	}
	return errors.Join(errs...)
}

// bootstrapMethod names the work of Bootstrap in the journal.
const bootstrapMethod = "asysta/bootstrap"

// Bootstrap makes the county, its first gmina and its first administrator, and gives the administrator's name. It refuses where the county exists already, so
// that nobody becomes administrator of a running installation by it.
func Bootstrap(ctx context.Context, deps rpc.Deps, first First) (string, error) {
	if err := first.faults(); err != nil {
		return "", err
	}
	county := first.Gmina[:4]
	ctx = rpc.Background(ctx, "bootstrap", county, bootstrapMethod)
	scope := deps.Store.ForCounty(county)
	person := deps.NewID()
	docs := []struct {
		ref   store.Ref
		cover any
	}{
		{store.Ref{Kind: store.Counties, ID: county}, directory.County{Digits: county, DisplayName: first.CountyName}},
		{store.Ref{Kind: store.Gminas, ID: first.Gmina}, directory.Gmina{TERYT: first.Gmina, DisplayName: first.GminaName}},
		{store.Ref{Kind: store.People, ID: person}, directory.Person{
			DisplayName: first.Person, Subjects: []string{first.Subject}, CountyRoles: []access.Role{access.CountyAdministrator}, ActiveFrom: deps.Today(),
		}},
	}
	for _, d := range docs {
		_, _, err := deps.Mutate(ctx, rpc.Mutation{Scope: scope, Ref: d.ref, Create: true, Apply: func(doc *store.Document) (store.Change, error) {
			if doc.Version > 0 {
				return store.Change{}, fault.Exists("ALREADY_BOOTSTRAPPED", "Ten powiat jest już założony; dalsze osoby dodaje jego administrator.")
			}
			return store.Change{Cover: d.cover}, nil
		}})
		if err != nil {
			return "", fmt.Errorf("bootstrap %s: %w", d.ref, err)
		}
	}
	return name.InCounty(county, name.People, person), nil
}
