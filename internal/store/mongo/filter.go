package mongo

import (
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// bounds gives the condition of a query on the first field after Equal, nil when it is open.
func bounds(q store.EngineQuery) bson.D {
	var cond bson.D
	if q.From != nil {
		cond = append(cond, bson.E{Key: "$gte", Value: q.From})
	}
	if q.To != nil {
		cond = append(cond, bson.E{Key: "$lt", Value: q.To})
	}
	return cond
}

// equal gives the condition that a field has a value. No value is also a missing field and an empty array.
func equal(v any) any {
	if v == nil {
		return bson.D{{Key: "$in", Value: bson.A{nil, bson.A{}}}}
	}
	return v
}

// listFilter selects the hits of a query whose fields after Equal are no arrays, all of them and no others. Each alternative is a conjunction that begins with
// the index's leading fields, so that the server can scan the index once for each and merge them in order.
func listFilter(q store.EngineQuery) bson.D {
	prefix := bson.D{} // not nil: no condition at all is an empty document
	for i, v := range q.Equal {
		prefix = append(prefix, bson.E{Key: q.Fields[i], Value: equal(v)})
	}
	rest := append(q.Fields[len(q.Equal):len(q.Fields):len(q.Fields)], "_id")
	if b := bounds(q); len(b) > 0 {
		prefix = append(prefix, bson.E{Key: rest[0], Value: b})
	}
	if q.After == nil {
		return prefix
	}
	var alternatives bson.A
	after := q.After[len(q.Equal):]
	for i, field := range rest {
		uniform := field == "_id" || (i == 0 && (q.From != nil || q.To != nil))
		for _, cond := range beyond(after[i], q.Desc, uniform) {
			alternatives = append(alternatives, conjunction(prefix, bson.E{Key: field, Value: cond}))
		}
		prefix = conjunction(prefix, bson.E{Key: field, Value: equal(after[i])})
	}
	return bson.D{{Key: "$or", Value: alternatives}}
}

// conjunction puts a condition behind others; on a field that has one already (the bounds) both must hold.
func conjunction(all bson.D, cond bson.E) bson.D {
	out := make(bson.D, 0, len(all)+1)
	for _, e := range all {
		if e.Key == cond.Key {
			e = bson.E{Key: "$and", Value: bson.A{bson.D{e}, bson.D{cond}}}
			cond.Key = ""
		}
		out = append(out, e)
	}
	if cond.Key != "" {
		out = append(out, cond)
	}
	return out
}

// ladder has the types of index values in their order, as the server names them. No value comes before all.
var ladder = []string{"number", "string", "binData", "bool", "date"}

func rank(v any) int {
	switch v.(type) {
	case nil:
		return -1
	case string:
		return 1
	case []byte:
		return 2
	case bool:
		return 3
	case time.Time:
		return 4
	}
	return 0
}

// beyond gives the conditions, one or the other, for a value behind v in the order. A comparison of the server stays within the type of v, so the types
// behind it are named, unless all values are of that type.
func beyond(v any, desc, uniform bool) []any {
	switch {
	case uniform && desc:
		return []any{bson.D{{Key: "$lt", Value: v}}}
	case uniform:
		return []any{bson.D{{Key: "$gt", Value: v}}}
	case v == nil:
		if desc {
			return nil
		}
		return []any{bson.D{{Key: "$ne", Value: nil}}}
	}
	if desc {
		conds := []any{bson.D{{Key: "$lt", Value: v}}, equal(nil)}
		if lower := ladder[:rank(v)]; len(lower) > 0 {
			conds = append(conds, bson.D{{Key: "$type", Value: lower}})
		}
		return conds
	}
	conds := []any{bson.D{{Key: "$gt", Value: v}}}
	if higher := ladder[rank(v)+1:]; len(higher) > 0 {
		conds = append(conds, bson.D{{Key: "$type", Value: higher}})
	}
	return conds
}

// candidateFilter selects documents that may have hits of a query whose index leads through an array: all that have and as few others as the server can tell
// apart by the index. Only with elemMatch can it bound several fields of one element at once.
func candidateFilter(q store.EngineQuery, array string, elemMatch bool) bson.D {
	filter, element := bson.D{}, bson.D{}
	var itself any // condition on elements that are values
	add := func(field string, cond any, open bool) {
		switch rest, inside := strings.CutPrefix(field, array+"."); {
		case field == array && !open:
			itself = cond
		case inside && !open:
			element = append(element, bson.E{Key: rest, Value: cond})
		case field != array && !inside:
			filter = append(filter, bson.E{Key: field, Value: cond})
		}
	}
	for i, v := range q.Equal {
		add(q.Fields[i], equal(v), v == nil)
	}
	if b := candidateBounds(q); len(b) > 0 {
		add(q.Fields[len(q.Equal)], b, false)
	}
	if b, ranged := itself.(bson.D); ranged {
		filter = append(filter, bson.E{Key: array, Value: bson.D{{Key: "$elemMatch", Value: b}}})
	} else if itself != nil {
		filter = append(filter, bson.E{Key: array, Value: itself})
	}
	if elemMatch && len(element) > 0 {
		return append(filter, bson.E{Key: array, Value: bson.D{{Key: "$elemMatch", Value: element}}})
	}
	for _, e := range element {
		filter = append(filter, bson.E{Key: array + "." + e.Key, Value: e.Value})
	}
	return filter
}

// candidateBounds gives the bounds of a query, narrowed by where the page before ended. Open bounds stay open: what lies behind the end may be of another type.
func candidateBounds(q store.EngineQuery) bson.D {
	if q.After == nil || (q.From == nil && q.To == nil) {
		return bounds(q)
	}
	end := q.After[len(q.Equal)]
	if q.Desc {
		return append(bounds(q), bson.E{Key: "$lte", Value: end})
	}
	q.From = end
	return bounds(q)
}
