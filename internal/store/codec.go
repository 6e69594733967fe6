package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/bsonform"
)

// commitKey is the key of a commit in the journal.
func commitKey(ref Ref, version int64) string { return SequenceKey(ref.String(), version) }

// stamp is the precision that engines keep of an instant.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// document gives the BSON document of a value.
func document(v any) (bson.Raw, error) {
	data, err := bsonform.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("store: encode: %w", err)
	}
	return data, nil
}

// without gives a document without one of its top fields.
func without(raw bson.Raw, field string) (bson.Raw, error) {
	if len(raw) == 0 {
		return document(bson.D{})
	}
	elements, err := raw.Elements()
	if err != nil {
		return nil, fmt.Errorf("store: decode: %w", err)
	}
	out := make(bson.D, 0, len(elements))
	for _, e := range elements {
		if e.Key() != field {
			out = append(out, bson.E{Key: e.Key(), Value: e.Value()})
		}
	}
	return document(out)
}

// commitHash is the SHA-256 over the hash of the commit before and the stored bytes of the commit without its own hash. It works on what is stored, so
// that a field this program does not know is covered too.
func commitHash(raw bson.Raw) ([]byte, error) {
	bare, err := without(raw, "hash")
	if err != nil {
		return nil, err
	}
	var before []byte
	if prev, err := raw.LookupErr("prev_hash"); err == nil {
		if _, data, ok := prev.BinaryOK(); ok {
			before = data
		}
	}
	return chainHash(before, bare), nil
}

// chainHash is the SHA-256 over the hash of the commit before and the bytes of a commit without its own.
func chainHash(prev []byte, bare bson.Raw) []byte {
	h := sha256.New()
	h.Write(prev)
	h.Write(bare)
	return h.Sum(nil)
}

// decodeCommit reads a commit from the journal; ErrSchema when a newer program wrote it.
func decodeCommit(raw bson.Raw) (*Commit, error) {
	var c Commit
	if err := bson.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("store: decode commit: %w", err)
	}
	if c.Schema > Schema {
		return nil, ErrSchema
	}
	c.RecordedAt = c.RecordedAt.UTC()
	return &c, nil
}

// decodeDocument reads a document; ErrSchema when a newer program wrote it.
func decodeDocument(raw bson.Raw) (*Document, error) {
	d, err := readDocument(raw)
	if err != nil {
		return nil, err
	}
	if d.Schema > Schema {
		return nil, ErrSchema
	}
	return d, nil
}

// errChain says that a commit does not follow the one before it.
var errChain = errors.New("store: commit does not continue the chain")

// fold gives what a document becomes by its next commit. It is the only place that says what a commit means: committing, rolling forward, looking back and
// verifying all go through it.
func fold(base *Document, c *Commit) (*Document, error) {
	if c.Version != base.Version+1 || !bytes.Equal(c.PrevHash, base.Hash) {
		return nil, fmt.Errorf("%w: %s", errChain, c.Key)
	}
	next := *base
	next.scope, next.stored = "", nil
	next.Gmina, next.County, next.Schema = c.Gmina, c.County, c.Schema
	next.Version, next.Hash = c.Version, c.Hash
	next.Updated = c.RecordedAt
	if c.Version == 1 {
		next.Created = c.RecordedAt
	}
	next.Audience = slices.Clone(c.Audience)
	if err := foldDeltas(&next, c); err != nil {
		return nil, fmt.Errorf("%w: %s", err, c.Key)
	}
	next.Sections = maps.Clone(base.Sections)
	if next.Sections == nil {
		next.Sections = map[string]bson.Raw{}
	}
	maps.Copy(next.Sections, c.Sections)
	for _, name := range c.Removed {
		delete(next.Sections, name)
	}
	if c.RequestID != "" {
		next.Requests = base.Requests.remember(Request{ID: c.RequestID, Mark: requestMark(c.Method, c.Actor.Person, c.BodyHash), Version: c.Version, Result: c.Result})
	}
	return &next, nil
}

// foldDeltas brings the cover and the deadlines of a document up to its next commit.
func foldDeltas(next *Document, c *Commit) (err error) {
	switch {
	case c.Cover != nil:
		next.Cover = c.Cover
	case c.after.cover != nil:
		next.Cover = c.after.cover
	case c.CoverSet != nil:
		next.Cover, err = coverWith(next.Cover, c.CoverSet, c.CoverUnset)
	}
	switch {
	case err != nil:
	case !c.Deadlines.IsZero():
		next.Deadlines = c.Deadlines
	case c.after.deadlines.Value != nil:
		next.Deadlines = c.after.deadlines
	case c.DeadlinesCut != nil || c.DeadlinesPut != nil:
		next.Deadlines, err = arrayWith(next.Deadlines, c.DeadlinesCut, c.DeadlinesPut)
	}
	return err
}
