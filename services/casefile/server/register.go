package server

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

// register is the gmina's register of family files: running numbers by year, and which file is about to take which PESEL numbers (by their hash). Every opening goes
// through one commit of it, so that openings of one gmina happen one after the other.
type register struct {
	Years  map[string]int `bson:"years,omitempty"` // year → last number given
	Claims []claim        `bson:"claims,omitempty"`
	Extra  map[string]any `bson:",inline"`
}

// claim is a file's wish for numbers, until the file itself says so.
type claim struct {
	File   string    `bson:"file"`
	Hashes []string  `bson:"hashes,omitempty"`
	Number string    `bson:"number,omitempty"`
	At     time.Time `bson:"at"`
}

// claimGrace is how long a claim stands while its file does not show it: far longer than a call may take.
const claimGrace = 10 * time.Minute

const claimAttempts = 64

func registerRef(gmina string) store.Ref {
	return store.Ref{Kind: store.Counters, ID: gmina + "-files"}
}

// claim takes the hashes for a file, and, with a day, gives it a running number of that year, e.g. "AR/12/2026". Asking again for the same file gives the same number.
// The fault is PESEL_IN_USE where another open file of the gmina holds or claims one of the hashes.
func (s *Server) claim(ctx context.Context, want claim, gmina string, numberedOn calendar.Date) (number string, err error) {
	if len(want.Hashes) == 0 && numberedOn.IsZero() {
		return "", nil
	}
	for range claimAttempts {
		number, err = s.claimOnce(ctx, want, gmina, numberedOn)
		if !errors.Is(err, store.ErrConflict) || ctx.Err() != nil {
			return number, err
		}
	}
	return "", fault.Unavailable("CONTENTION")
}

func (s *Server) claimOnce(ctx context.Context, want claim, gmina string, numberedOn calendar.Date) (string, error) {
	scope, quiet := s.deps.Store.For(gmina), store.Unnoted(ctx)
	doc, err := scope.Load(quiet, registerRef(gmina))
	if errors.Is(err, store.ErrNotFound) {
		doc, err = scope.New(registerRef(gmina)), nil
	}
	if err != nil {
		return "", fmt.Errorf("casefile: register: %w", err)
	}
	reg, err := rpc.Part[register](doc, doc.Cover)
	if err != nil {
		return "", err
	}
	others, mine, err := s.sift(ctx, reg.Claims, want, gmina)
	if err != nil {
		return "", err
	}
	if err := s.inUse(ctx, scope, want); err != nil {
		return "", err
	}
	want.Number, want.At = mine.Number, s.deps.Clock()
	if want.Number == "" && !numberedOn.IsZero() {
		year := strconv.Itoa(numberedOn.Year())
		reg.Years = maps.Clone(reg.Years) // the document's own is shared
		if reg.Years == nil {
			reg.Years = map[string]int{}
		}
		reg.Years[year]++
		want.Number = "AR/" + strconv.Itoa(reg.Years[year]) + "/" + year
	}
	reg.Claims = append(others, want)
	_, _, err = scope.Commit(quiet, doc, s.registerChange(ctx, reg))
	return want.Number, err
}

// sift parts the claims into those of other files that still stand, and this file's own. A claim that the file itself shows by now is dropped; one that stood too long is
// dropped too, after a file that never came has been fenced.
func (s *Server) sift(ctx context.Context, claims []claim, want claim, gmina string) (others []claim, mine claim, err error) {
	for _, c := range claims {
		if c.File == want.File {
			mine = c
			continue
		}
		stands, err := s.stands(store.Unnoted(ctx), c, gmina)
		if err != nil {
			return nil, mine, err
		}
		if !stands {
			continue
		}
		if slices.ContainsFunc(c.Hashes, func(h string) bool { return slices.Contains(want.Hashes, h) }) {
			store.Note(ctx, &store.Document{Kind: store.FamilyFiles, ID: c.File, Gmina: gmina}) // as in inUse
			return nil, mine, peselInUse()
		}
		others = append(others, c)
	}
	return others, mine, nil
}

func (s *Server) stands(ctx context.Context, c claim, gmina string) (bool, error) {
	doc, err := s.deps.Store.For(gmina).Load(ctx, fileRef(c.File))
	stale := s.deps.Clock().Sub(c.At) > claimGrace
	switch {
	case errors.Is(err, store.ErrNotFound) && stale:
		exists, err := s.fence(ctx, gmina, c.File)
		return exists, err
	case errors.Is(err, store.ErrNotFound):
		return true, nil
	case err != nil:
		return false, err
	}
	cover, err := rpc.Part[familyfile.Cover](doc, doc.Cover)
	if err != nil {
		return false, err
	}
	shown := cover.State.Active() && !slices.ContainsFunc(c.Hashes, func(h string) bool { return !slices.Contains(cover.PeselHashes, h) })
	return !stale && !shown && cover.State != familyfile.Fenced, nil
}

// inUse looks for another open file that holds one of the hashes. Who is told that there is one has learned that a person is served, so that the file counts as read; looking for a number is no
// reading of the files that are not told of.
func (s *Server) inUse(ctx context.Context, scope store.Scope, want claim) error {
	quiet := store.Unnoted(ctx)
	for _, h := range want.Hashes {
		q := store.Query{Index: "by_pesel", Equal: []any{h}, Limit: 50, Narrow: true}
		for {
			page, err := scope.List(quiet, store.FamilyFiles, q)
			if err != nil {
				return fmt.Errorf("casefile: register: %w", err)
			}
			for _, hit := range page.Hits {
				cover, err := rpc.Part[familyfile.Cover](hit.Doc, hit.Doc.Cover)
				if err != nil {
					return err
				}
				if hit.Doc.ID != want.File && cover.State.Active() {
					store.Note(ctx, hit.Doc)
					return peselInUse()
				}
			}
			if page.Next == "" {
				break
			}
			q.Token = page.Next
		}
	}
	return nil
}

func (s *Server) registerChange(ctx context.Context, reg register) store.Change {
	g, call := access.GrantFrom(ctx), rpc.CallFrom(ctx)
	role := access.System
	if len(g.Roles) > 0 {
		role = g.Roles[0]
	}
	return store.Change{
		Actor:      store.Actor{Person: g.Person, Staff: g.Employment.Staff, Role: string(role), System: "casefile", Subject: g.Subject, Instance: s.deps.Instance},
		Purpose:    "numer teczki i niepowtarzalność numeru PESEL w gminie",
		Method:     call.Method,
		RecordedAt: s.deps.Clock(),
		Cover:      reg,
	}
}
