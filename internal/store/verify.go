package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Checker is an engine that can tell whether what it keeps beside the documents (keys, versions, index entries) agrees with them. Faults name collections, indexes and keys.
type Checker interface {
	Check(ctx context.Context) (faults []string, err error)
}

// Verify implements SystemScope. It reads the whole journal once, in the order of aggregates and versions, while others may commit, and then holds what is derived from it
// against it: records, documents, feeds, and what the engine keeps beside them.
func (s *systemScope) Verify(ctx context.Context) (VerifyReport, error) {
	v := &verifier{systemScope: s, fed: map[string]int{}, added: map[RecordType]int{}}
	err := s.each(ctx, EngineQuery{Collection: journal}, func(h EngineHit) error { return v.commit(ctx, hitKey(h), h.Body) })
	if err == nil {
		err = v.finish(ctx)
	}
	for i := 0; err == nil && i < len(Kinds); i++ {
		err = v.orphans(ctx, Kinds[i])
	}
	for _, t := range recordTypes() {
		if err == nil {
			err = v.strangers(ctx, t)
		}
	}
	if err == nil {
		err = v.feeds(ctx)
	}
	if err == nil && s.whole {
		err = v.accessIndex(ctx)
	}
	if checker, ok := s.engine.(Checker); ok && err == nil {
		var faults []string
		faults, err = checker.Check(ctx)
		v.report.Faults = append(v.report.Faults, faults...)
	}
	if err != nil {
		return v.report, fmt.Errorf("store: verify: %w", err)
	}
	return v.report, nil
}

// hitKey is the _id by which an engine found a document, whatever the document says of itself.
func hitKey(h EngineHit) string {
	id, _ := h.Key[len(h.Key)-1].(string)
	return id
}

// verifier adds up one aggregate after the other.
type verifier struct {
	*systemScope
	report VerifyReport
	ref    string    // of the aggregate being added up, as the keys of its commits begin; "" before the first
	doc    *Document // what it adds up to
	broken bool      // it has a fault already: one is named for each aggregate
	fed    map[string]int
	added  map[RecordType]int
}

func (v *verifier) fault(format string, args ...any) {
	v.report.Faults = append(v.report.Faults, fmt.Sprintf(format, args...))
}

// breaks names the fault of the aggregate being added up.
func (v *verifier) breaks(format string, args ...any) {
	v.broken = true
	v.fault(format, args...)
}

// commit takes the next entry of the journal. Which aggregate it belongs to is what its key says.
func (v *verifier) commit(ctx context.Context, key string, raw bson.Raw) error {
	ref, _, _ := strings.Cut(key, "@")
	if v.doc == nil || v.ref != ref {
		if err := v.finish(ctx); err != nil {
			return err
		}
		kind, id, _ := strings.Cut(ref, "/")
		v.report.Aggregates++
		v.ref, v.doc, v.broken = ref, &Document{ID: id, Kind: Kind(kind)}, false
	}
	v.report.Commits++
	return v.add(ctx, key, raw)
}

// add checks one commit and folds it.
func (v *verifier) add(ctx context.Context, key string, raw bson.Raw) error {
	if v.broken {
		return nil
	}
	if !intact(raw) {
		v.breaks("%s: the commit was altered", key)
		return nil
	}
	c, err := decodeCommit(raw)
	if errors.Is(err, ErrSchema) {
		return err // what a newer program wrote, and nobody altered since
	}
	if err != nil || c.Key != key || key != commitKey(c.Ref, c.Version) || !slices.Contains(Kinds, c.Ref.Kind) {
		v.breaks("%s: the commit was altered", key)
		return nil
	}
	next, err := fold(v.doc, c)
	if errors.Is(err, errDelta) {
		v.breaks("%s: the commit was altered", key)
		return nil
	}
	if errors.Is(err, errChain) {
		v.breaks("%s: the commit before it is missing or another one", key)
		return nil
	}
	if err != nil {
		return err
	}
	v.doc = next
	for _, e := range entries(c) {
		v.fed[e.Feed]++
	}
	return v.records(ctx, c)
}

