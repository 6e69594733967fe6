// Package keeper keeps caseloads in the store: it reserves, confirms and releases places, each by a commit on the caseload of the assistant,
// and clears up reservations whose family file never came.
//
// # What holds
//
//   - Every method is idempotent by family file, so that a caller may repeat it after any failure.
//   - Of two reservations of the last place exactly one wins, whoever the callers are: the journal's unique insert decides.
//   - A reservation is released by the sweep only after the family file was fenced, so that it cannot come into being any more.
//   - Who commits is taken from the grant of the call (access) and, for the journal, from its envelope (rpc.CallFrom).
//
// It imports the core, internal/access, internal/calendar, internal/rpc and internal/store; no wire format and no engine.
package keeper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"asysta.example/internal/access"
	"asysta.example/internal/bsonform"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile/caseload"
)

// Keeper keeps the caseloads of every county. It is safe for concurrent use.
type Keeper struct {
	store store.Store
	clock func() time.Time
}

// New gives a keeper on a store. The clock gives the instant of recording; its civil day in Warsaw decides which cap is in force.
func New(s store.Store, clock func() time.Time) *Keeper { return &Keeper{store: s, clock: clock} }

// At is a family's place: the file, its gmina, and the person of the county who is its assistant.
type At struct {
	Gmina  string // TERYT of the family file
	Person string // person id of the assistant
	File   string // family file id
}

func (a At) county() string { return a.Gmina[:4] }

func (a At) valid() error {
	if len(a.Gmina) != 7 || a.Person == "" || a.File == "" {
		return errors.New("caseload: a place needs gmina, person and file")
	}
	return nil
}

// cover is the stored form of a caseload, with what the indexes of store.Caseloads ask for.
type cover struct {
	caseload.Caseload `bson:",inline"`
	Taken             int        `bson:"taken"`
	OldestReservation *time.Time `bson:"oldest_reservation"`
}

// Reserve takes a place; the fault is CASELOAD_FULL (rule art. 15(4)) where none is left. A file that has a place keeps it.
func (k *Keeper) Reserve(ctx context.Context, at At) error {
	return k.change(ctx, at, "rezerwacja miejsca u asystenta", func(c caseload.Caseload, now time.Time) (caseload.Caseload, error) {
		return c.Reserve(at.Gmina, at.File, now)
	})
}

// Resume takes a place for a family whose work begins again, as Reserve; one that its monitoring holds is reserved anew.
func (k *Keeper) Resume(ctx context.Context, at At) error {
	return k.change(ctx, at, "rezerwacja miejsca u asystenta", func(c caseload.Caseload, now time.Time) (caseload.Caseload, error) {
		return c.Resume(at.Gmina, at.File, now)
	})
}

// Confirm says that the family file exists with this assistant; the fault is PLACE_NOT_RESERVED where the place was never taken.
func (k *Keeper) Confirm(ctx context.Context, at At) error {
	return k.change(ctx, at, "przydział asystenta", func(c caseload.Caseload, now time.Time) (caseload.Caseload, error) {
		return c.Confirm(at.File, now)
	})
}

// Hold puts right a caseload that lacks a family which the file says is served; over says that the assistant now has more families than the cap allows.
func (k *Keeper) Hold(ctx context.Context, at At) (over bool, err error) {
	err = k.change(ctx, at, "uzgodnienie z teczką rodziny", func(c caseload.Caseload, now time.Time) (caseload.Caseload, error) {
		c, over = c.Hold(at.Gmina, at.File, now)
		return c, nil
	})
	return over, err
}

// Release gives the place back: the family was given to another assistant, the work has ended, or the file never came and was fenced.
func (k *Keeper) Release(ctx context.Context, at At) error {
	return k.change(ctx, at, "zwolnienie miejsca u asystenta", func(c caseload.Caseload, _ time.Time) (caseload.Caseload, error) {
		return c.Release(at.File), nil
	})
}

