package store

import (
	"fmt"
	"reflect"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/bsonform"
)

// memo keeps what was decoded from the parts of a document, so that one call decodes each part once. A document and those made from it share one: a part is known by
// where its bytes are, which never change.
type memo struct {
	mu    sync.Mutex
	known map[memoKey]any
}

type memoKey struct {
	first *byte
	typ   reflect.Type
}

func (m *memo) get(k memoKey) (any, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.known[k]
	return v, ok
}

// put notes what a part decodes to. Nothing is kept of an empty part.
func (m *memo) put(raw bson.Raw, v any) {
	if len(raw) == 0 || v == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[memoKey]any{}
	}
	m.known[memoKey{&raw[0], reflect.TypeOf(v)}] = v
}

// Decoded gives a part of a document (its cover or a section) as a value; the zero T for an absent part. What it holds is shared with other callers that have
// the document and must not be changed.
func Decoded[T any](d *Document, part bson.Raw) (T, error) {
	var v T
	if len(part) == 0 {
		return v, nil
	}
	if d.memo != nil {
		if known, ok := d.memo.get(memoKey{&part[0], reflect.TypeFor[T]()}); ok {
			return known.(T), nil
		}
	}
	if err := bsonform.Unmarshal(part, &v); err != nil {
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
