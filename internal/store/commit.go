package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/bsonform"
)

// maxCommit is the limit on one journal entry, in bytes: a document and the records added with it.
const maxCommit = 4 << 20

// Commit implements Scope.
func (s *scope) Commit(ctx context.Context, base *Document, change Change) (*Document, bool, error) {
	if err := s.mayCommit(base, change); err != nil {
		return nil, false, err
	}
	if found, err := remembered(base, change); found || err != nil {
		return base, found, err
	}
	commit, err := newCommit(base, change)
	if err != nil {
		return nil, false, err
	}
	doc, steps, err := s.plan(base, commit)
	if err != nil {
		return nil, false, err
	}
	line, err := s.accessSteps(commit.Ref, change)
	if err != nil {
		return nil, false, err
	}
	if !s.whole {
		if err := s.freshRecords(ctx, commit); err != nil {
			return nil, false, err
		}
	}
	err = s.engine.Write(ctx, append(steps, line...))
	if errors.Is(err, ErrExists) {
		return s.lost(ctx, base, change)
	}
	if errors.Is(err, ErrTaken) {
		return nil, false, fmt.Errorf("%w: %s", ErrRecordExists, commit.Key)
	}
	if err != nil {
		return nil, false, fmt.Errorf("store: commit %s: %w", commit.Key, err)
	}
	if len(line) > 0 {
		s.logged()
	}
	if doc, err = settled(base, doc, change); err != nil {
		return nil, false, err
	}
	if s.whole {
		s.cache.put(doc)
	}
	return s.handOut(ctx, doc), false, nil
}

// settled gives a committed document by its stored bytes alone, so that it keeps nothing of the version before in memory. Nobody decodes what was just encoded, or what
// was decoded of the parts that stay.
func settled(base, doc *Document, change Change) (*Document, error) {
	out, err := readDocument(doc.stored)
	if err != nil {
		return nil, err
	}
	note := func(now, was bson.RawValue, v any) {
		if v != nil {
			out.memo.put(now, v)
		} else if base.memo != nil {
			out.memo.adopt(now, base.memo, was)
		}
	}
	note(embedded(out.Cover), embedded(base.Cover), change.Cover)
	note(out.Deadlines, base.Deadlines, change.Deadlines)
	for name, section := range out.Sections {
		note(embedded(section), embedded(base.Sections[name]), change.Sections[name])
	}
	return out, nil
}

// mayCommit checks who commits, and that the document was handed out by this scope and not altered in its tenant.
func (s *scope) mayCommit(base *Document, c Change) error {
	if (c.Actor.Person == "" && c.Actor.System == "") || c.RecordedAt.IsZero() || c.Method == "" {
		return ErrActor
	}
	if base.Schema > Schema {
		return ErrSchema
	}
	if base.extent != whole {
		return ErrNarrow
	}
	system := (&scope{tenant: BySystem}).name()
	if base.scope != s.name() && (base.scope != system || base.Version == 0) {
		return fmt.Errorf("%w: the document is of another scope", ErrNotFound)
	}
	if !s.reaches(base) {
		return ErrNotFound
	}
	if err := validRef(base.Ref()); err != nil {
		return err
	}
	if c.Gmina == "" || c.Gmina == base.Gmina {
		return nil
	}
	if s.tenant != ByGmina {
		return errors.New("store: only a gmina's scope moves an aggregate")
	}
	return validGmina(c.Gmina)
}

// remembered tells whether the document remembers the change's request; ErrRequestReused when it was another one.
func remembered(d *Document, c Change) (bool, error) {
	r, ok := d.Request(c.RequestID)
	if !ok {
		return false, nil
	}
	if !r.Is(c.Method, c.Actor.Person, c.BodyHash) {
		return false, ErrRequestReused
	}
	return true, nil
}

// lost answers a commit whose version somebody else has taken: perhaps this same request did.
func (s *scope) lost(ctx context.Context, base *Document, c Change) (*Document, bool, error) {
	now, err := s.find(ctx, base.Ref())
	if errors.Is(err, ErrNotFound) {
		return nil, false, ErrConflict
	}
	if err != nil {
		return nil, false, err
	}
	found, err := remembered(now, c)
	if err != nil {
		return nil, false, err
	}
	if !found {
		return nil, false, ErrConflict
	}
	return s.handOut(ctx, now), true, nil
}

