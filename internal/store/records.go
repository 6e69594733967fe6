package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/bsonform"
)

// ErrRecordExists says that a change adds a record whose id an earlier commit of the same aggregate has used for that type.
var ErrRecordExists = errors.New("store: record exists")

// recordKey is the key of a record in its collection: ids need to differ within their aggregate and type only, so a plan's number may serve.
func recordKey(file, id string) string { return file + "/" + id }

// Records implements Reader. Records of one aggregate are open to whoever reaches the aggregate now, wherever they were recorded; records of a gmina are those
// recorded in it.
func (s *scope) Records(ctx context.Context, q RecordQuery) (RecordPage, error) {
	query, err := s.recordQuery(ctx, q)
	if err != nil {
		return RecordPage{}, err
	}
	hits, next, err := s.page(ctx, query, q.Limit, q.Token)
	if err != nil {
		return RecordPage{}, err
	}
	page := RecordPage{Next: next}
	for _, h := range hits {
		r, err := decodeRecord(q.Type, h.Body)
		if err != nil {
			return RecordPage{}, err
		}
		note(ctx, Ref{Kind: recordsOf[q.Type], ID: r.File}, r.Gmina)
		page.Records = append(page.Records, r)
	}
	return page, nil
}

// recordQuery chooses the index that serves the scope and checks that the scope reaches what is asked for.
func (s *scope) recordQuery(ctx context.Context, q RecordQuery) (EngineQuery, error) {
	kind, ok := recordsOf[q.Type]
	if !ok || !s.holds(kind) {
		return EngineQuery{}, ErrNotFound
	}
	ask := Query{Desc: q.Desc}
	if q.From != "" {
		ask.From = q.From
	}
	if q.To != "" {
		ask.To = q.To
	}
	switch {
	case q.File != "":
		if _, err := s.find(ctx, Ref{Kind: kind, ID: q.File}); err != nil {
			return EngineQuery{}, err
		}
		ask.Equal = []any{q.File}
		return s.query(recordsByFile, string(q.Type), 0, ask)
	case s.tenant == ByGmina:
		return s.query(recordsByGmina, string(q.Type), 1, ask)
	case s.tenant == ByCounty:
		return s.query(recordsByCounty, string(q.Type), 1, ask)
	}
	return EngineQuery{}, ErrNotFound
}

// Record implements Reader.
func (s *scope) Record(ctx context.Context, t RecordType, file, id string) (StoredRecord, error) {
	kind, ok := recordsOf[t]
	if !ok {
		return StoredRecord{}, ErrNotFound
	}
	doc, err := s.find(ctx, Ref{Kind: kind, ID: file})
	if err != nil {
		return StoredRecord{}, err
	}
	raw, err := s.engine.Get(ctx, string(t), recordKey(file, id))
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			return StoredRecord{}, ErrNotFound
		}
		return StoredRecord{}, fmt.Errorf("store: record: %w", err)
	}
	note(ctx, doc.Ref(), doc.Gmina)
	return decodeRecord(t, raw)
}

// freshRecords refuses a change whose records would meet earlier ones, which the idempotent insert would take for itself.
func (c *core) freshRecords(ctx context.Context, commit *Commit) error {
	for _, r := range commit.Records {
		raw, err := c.engine.Get(ctx, string(r.Type), recordKey(commit.Ref.ID, r.ID))
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("store: record: %w", err)
		}
		if version, ok := raw.Lookup("version").AsInt64OK(); !ok || version < commit.Version {
			return fmt.Errorf("%w: %s of %s", ErrRecordExists, r.Type, commit.Key)
		}
	}
	return nil
}

func decodeRecord(t RecordType, raw bson.Raw) (StoredRecord, error) {
	var r StoredRecord
	if err := bsonform.Unmarshal(raw, &r); err != nil {
		return StoredRecord{}, fmt.Errorf("store: decode record: %w", err)
	}
	r.ID = strings.TrimPrefix(r.ID, r.File+"/")
	r.Type = t
	r.RecordedAt = r.RecordedAt.UTC()
	return r, nil
}