// ReleaseSeen gives a place of a person back that is as it was seen, and says whether it was: who asked for it again meanwhile keeps it.
func (k *Keeper) ReleaseSeen(ctx context.Context, person string, seen caseload.Place) (freed bool, err error) {
	at := At{Gmina: seen.Gmina, Person: person, File: seen.File}
	err = k.change(ctx, at, "zwolnienie miejsca u asystenta", func(c caseload.Caseload, _ time.Time) (caseload.Caseload, error) {
		next := c.ReleaseSeen(seen)
		freed = next.Taken() < c.Taken()
		return next, nil
	})
	return freed && err == nil, err
}

// Load gives the caseload of a person of a county; the empty one where the person has never had a family.
func (k *Keeper) Load(ctx context.Context, county, person string) (caseload.Caseload, error) {
	doc, err := k.store.ForCounty(county).Load(ctx, store.Ref{Kind: store.Caseloads, ID: person})
	if errors.Is(err, store.ErrNotFound) {
		return caseload.Caseload{}, nil
	}
	if err != nil {
		return caseload.Caseload{}, fmt.Errorf("caseload: load: %w", err)
	}
	return decode(doc)
}

// attempts is how often a change meets a newer caseload. Each failed attempt means that somebody else succeeded, so that as many writers
// as an assistant has places could all get through one after the other.
const attempts = 64

// change puts one command on the newest caseload, again after a conflict. Nothing is committed where nothing changes.
func (k *Keeper) change(ctx context.Context, at At, purpose string, command func(caseload.Caseload, time.Time) (caseload.Caseload, error)) error {
	if err := at.valid(); err != nil {
		return err
	}
	for range attempts {
		err := k.once(ctx, at, purpose, command)
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return fmt.Errorf("caseload: %w", store.ErrConflict)
}

func (k *Keeper) once(ctx context.Context, at At, purpose string, command func(caseload.Caseload, time.Time) (caseload.Caseload, error)) error {
	scope, ref := k.store.ForCounty(at.county()), store.Ref{Kind: store.Caseloads, ID: at.Person}
	doc, err := scope.Load(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		doc, err = scope.New(ref), nil
	}
	if err != nil {
		return fmt.Errorf("caseload: load: %w", err)
	}
	now := k.clock()
	before, err := decode(doc)
	if err != nil {
		return err
	}
	after, err := command(before, now)
	if err != nil {
		return err
	}
	if same(before, after) {
		return nil
	}
	_, _, err = scope.Commit(ctx, doc, store.Change{
		Actor: actor(ctx), Purpose: purpose, Method: method(ctx), RecordedAt: now,
		Cover: cover{Caseload: after, Taken: after.Taken(), OldestReservation: after.OldestReservation()},
	})
	if err != nil {
		return fmt.Errorf("caseload: commit: %w", err)
	}
	return nil
}

// same says that a command changed nothing: commands only add a place, remove one, confirm or renew one.
func same(a, b caseload.Caseload) bool {
	if len(a.Places) != len(b.Places) {
		return false
	}
	for i, p := range a.Places {
		if q := b.Places[i]; p.File != q.File || p.State != q.State || !p.Since.Equal(q.Since) {
			return false
		}
	}
	return true
}

// sweepMethod is what the journal says of work that no call asked for.
const sweepMethod = "caseload/sweep"

func method(ctx context.Context) string {
	if m := rpc.CallFrom(ctx).Method; m != "" {
		return m
	}
	return sweepMethod
}

// actor names the caller in whose name the place moves; the service itself where nobody called.
func actor(ctx context.Context) store.Actor {
	g := access.GrantFrom(ctx)
	a := store.Actor{Person: g.Person, System: g.System, Subject: g.Subject, Role: string(access.System)}
	switch {
	case g.System != "":
		if g.ActingRole != "" {
			a.Role = string(g.ActingRole)
		}
	case g.Person == "":
		a.System = "caseload"
	default:
		a.Staff, a.Deputy = g.Employment.Staff, g.Employment.Deputy
		if len(g.Roles) > 0 {
			a.Role = string(g.Roles[0])
		}
	}
	return a
}

func decode(doc *store.Document) (caseload.Caseload, error) {
	var c cover
	if len(doc.Cover) == 0 {
		return c.Caseload, nil
	}
	if err := bsonform.Unmarshal(doc.Cover, &c); err != nil {
		return caseload.Caseload{}, fmt.Errorf("caseload: decode: %w", err)
	}
	return c.Caseload, nil
}