// newCommit gives the journal entry of a change, without its hash.
func newCommit(base *Document, change Change) (*Commit, error) {
	c := &Commit{
		Key: commitKey(base.Ref(), base.Version+1), Ref: base.Ref(), Version: base.Version + 1,
		Gmina: base.Gmina, County: base.County, Schema: Schema, RecordedAt: stamp(change.RecordedAt),
		Actor: change.Actor, Purpose: change.Purpose, Method: change.Method, RequestID: change.RequestID,
		BodyHash: change.BodyHash, Result: change.Result, PrevHash: base.Hash, Audience: base.Audience,
	}
	if c.RecordedAt.Before(base.Updated) {
		c.RecordedAt = base.Updated // clocks of two processes differ; within an aggregate recorded time never goes back
	}
	if change.Gmina != "" && change.Gmina != base.Gmina {
		c.Gmina, c.County, c.FromGmina = change.Gmina, countyOf(change.Gmina), base.Gmina
	}
	if change.Audience != nil {
		c.Audience = slices.Compact(slices.Sorted(slices.Values(change.Audience)))
		for _, person := range base.Audience {
			if !slices.Contains(c.Audience, person) {
				c.Left = append(c.Left, person)
			}
		}
	}
	if err := content(c, base, change); err != nil {
		return nil, err
	}
	return c, nil
}

// content encodes what the change brings.
func content(c *Commit, base *Document, change Change) error {
	if change.Cover != nil {
		cover, err := document(change.Cover)
		if err != nil {
			return err
		}
		if set, unset, ok := coverDelta(base.Cover, cover); ok {
			c.CoverSet, c.CoverUnset, c.after.cover = set, unset, cover
		} else {
			c.Cover = cover
		}
	}
	if change.Deadlines != nil {
		terms, err := array(change.Deadlines)
		if err != nil {
			return err
		}
		if cut, put, ok := arrayDelta(base.Deadlines, terms); ok {
			c.DeadlinesCut, c.DeadlinesPut, c.after.deadlines = cut, put, terms
		} else {
			c.Deadlines = terms
		}
	}
	if err := sections(c, change); err != nil {
		return err
	}
	return records(c, change)
}

// sections encodes the sections that the change touches.
func sections(c *Commit, change Change) (err error) {
	for _, name := range slices.Sorted(maps.Keys(change.Sections)) {
		if change.Sections[name] == nil {
			c.Removed = append(c.Removed, name)
			continue
		}
		if c.Sections == nil {
			c.Sections = map[string]bson.Raw{}
		}
		if c.Sections[name], err = document(change.Sections[name]); err != nil {
			return err
		}
	}
	return nil
}

// records encodes the records that the change adds.
func records(c *Commit, change Change) error {
	for _, r := range change.Records {
		if recordsOf[r.Type] != c.Ref.Kind || r.ID == "" {
			return fmt.Errorf("store: record of type %q does not belong to kind %q, or has no id", r.Type, c.Ref.Kind)
		}
		body, err := document(r.Body)
		if err != nil {
			return err
		}
		if len(body) > MaxDocument {
			return ErrTooLarge
		}
		c.Records = append(c.Records, CommittedRecord{Type: r.Type, ID: r.ID, Date: r.Date, Body: body})
	}
	return nil
}

// array encodes a slice; a nil slice is an empty array.
func array(v any) (bson.RawValue, error) {
	typ, data, err := bsonform.MarshalValue(v)
	if err != nil {
		return bson.RawValue{}, fmt.Errorf("store: encode: %w", err)
	}
	if typ == bson.TypeNull {
		return array(bson.A{})
	}
	if typ != bson.TypeArray {
		return bson.RawValue{}, fmt.Errorf("store: deadlines are an array, not %s", typ)
	}
	return bson.RawValue{Type: typ, Value: data}, nil
}

// plan gives the document after a commit and the steps that store both.
func (c *core) plan(base *Document, commit *Commit) (*Document, []Step, error) {
	entry := encodeCommit(commit)
	if len(entry) > maxCommit {
		return nil, nil, ErrTooLarge
	}
	next, err := fold(base, commit)
	if err != nil {
		return nil, nil, err
	}
	replace, err := documentStep(next)
	if err != nil {
		return nil, nil, err
	}
	replace.Before, next.stored = base.stored, replace.Body
	steps := []Step{{Op: Insert, Collection: journal, ID: commit.Key, Body: entry, Point: PointJournal}}
	if c.whole {
		steps = append(steps, feedSteps(commit)...)
	} else {
		steps = append(steps, outboxStep(commit))
	}
	return next, append(append(steps, recordSteps(commit)...), replace), nil
}

// documentStep brings the stored document up to d; ErrTooLarge past MaxDocument.
func documentStep(d *Document) (Step, error) {
	body := encodeDocument(d)
	if len(body) > MaxDocument {
		return Step{}, ErrTooLarge
	}
	return Step{Op: Replace, Collection: string(d.Kind), ID: d.ID, Body: body, Version: d.Version, Point: PointDocument, Apart: sectionsAt(d, body)}, nil
}

// recordSteps insert the records that a commit adds.
func recordSteps(c *Commit) []Step {
	steps := make([]Step, 0, len(c.Records))
	for _, r := range c.Records {
		steps = append(steps, Step{
			Op: Insert, Collection: string(r.Type), ID: recordKey(c.Ref.ID, r.ID), Body: encodeRecord(c, r), Point: PointRecord, Strict: true,
		})
	}
	return steps
}
