package store

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/bsonform"
)

// memo keeps what was decoded from the parts of a document, so that each part is decoded once. A document, those made from it and every call that the cache hands it to
// share one: a part is known by where its bytes are, which never change.
type memo struct {
	mu    sync.Mutex
	known map[memoKey]decoded
}

// decoded is a part and what it decodes to.
type decoded struct {
	raw   bson.RawValue
	value any
}

type memoKey struct {
	first *byte
	typ   reflect.Type
}

func (m *memo) get(k memoKey) (any, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.known[k]
	return d.value, ok
}

// put notes what a part decodes to. Nothing is kept of an empty part.
func (m *memo) put(raw bson.RawValue, v any) {
	if len(raw.Value) == 0 || v == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[memoKey]decoded{}
	}
	m.known[memoKey{&raw.Value[0], reflect.TypeOf(v)}] = decoded{raw, v}
}

// adopt takes over what another memo has of a part that is the same.
func (m *memo) adopt(now bson.RawValue, from *memo, was bson.RawValue) {
	if len(was.Value) == 0 {
		return
	}
	from.mu.Lock()
	same := map[reflect.Type]any{}
	for k, d := range from.known {
		if k.first == &was.Value[0] {
			same[k.typ] = d.value
		}
	}
	from.mu.Unlock()
	for _, v := range same {
		m.put(now, v)
	}
}

// Decoded gives a part of a document (its cover or a section) as a value; the zero T for an absent part. What it holds is shared with other callers that have
// the document and must not be changed.
func Decoded[T any](d *Document, part bson.Raw) (T, error) {
	return decodedValue[T](d, embedded(part))
}

// embedded is a document as a value.
func embedded(part bson.Raw) bson.RawValue {
	return bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: part}
}

// DecodedDeadlines gives the deadlines of a document under the rule of Decoded.
func DecodedDeadlines[T any](d *Document) ([]T, error) { return decodedValue[[]T](d, d.Deadlines) }

func decodedValue[T any](d *Document, part bson.RawValue) (T, error) {
	if d.memo != nil && len(part.Value) > 0 {
		if known, ok := d.memo.get(memoKey{&part.Value[0], reflect.TypeFor[T]()}); ok {
			return known.(T), nil
		}
	}
	return decode[T](d, part)
}

// decode does what decodedValue does where nothing is known yet.
func decode[T any](d *Document, part bson.RawValue) (T, error) {
	var v T
	if len(part.Value) == 0 {
		return v, nil
	}
	if err := bsonform.UnmarshalValue(part, &v); err != nil {
		return v, fmt.Errorf("store: decode %T: %w", v, err)
	}
	if d.memo != nil {
		d.memo.put(part, v)
	}
	return v, nil
}

// Preview is the document that a change would make, under the version that it has; nothing is committed.
func Preview(base *Document, change Change) (*Document, error) {
	commit, err := newCommit(base, change)
	if err != nil {
		return nil, err
	}
	doc, err := fold(base, commit)
	if err != nil {
		return nil, err
	}
	doc.Version, doc.Hash, doc.Created, doc.Updated, doc.Requests = base.Version, base.Hash, base.Created, base.Updated, base.Requests
	return doc, nil
}

// CheckShared finds values of Decoded that somebody has changed, against its rule: it decodes what a store keeps once more. It is for tests.
func CheckShared(s Store) error {
	c, ok := s.(*core)
	if !ok {
		return fmt.Errorf("store: %T keeps no documents", s)
	}
	var errs []error
	for _, doc := range c.cache.all() {
		errs = append(errs, doc.memo.check(doc.Ref()))
	}
	return errors.Join(errs...)
}

func (m *memo) check(ref Ref) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, d := range m.known {
		if k.typ.Kind() == reflect.Map {
			continue // its bytes come in any order
		}
		fresh := reflect.New(k.typ)
		if err := bsonform.UnmarshalValue(d.raw, fresh.Interface()); err != nil {
			return err
		}
		_, now, err := bsonform.MarshalValue(d.value)
		if err != nil {
			return err
		}
		_, was, err := bsonform.MarshalValue(fresh.Elem().Interface())
		if err != nil {
			return err
		}
		if none := len(now) == 0 && len(was) == 5; !none && !bytes.Equal(now, was) { // no slice is stored as an empty one
			return fmt.Errorf("store: somebody changed the %s that others share of a document of kind %s", k.typ, ref.Kind)
		}
	}
	return nil
}
