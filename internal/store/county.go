package store

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// countyScope is the scope of a county: its own kinds, and counting over its gminas.
type countyScope struct{ scope }

// EachCover implements CountyScope.
func (s *countyScope) EachCover(ctx context.Context, fn func(gmina string, cover bson.Raw) error) error {
	if len(s.value) != 4 {
		return ErrNotFound
	}
	q := EngineQuery{Collection: string(FamilyFiles), Index: filesByCounty.Name, Fields: filesByCounty.Fields, Equal: []any{s.value}, Narrow: true}
	return s.each(ctx, q, func(h EngineHit) error {
		doc, err := decodeDocument(h.Body)
		if err != nil {
			return err
		}
		cover, err := without(doc.Cover, "label")
		if err != nil {
			return err
		}
		return fn(doc.Gmina, cover)
	})
}

// EachRecord implements CountyScope. Fields are top-level names of the record's body.
func (s *countyScope) EachRecord(
	ctx context.Context, t RecordType, from, to string, fields []string, fn func(gmina, file string, body bson.Raw) error,
) error {
	if _, ok := recordsOf[t]; !ok || len(s.value) != 4 {
		return ErrNotFound
	}
	between := func(q EngineQuery) error {
		if from != "" {
			q.From = from
		}
		if to != "" {
			q.To = to
		}
		return s.each(ctx, q, func(h EngineHit) error {
			r, err := decodeRecord(t, h.Body)
			if err != nil {
				return err
			}
			body, err := only(r.Body, fields)
			if err != nil {
				return err
			}
			return fn(r.Gmina, r.File, body)
		})
	}
	if countyKinds[recordsOf[t]] {
		return between(EngineQuery{Collection: string(t), Index: recordsByCounty.Name, Fields: recordsByCounty.Fields, Equal: []any{s.value}})
	}
	for gmina, err := range s.gminasWith(ctx, t) {
		if err != nil {
			return err
		}
		if err := between(EngineQuery{Collection: string(t), Index: recordsByGmina.Name, Fields: recordsByGmina.Fields, Equal: []any{gmina}}); err != nil {
			return err
		}
	}
	return nil
}

// gminasWith gives the gminas of the county in which records of a type were made, one look at the index for each.
func (s *countyScope) gminasWith(ctx context.Context, t RecordType) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		q := EngineQuery{Collection: string(t), Index: recordsByGmina.Name, Fields: recordsByGmina.Fields, From: s.value, To: s.value + ":", Limit: 1} // ":" follows the digits
		for {
			hits, err := s.engine.Find(ctx, q)
			if err != nil {
				yield("", fmt.Errorf("store: gminas with records: %w", err))
				return
			}
			if len(hits) == 0 {
				return
			}
			gmina, _ := hits[0].Key[0].(string)
			if !yield(gmina, nil) {
				return
			}
			q.From = gmina + "\x00"
		}
	}
}

// only gives a document reduced to some of its top fields.
func only(raw bson.Raw, fields []string) (bson.Raw, error) {
	elements, err := raw.Elements()
	if err != nil {
		return nil, fmt.Errorf("store: decode: %w", err)
	}
	out := bson.D{}
	for _, e := range elements {
		if slices.Contains(fields, e.Key()) {
			out = append(out, bson.E{Key: e.Key(), Value: e.Value()})
		}
	}
	return document(out)
}
