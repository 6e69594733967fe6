package store

import (
	"context"
	"fmt"
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
	q := EngineQuery{Collection: string(t), Index: recordsByCounty.Name, Fields: recordsByCounty.Fields, Equal: []any{s.value}}
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
