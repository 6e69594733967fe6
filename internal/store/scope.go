package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ErrNoFeed says that a scope has no feed of its own: a coordinator's slices move in the feeds of their gminas.
var ErrNoFeed = errors.New("store: scope without a feed")

// scope is a handle on what one tenant may reach. Its value is the gmina, the county or the coordinator's person; the system has none.
type scope struct {
	*core
	tenant Tenant
	value  string
}

// name tells scopes apart, in documents handed out and in page tokens.
func (s *scope) name() string { return fmt.Sprintf("%d:%s", s.tenant, s.value) }

// holds tells whether the scope may ever hold aggregates of a kind.
func (s *scope) holds(kind Kind) bool {
	if !slices.Contains(Kinds, kind) {
		return false
	}
	switch s.tenant {
	case ByGmina:
		return len(s.value) == 7 && !countyKinds[kind]
	case ByCounty:
		return len(s.value) == 4 && countyKinds[kind]
	case ByCoordinator:
		return s.value != "" && kind == FamilyFiles
	}
	return true
}

// reaches tells whether the scope holds this aggregate, by the document as it is now.
func (s *scope) reaches(d *Document) bool {
	if !s.holds(d.Kind) {
		return false
	}
	switch s.tenant {
	case ByGmina:
		return d.Gmina == s.value
	case ByCounty:
		return d.County == s.value
	case ByCoordinator:
		return slices.Contains(d.Audience, s.value)
	}
	return true
}

// find gives an aggregate of the scope as the journal has it now, without noting it.
func (s *scope) find(ctx context.Context, ref Ref) (*Document, error) {
	if !s.holds(ref.Kind) {
		return nil, ErrNotFound
	}
	doc, err := s.current(ctx, ref)
	if err != nil {
		return nil, err
	}
	if !s.reaches(doc) {
		return nil, ErrNotFound
	}
	return doc, nil
}

// handOut marks a document as the scope's and notes it.
func (s *scope) handOut(ctx context.Context, d *Document) *Document {
	note(ctx, d.Ref(), d.Gmina)
	d.scope = s.name()
	return d
}

// Load implements Reader.
func (s *scope) Load(ctx context.Context, ref Ref) (*Document, error) {
	doc, err := s.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	return s.handOut(ctx, doc), nil
}

// AsKnownAt implements Reader. Who may see the aggregate now may see what it was.
func (s *scope) AsKnownAt(ctx context.Context, ref Ref, at time.Time) (*Document, error) {
	now, err := s.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	doc := &Document{ID: ref.ID, Kind: ref.Kind}
	err = s.eachCommit(ctx, ref, 0, func(c *Commit) error {
		if c.RecordedAt.After(at) {
			return errStop
		}
		next, err := fold(doc, c)
		if err == nil {
			doc = next
		}
		return err
	})
	if err != nil && !errors.Is(err, errStop) {
		return nil, fmt.Errorf("store: as known at: %w", err)
	}
	if doc.Version == 0 {
		return nil, ErrNotFound
	}
	note(ctx, ref, now.Gmina)
	return doc, nil
}

// History implements Reader.
func (s *scope) History(ctx context.Context, ref Ref, after int64, limit int) ([]Commit, error) {
	now, err := s.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	var commits []Commit
	err = s.eachCommit(ctx, ref, after, func(c *Commit) error {
		if len(commits) >= pageLimit(limit) {
			return errStop
		}
		commits = append(commits, *c)
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return nil, fmt.Errorf("store: history: %w", err)
	}
	note(ctx, ref, now.Gmina)
	return commits, nil
}

// New implements Scope.
func (s *scope) New(ref Ref) *Document {
	doc := &Document{ID: ref.ID, Kind: ref.Kind, Schema: Schema, scope: s.name(), memo: &memo{}}
	switch s.tenant {
	case ByGmina:
		doc.Gmina, doc.County = s.value, countyOf(s.value)
	case ByCounty:
		doc.County = s.value
	}
	return doc
}

// countyOf gives the county of a gmina: the first four of its seven digits.
func countyOf(gmina string) string { return gmina[:min(4, len(gmina))] }

// validRef refuses ids that would make keys ambiguous.
func validRef(ref Ref) error {
	if ref.ID == "" || strings.ContainsAny(ref.ID, "/@") {
		return fmt.Errorf("store: unfit id in kind %q", ref.Kind)
	}
	return nil
}

func validGmina(gmina string) error {
	if len(gmina) != 7 || strings.Trim(gmina, "0123456789") != "" {
		return errors.New("store: a gmina has seven digits")
	}
	return nil
}
