package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	core "asysta.example/services/casefile/directory"

	dir "asysta.example/internal/directory"
)

// Admin is the first administrator of a county.
type Admin struct {
	Name    string // first name and surname
	Subject string // login subject: claim sub of the identity provider's tokens
}

// bootstrapMethod is what the journal says of the work.
const bootstrapMethod = "directory/bootstrap"

// Bootstrap makes a county, its first gmina and its first administrator, who may then make everything else. A county that is there already is
// refused (BOOTSTRAPPED), so that nobody becomes an administrator beside the journal of people. The county is written last: after a crash the same call
// goes on where it stopped. It returns the resource name of the administrator.
func Bootstrap(ctx context.Context, s store.Store, clock func() time.Time, county dir.County, gmina dir.Gmina, admin Admin) (string, error) {
	b := boot{store: s, at: clock(), county: county}
	today := calendar.In(b.at)
	if !name.Digits(county.Digits, 4) || county.DisplayName == "" {
		return "", fault.Invalid("county", "COUNTY", "podaj czterocyfrowy kod TERYT powiatu i jego nazwę.")
	}
	gmina, err := core.NewGmina(county.Digits, gmina, today)
	if err != nil {
		return "", err
	}
	person, err := core.NewPerson(dir.Person{DisplayName: admin.Name, CountyRoles: []access.Role{access.CountyAdministrator}}, today)
	if err != nil {
		return "", err
	}
	if person, err = core.LinkSubject(person, admin.Subject, today); err != nil {
		return "", err
	}
	if err := b.fresh(ctx); err != nil {
		return "", err
	}
	id := store.DerivedID(county.Digits, "", bootstrapMethod, "first-administrator", admin.Subject)
	for _, step := range []struct {
		ref   store.Ref
		cover any
	}{
		{subjectRef(admin.Subject), claim{Person: id}},
		{store.Ref{Kind: store.People, ID: id}, person},
		{store.Ref{Kind: store.Gminas, ID: gmina.TERYT}, gmina},
		{b.ref(), county},
	} {
		if err := b.put(ctx, step.ref, step.cover); err != nil {
			return "", err
		}
	}
	return name.InCounty(county.Digits, name.People, id), nil
}

// boot writes the first aggregates of a county.
type boot struct {
	store  store.Store
	at     time.Time
	county dir.County
}

func (b boot) ref() store.Ref { return store.Ref{Kind: store.Counties, ID: b.county.Digits} }

// fresh refuses a county that is there.
func (b boot) fresh(ctx context.Context) error {
	_, err := b.store.ForCounty(b.county.Digits).Load(ctx, b.ref())
	switch {
	case err == nil:
		return b.refused()
	case errors.Is(err, store.ErrNotFound):
		return nil
	}
	return fmt.Errorf("bootstrap: %w", err)
}

func (b boot) refused() error {
	return fault.Precondition(core.ReasonBootstrapped, "bootstrap", "Ten powiat ma już administratora. Kolejne osoby dodaje administrator powiatu.")
}

// put writes an aggregate that is not there. One that a broken-off bootstrap has left is kept, unless it is of somebody else.
func (b boot) put(ctx context.Context, ref store.Ref, cover any) error {
	scope := b.store.ForCounty(b.county.Digits)
	doc, err := scope.Load(ctx, ref)
	switch {
	case err == nil && ref.Kind == store.Subjects:
		return b.sameClaim(doc, cover)
	case err == nil && ref.Kind != store.Counties:
		return nil
	case err == nil:
		return b.refused()
	case !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("bootstrap: %w", err)
	}
	_, _, err = scope.Commit(ctx, scope.New(ref), store.Change{
		Actor: store.Actor{System: "bootstrap", Role: string(access.System)}, Purpose: "uruchomienie systemu w powiecie", Method: bootstrapMethod, RecordedAt: b.at, Cover: cover,
	})
	if errors.Is(err, store.ErrConflict) {
		return b.refused()
	}
	if err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	return nil
}

// sameClaim refuses a login that leads to somebody else.
func (b boot) sameClaim(doc *store.Document, cover any) error {
	held, err := rpc.Part[claim](doc, doc.Cover)
	if err == nil && held != cover {
		return taken()
	}
	return err
}
