package store

import (
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// outlineFacts names, for a kind, the facts of the cover of which a document's outline consists (Query.Outline): what a line of a list shows and what the object rules
// ask. A path may lead through an array of documents. Beside them an outline has the tenant, the version and the open deadlines.
var outlineFacts = map[Kind][]string{
	FamilyFiles: {
		"number", "label.family_name", "label.place", "label.address", "state", "basis", "opened_on", "area", "social_worker", "contracted_body", "assistant", "difficulty", "day0",
		"children.in_care_since", "children.care_ended_on", "children.coordinator", "children.left_on", "children.grown", "locked_out", "stopped_on", "last_visit_on", "closed_on",
	},
	Referrals: {"social_worker", "area", "personal_route", "contracted_body", "locked_out", "family_file"},
}

// outlined are the fields beside the cover that an outline has as they are.
var outlined = []string{"_id", "kind", "gmina", "county", "schema", "version", "audience"}

// outlineForm is raised when OutlineOf makes something else of the same facts.
const outlineForm = 1

// OutlineEdition tells outlines of these facts in this form from other ones, which another version of the program made.
var OutlineEdition = editionOf(outlineForm, outlined, outlineFacts)

var outlines = func() map[Kind]branch {
	all := map[Kind]branch{}
	for kind, paths := range outlineFacts {
		all[kind] = branch{}
		for _, path := range paths {
			all[kind].add(path)
		}
	}
	return all
}()

func editionOf(form int, fields []string, paths map[Kind][]string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strconv.Itoa(form) + ":" + strings.Join(fields, ",") + ";"))
	for _, kind := range slices.Sorted(maps.Keys(paths)) {
		_, _ = h.Write([]byte(string(kind) + ":" + strings.Join(paths[kind], ",") + ";")) // never fails
	}
	return int64(h.Sum64() >> 1)
}

// branch is a tree of names; one with nothing below it is taken whole.
type branch map[string]branch

func (b branch) add(path string) {
	name, rest, deeper := strings.Cut(path, ".")
	if b[name] == nil {
		b[name] = branch{}
	}
	if deeper {
		b[name].add(rest)
	}
}

// HasOutline tells whether the documents of a collection have outlines.
func HasOutline(collection string) bool {
	_, ok := outlines[Kind(collection)]
	return ok
}

// OutlineOf gives the outline of a stored document, which is a document itself; nil for a collection whose documents have none.
func OutlineOf(collection string, stored bson.Raw) (bson.Raw, error) {
	tree, ok := outlines[Kind(collection)]
	if !ok {
		return nil, nil
	}
	w := newBuilder(1536)
	err := eachElement(stored, func(key string, v bson.RawValue) error {
		switch {
		case slices.Contains(outlined, key):
			w.valueIf(key, v)
		case key == "cover" && v.Type == bson.TypeEmbeddedDocument:
			at := w.open(key)
			defer func() { w.end(at) }()
			return w.some(v, tree)
		case key == "deadlines" && v.Type == bson.TypeArray:
			at := w.array(key)
			defer func() { w.end(at) }()
			return w.opened(v)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return w.raw(), nil
}

// some appends the elements of a document that a tree names.
func (w *builder) some(doc bson.RawValue, tree branch) error {
	return eachElement(doc.Value, func(key string, v bson.RawValue) error {
		below, ok := tree[key]
		switch {
		case !ok:
			return nil
		case len(below) == 0:
			w.valueIf(key, v)
			return nil
		case v.Type == bson.TypeEmbeddedDocument:
			at := w.open(key)
			defer func() { w.end(at) }()
			return w.some(v, below)
		case v.Type == bson.TypeArray:
			at := w.array(key)
			defer func() { w.end(at) }()
			return eachElement(v.Value, func(place string, v bson.RawValue) error {
				if v.Type != bson.TypeEmbeddedDocument {
					return nil
				}
				at := w.open(place)
				defer func() { w.end(at) }()
				return w.some(v, below)
			})
		}
		return nil
	})
}

// opened appends the deadlines that are open.
func (w *builder) opened(deadlines bson.RawValue) error {
	n := 0
	return eachElement(deadlines.Value, func(_ string, v bson.RawValue) error {
		if doc, ok := v.DocumentOK(); ok {
			if open, ok := doc.Lookup("open").BooleanOK(); ok && open {
				w.valueIf(strconv.Itoa(n), v)
				n++
			}
		}
		return nil
	})
}
