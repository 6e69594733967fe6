package mongotest

import (
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Index is one index of a collection: its fields in order. Every collection has one over its _id.
type Index struct {
	Name   string
	Fields []string
}

// idIndex is the index that every collection has.
var idIndex = Index{Name: "_id", Fields: []string{"_id"}}

// Use says how an index serves one conjunction of conditions with a sort: the scan begins at Equal, is bounded by Range and gives the documents in the order
// of Sort. Within are conditions that are looked at on what the scan meets, which only an index entry's own fields or one single document may have.
type Use struct {
	Index  string
	Equal  []string // fields with one value or a list of values, leading the index
	Range  string   // the next field, bounded; "" for none
	Sort   []string // the fields after Equal, all in one direction
	Within []string
}

// Plan finds the index that serves a filter and a sort, for each alternative of the filter. The rule is that of every B-tree: fields with equality lead the index,
// then come the fields of the sort, of which the first may be bounded; without a sort one bounded field. The error says what no index serves.
func Plan(filter, sort bson.Raw, indexes []Index) ([]Use, error) {
	alternatives, err := conjunctions(filter)
	if err != nil {
		return nil, err
	}
	order, err := sortFields(sort)
	if err != nil {
		return nil, err
	}
	var uses []Use
	for _, c := range alternatives {
		best, found := Use{}, false
		for _, ix := range append([]Index{idIndex}, indexes...) {
			if use, ok := ix.serves(c, order); ok && (!found || better(use, best)) {
				best, found = use, true
			}
		}
		if !found {
			return nil, fmt.Errorf("no index serves %s, sort %v", c, order)
		}
		if !slices.ContainsFunc(uses, func(u Use) bool { return fmt.Sprint(u) == fmt.Sprint(best) }) {
			uses = append(uses, best)
		}
	}
	return uses, nil
}

func better(a, b Use) bool {
	if (a.Index == idIndex.Name && len(a.Equal) == 1) != (b.Index == idIndex.Name && len(b.Equal) == 1) {
		return a.Index == idIndex.Name
	}
	if len(a.Within) != len(b.Within) {
		return len(a.Within) < len(b.Within)
	}
	return len(a.Equal) > len(b.Equal)
}

// serves tells whether and how an index serves a conjunction with a sort.
func (ix Index) serves(c conjunction, order []string) (Use, bool) {
	use := Use{Index: ix.Name}
	fields := ix.Fields
	if ix.Name != idIndex.Name && !slices.Contains(fields, "_id") {
		fields = append(fields[:len(fields):len(fields)], "_id")
	}
	n := 0
	for n < len(fields) && c.point(fields[n]) {
		n++
	}
	use.Equal = fields[:n]
	for _, field := range order {
		if !c.point(field) {
			use.Sort = append(use.Sort, field)
		}
	}
	if len(use.Sort) > len(fields)-n && !c.point("_id") {
		return use, false
	}
	for i, field := range use.Sort {
		if !slices.Contains(use.Equal, "_id") && fields[n+i] != field { // one document is in every order
			return use, false
		}
	}
	for _, cond := range c {
		switch {
		case slices.Contains(use.Equal, cond.field):
		case n < len(fields) && cond.field == fields[n] && !cond.point:
			use.Range = cond.field
		case slices.Contains(use.Equal, "_id") || slices.Contains(fields, cond.field):
			use.Within = append(use.Within, cond.field)
		default:
			return use, false
		}
	}
	bounded := n > 0 || use.Range != ""
	return use, bounded || (len(c) == 0 && len(use.Sort) > 0)
}

// condition is what a filter asks of one field: a point is one value or a list of values, anything else bounds it.
type condition struct {
	field string
	point bool
}

// conjunction are conditions that hold together.
type conjunction []condition

func (c conjunction) point(field string) bool {
	return slices.ContainsFunc(c, func(cond condition) bool { return cond.field == field && cond.point })
}

func (c conjunction) String() string {
	var parts []string
	for _, cond := range c {
		if cond.point {
			parts = append(parts, cond.field+" =")
		} else {
			parts = append(parts, cond.field+" <>")
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// conjunctions gives the alternatives of a filter.
func conjunctions(filter bson.Raw) ([]conjunction, error) {
	all := []conjunction{nil}
	if len(filter) == 0 {
		return all, nil
	}
	elements, err := filter.Elements()
	if err != nil {
		return nil, err
	}
	for _, e := range elements {
		var parts []conjunction
		switch key := e.Key(); key {
		case "$or", "$and":
			if parts, err = combined(key, e.Value()); err != nil {
				return nil, err
			}
		default:
			conds, err := conditions(key, e.Value())
			if err != nil {
				return nil, err
			}
			parts = []conjunction{conds}
		}
		all = product(all, parts)
	}
	return all, nil
}

func combined(key string, value bson.RawValue) ([]conjunction, error) {
	members, err := value.Array().Values()
	if err != nil {
		return nil, err
	}
	var parts []conjunction
	if key == "$and" {
		parts = []conjunction{nil}
	}
	for _, m := range members {
		sub, err := conjunctions(m.Document())
		if err != nil {
			return nil, err
		}
		if key == "$or" {
			parts = append(parts, sub...)
		} else {
			parts = product(parts, sub)
		}
	}
	return parts, nil
}

func product(a, b []conjunction) []conjunction {
	var out []conjunction
	for _, x := range a {
		for _, y := range b {
			out = append(out, append(x[:len(x):len(x)], y...))
		}
	}
	return out
}

// conditions reads what a filter asks of one field.
func conditions(field string, value bson.RawValue) (conjunction, error) {
	if strings.HasPrefix(field, "$") {
		return nil, fmt.Errorf("operator %s", field)
	}
	operators, ok := operatorsOf(value)
	if !ok {
		return conjunction{{field, true}}, nil
	}
	var out conjunction
	for _, op := range operators {
		switch op.Key() {
		case "$eq", "$in":
			out = append(out, condition{field, true})
		case "$gt", "$gte", "$lt", "$lte", "$type", "$ne":
			out = append(out, condition{field, false})
		case "$elemMatch":
			inner, err := elementConditions(field, op.Value().Document())
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
		default:
			return nil, fmt.Errorf("operator %s", op.Key())
		}
	}
	return out, nil
}

func operatorsOf(value bson.RawValue) ([]bson.RawElement, bool) {
	doc, ok := value.DocumentOK()
	if !ok {
		return nil, false
	}
	elements, err := doc.Elements()
	return elements, err == nil && len(elements) > 0 && strings.HasPrefix(elements[0].Key(), "$")
}

// elementConditions reads conditions on one element of an array: on itself or on its fields.
func elementConditions(array string, doc bson.Raw) (conjunction, error) {
	elements, err := doc.Elements()
	if err != nil {
		return nil, err
	}
	if len(elements) > 0 && strings.HasPrefix(elements[0].Key(), "$") {
		return conditions(array, bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: doc})
	}
	var out conjunction
	for _, e := range elements {
		conds, err := conditions(array+"."+e.Key(), e.Value())
		if err != nil {
			return nil, err
		}
		out = append(out, conds...)
	}
	return out, nil
}

// sortFields gives the fields of a sort, which must all have one direction.
func sortFields(sort bson.Raw) ([]string, error) {
	if len(sort) == 0 {
		return nil, nil
	}
	elements, err := sort.Elements()
	if err != nil {
		return nil, err
	}
	var fields []string
	for _, e := range elements {
		if direction := elements[0].Value().AsInt64(); e.Value().AsInt64() != direction {
			return nil, fmt.Errorf("sort in two directions: %s", sort)
		}
		fields = append(fields, e.Key())
	}
	return fields, nil
}
