package sqlite

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// index is one index of a collection.
type index struct {
	iid     int64
	name    string
	fields  []string
	paths   [][]string // fields, name by name
	filling bool       // documents that were there before it may have no entries yet
}

func newIndex(iid int64, name string, fields []string) index {
	ix := index{iid: iid, name: name, fields: fields}
	for _, field := range fields {
		ix.paths = append(ix.paths, strings.Split(field, "."))
	}
	return ix
}

// index takes a document's entries from what they were to what they are to be; either body may be nil. At gives the document's row.
func (w *writer) index(indexes []index, id string, before, after bson.Raw, at func() (int64, error)) error {
	changed, err := changesOf(before, after)
	if err != nil {
		return err
	}
	for _, ix := range indexes {
		if !slices.ContainsFunc(ix.paths, changed.touch) {
			continue
		}
		old, err := entryKeys(ix, id, before)
		if err != nil {
			return err
		}
		now, err := entryKeys(ix, id, after)
		if err != nil {
			return err
		}
		for _, key := range old {
			if !slices.ContainsFunc(now, func(k []byte) bool { return string(k) == string(key) }) {
				if _, err := w.leave.run(ix.iid, key); err != nil {
					return err
				}
			}
		}
		for _, key := range now {
			if !slices.ContainsFunc(old, func(k []byte) bool { return string(k) == string(key) }) {
				rid, err := at()
				if err != nil {
					return err
				}
				if _, err := w.enter.run(ix.iid, key, rid); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// changes are the names of a document's elements that a step changes, with the names inside where the element is a document before and after.
type changes struct {
	all   bool // nothing was there, or nothing stays
	names map[string]map[string]bool
}

func changesOf(before, after bson.Raw) (changes, error) {
	if before == nil || after == nil {
		return changes{all: true}, nil
	}
	c := changes{names: map[string]map[string]bool{}}
	err := differing(before, after, func(name string, was, is bson.RawValue) error {
		c.names[name] = nil
		if was.Type != bson.TypeEmbeddedDocument || is.Type != bson.TypeEmbeddedDocument || name == apart {
			return nil
		}
		inside := map[string]bool{}
		c.names[name] = inside
		return differing(was.Value, is.Value, func(name string, _, _ bson.RawValue) error {
			inside[name] = true
			return nil
		})
	})
	return c, err
}

// apart is the element that no index leads into.
const apart = "sections"

// touch tells whether the value at a path may have changed.
func (c changes) touch(path []string) bool {
	if c.all {
		return true
	}
	inside, changed := c.names[path[0]]
	return changed && (inside == nil || len(path) < 2 || inside[path[1]])
}

// differing calls fn with every element that differs between two documents, is new or is gone, the zero value standing for none.
func differing(before, after bson.Raw, fn func(name string, was, is bson.RawValue) error) error {
	old, err := before.Elements()
	if err != nil {
		return fmt.Errorf("sqlite: index: %w", err)
	}
	now, err := after.Elements()
	if err != nil {
		return fmt.Errorf("sqlite: index: %w", err)
	}
	for len(old) > 0 && len(now) > 0 && bytes.Equal(old[0], now[0]) {
		old, now = old[1:], now[1:] // as far as they are the same, in the same order
	}
	was := make(map[string]bson.RawElement, len(old))
	for _, e := range old {
		was[e.Key()] = e
	}
	for _, e := range now {
		had, ok := was[e.Key()]
		delete(was, e.Key())
		switch {
		case !ok:
			err = fn(e.Key(), bson.RawValue{}, e.Value())
		case !bytes.Equal(had, e):
			err = fn(e.Key(), had.Value(), e.Value())
		}
		if err != nil {
			return err
		}
	}
	for name, e := range was {
		if err := fn(name, e.Value(), bson.RawValue{}); err != nil {
			return err
		}
	}
	return nil
}

// entryKeys gives the encoded keys of a document in an index, each with the id at its end.
func entryKeys(ix index, id string, body bson.Raw) ([][]byte, error) {
	if body == nil {
		return nil, nil
	}
	keys, err := store.IndexKeys(body, ix.fields)
	if err != nil {
		return nil, err
	}
	out := make([][]byte, len(keys))
	for i, key := range keys {
		if out[i], err = encodeKey(nil, append(key, id)...); err != nil {
			return nil, err
		}
	}
	return out, nil
}
