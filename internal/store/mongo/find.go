package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"asysta.example/internal/store"
)

// errArray says that an index leads through an array behind the query's Equal, so that the server's order is not that of the elements.
var errArray = errors.New("mongo: index through an array")

// Find gives a page of index entries.
//
// Like the server, an engine learns that an index leads through an array by meeting one. Until then it lets the server sort and limit. That is safe: the
// server puts a document with an array where its first element in the order belongs, which is not behind any of its entries. So an array among the
// entries of a page is on the page that the server gives. The exception is an empty array in descending order, which is asked for.
func (e *engine) Find(ctx context.Context, q store.EngineQuery) ([]store.EngineHit, error) {
	name := q.Collection + "/" + q.Index
	array, known := e.arrays.Load(name)
	if !known || serverOrders(q, array.(string)) {
		hits, array, err := e.list(ctx, q)
		if err == nil {
			return hits, nil
		}
		if !errors.Is(err, errArray) {
			return nil, fmt.Errorf("mongo: find in %s: %w", name, failed(ctx, err))
		}
		e.arrays.Store(name, array)
	}
	array, _ = e.arrays.Load(name)
	hits, err := e.listElements(ctx, q, array.(string))
	if err != nil {
		return nil, fmt.Errorf("mongo: find elements in %s: %w", name, failed(ctx, err))
	}
	return hits, nil
}

// serverOrders tells whether the server can order an index that leads through an array: when Equal names the element, alone, the order is that of the fields behind.
func serverOrders(q store.EngineQuery, array string) bool {
	through := 0
	for i, field := range q.Fields {
		if !leadsThrough(field, array) {
			continue
		}
		through++
		if i >= len(q.Equal) || q.Equal[i] == nil {
			return false
		}
	}
	return through <= 1
}

func leadsThrough(field, array string) bool {
	return field == array || strings.HasPrefix(field, array+".")
}

// list lets the server select, sort and limit. errArray comes with the path of the array that was met.
func (e *engine) list(ctx context.Context, q store.EngineQuery) ([]store.EngineHit, string, error) {
	find := shown(q).SetSort(order(q)).SetLimit(int64(q.Limit)).SetBatchSize(int32(q.Limit))
	cursor, err := e.db.Collection(q.Collection).Find(ctx, listFilter(q), find)
	if err != nil {
		return nil, "", err
	}
	var bodies []bson.Raw
	if err := cursor.All(ctx, &bodies); err != nil {
		return nil, "", err
	}
	hits, hollow := make([]store.EngineHit, 0, len(bodies)), false
	for _, body := range bodies {
		if array := arrayIn(body, q.Fields); array != "" && !serverOrders(q, array) {
			return nil, array, errArray
		}
		keys, err := matching(body, q)
		if err != nil {
			return nil, "", err
		}
		for _, key := range keys {
			hits = append(hits, store.EngineHit{Key: key, Body: body})
			hollow = hollow || slices.Contains(key[len(q.Equal):], nil)
		}
	}
	if q.Desc && hollow {
		array, err := e.emptyArray(ctx, q)
		if err != nil || array != "" {
			return nil, array, errors.Join(err, errArray)
		}
	}
	return hits, "", nil
}

// shown asks for as much of the documents as a query wants.
func shown(q store.EngineQuery) *options.FindOptionsBuilder {
	find := options.Find()
	if !q.Narrow {
		return find
	}
	var without bson.D
	for _, field := range store.NarrowWithout {
		without = append(without, bson.E{Key: field, Value: int32(0)})
	}
	return find.SetProjection(without)
}

// emptyArray looks for a document with an empty array in one of the fields behind Equal.
func (e *engine) emptyArray(ctx context.Context, q store.EngineQuery) (string, error) {
	for _, field := range q.Fields[len(q.Equal):] {
		filter := listFilter(store.EngineQuery{Fields: q.Fields[:len(q.Equal)], Equal: q.Equal})
		filter = append(filter, bson.E{Key: field, Value: bson.A{}})
		n, err := e.db.Collection(q.Collection).CountDocuments(ctx, filter, options.Count().SetLimit(1))
		if err != nil {
			return "", err
		}
		if n > 0 {
			return field, nil
		}
	}
	return "", nil
}

// order is the sort of a query: its fields behind Equal, then the _id.
func order(q store.EngineQuery) bson.D {
	direction := int32(1)
	if q.Desc {
		direction = -1
	}
	var sort bson.D
	for _, field := range append(q.Fields[len(q.Equal):len(q.Fields):len(q.Fields)], "_id") {
		sort = append(sort, bson.E{Key: field, Value: direction})
	}
	return sort
}

// matching gives those keys of a document, with its _id, that a query asks for.
func matching(body bson.Raw, q store.EngineQuery) ([][]any, error) {
	keys, err := store.IndexKeys(body, q.Fields)
	if err != nil {
		return nil, err
	}
	id := body.Lookup("_id").StringValue()
	var found [][]any
	for _, key := range keys {
		if key = append(key, id); wanted(key, q) {
			found = append(found, key)
		}
	}
	return found, nil
}

// wanted tells whether a full key lies within a query.
func wanted(key []any, q store.EngineQuery) bool {
	n := len(q.Equal)
	if store.CompareKeys(key[:n], q.Equal) != 0 {
		return false
	}
	if q.From != nil && (!store.SameType(key[n], q.From) || store.CompareKeys(key[n:n+1], []any{q.From}) < 0) {
		return false
	}
	if q.To != nil && (!store.SameType(key[n], q.To) || store.CompareKeys(key[n:n+1], []any{q.To}) >= 0) {
		return false
	}
	return q.After == nil || inOrder(q, q.After, key) < 0
}

// inOrder compares full keys in the order of a query.
func inOrder(q store.EngineQuery, a, b []any) int {
	if q.Desc {
		a, b = b, a
	}
	return store.CompareKeys(a, b)
}

// arrayIn gives the path of the first array that the fields lead through in a document, "" for none.
func arrayIn(body bson.Raw, fields []string) string {
	for _, field := range fields {
		for end := 0; end < len(field); {
			if next := strings.IndexByte(field[end+1:], '.'); next >= 0 {
				end += 1 + next
			} else {
				end = len(field)
			}
			if body.Lookup(strings.Split(field[:end], ".")...).Type == bson.TypeArray {
				return field[:end]
			}
		}
	}
	return ""
}