// intact tells whether the bytes of a commit are those that its own hash was taken of: one document, well formed, with one hash, which stands last.
func intact(raw bson.Raw) bool {
	if size, _, ok := bsonSize(raw); !ok || size != len(raw) || raw.Validate() != nil {
		return false
	}
	elements, err := raw.Elements()
	if err != nil {
		return false
	}
	hashes := 0
	for _, e := range elements {
		if e.Key() == "hash" {
			hashes++
		}
	}
	if hashes != 1 || elements[len(elements)-1].Key() != "hash" {
		return false
	}
	_, said, ok := elements[len(elements)-1].Value().BinaryOK()
	hash, err := commitHash(raw)
	return ok && err == nil && bytes.Equal(hash, said)
}

// bsonSize reads the size that a document begins with.
func bsonSize(raw bson.Raw) (size int, rest []byte, ok bool) {
	if len(raw) < 5 || raw[len(raw)-1] != 0 {
		return 0, nil, false
	}
	return int(raw[0]) | int(raw[1])<<8 | int(raw[2])<<16 | int(raw[3])<<24, raw[4:], true
}

// records checks that the records of a commit are stored as it added them. One that is missing right now may still be on its way.
func (v *verifier) records(ctx context.Context, c *Commit) error {
	for _, r := range c.Records {
		v.added[r.Type]++
		if recordsOf[r.Type] != c.Ref.Kind {
			v.breaks("%s: the commit was altered", c.Key)
			return nil
		}
		id := recordKey(c.Ref.ID, r.ID)
		raw, err := v.engine.Get(ctx, string(r.Type), id)
		if errors.Is(err, ErrNotFound) && !v.whole {
			if _, err = v.current(ctx, c.Ref); err != nil {
				return err
			}
			raw, err = v.engine.Get(ctx, string(r.Type), id)
		}
		if errors.Is(err, ErrNotFound) {
			v.fault("%s/%s: the record of %s is missing", r.Type, id, c.Key)
			continue
		}
		if err != nil {
			return err
		}
		if !bytes.Equal(raw, encodeRecord(c, r)) {
			v.fault("%s/%s: the record differs from %s", r.Type, id, c.Key)
		}
	}
	return nil
}

// finish compares the aggregate added up so far with its document.
func (v *verifier) finish(ctx context.Context) error {
	if v.doc == nil || v.broken {
		return nil
	}
	raw, err := v.document(ctx)
	if err != nil || v.broken {
		return err
	}
	version, ok := raw.Lookup("version").AsInt64OK()
	if !ok {
		v.breaks("%s: the document differs from the journal", v.ref)
		return nil
	}
	for v.doc.Version < version && !v.broken { // committed since the journal was read
		key := SequenceKey(v.ref, v.doc.Version+1)
		commit, err := v.engine.Get(ctx, journal, key)
		if errors.Is(err, ErrNotFound) {
			v.breaks("%s: the document is ahead of the journal", v.ref)
			return nil
		}
		if err != nil {
			return err
		}
		if err := v.add(ctx, key, commit); err != nil {
			return err
		}
	}
	if !v.broken && !bytes.Equal(raw, encodeDocument(v.doc)) {
		v.breaks("%s: the document differs from the journal", v.ref)
	}
	return nil
}

// document gives the stored document of the aggregate being added up, after others have had their chance to bring it up to date.
func (v *verifier) document(ctx context.Context) (bson.Raw, error) {
	ref := v.doc.Ref()
	for again := true; ; again = false {
		raw, err := v.engine.Get(ctx, string(ref.Kind), ref.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		if err == nil {
			if _, err := decodeDocument(raw); err != nil {
				v.breaks("%s: the document differs from the journal", v.ref)
				return nil, nil
			}
		}
		if v.whole || !again {
			if err != nil {
				v.breaks("%s: the document is missing", v.ref)
			}
			return raw, nil
		}
		switch _, err := v.current(ctx, ref); {
		case errors.Is(err, errChain):
			v.breaks("%s: the document differs from the journal", v.ref)
			return nil, nil
		case err != nil && !errors.Is(err, ErrNotFound):
			return nil, err
		}
	}
}
