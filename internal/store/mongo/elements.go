package mongo

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"asysta.example/internal/store"
)

// listElements gives the hits of a query whose index leads through an array: it reads the indexed fields of all candidates, keeps the first keys in the order and
// fetches their documents. A document that has changed between the two and has lost the key is left out, and the page goes on behind it.
func (e *engine) listElements(ctx context.Context, q store.EngineQuery, array string) ([]store.EngineHit, error) {
	var hits []store.EngineHit
	for limit := q.Limit; len(hits) < limit; q.Limit = limit - len(hits) {
		keys, err := e.elementKeys(ctx, q, array)
		if err != nil {
			return nil, err
		}
		if len(keys) == 0 {
			break
		}
		more, err := e.withBodies(ctx, q, keys)
		if err != nil {
			return nil, err
		}
		hits = append(hits, more...)
		if len(keys) < q.Limit {
			break
		}
		q.After = keys[len(keys)-1]
	}
	return hits, nil
}

// elementKeys gives the first q.Limit keys of a query. It holds no more than a few times as many at once.
func (e *engine) elementKeys(ctx context.Context, q store.EngineQuery, array string) ([][]any, error) {
	var fields bson.D
	for _, field := range q.Fields {
		fields = append(fields, bson.E{Key: field, Value: int32(1)})
	}
	filter := candidateFilter(q, array, e.elemMatch)
	cursor, err := e.db.Collection(q.Collection).Find(ctx, filter, options.Find().SetProjection(fields))
	if err != nil {
		return nil, err
	}
	defer func() { _ = cursor.Close(ctx) }()
	var keys [][]any
	for cursor.Next(ctx) {
		found, err := matching(cursor.Current, q)
		if err != nil {
			return nil, err
		}
		if keys = append(keys, found...); len(keys) > 4*q.Limit+64 {
			keys = first(keys, q)
		}
	}
	return first(keys, q), cursor.Err()
}

func first(keys [][]any, q store.EngineQuery) [][]any {
	slices.SortFunc(keys, func(a, b []any) int { return inOrder(q, a, b) })
	return keys[:min(len(keys), q.Limit)]
}

// withBodies gives the hits for keys whose documents still have them.
func (e *engine) withBodies(ctx context.Context, q store.EngineQuery, keys [][]any) ([]store.EngineHit, error) {
	var ids bson.A
	for _, key := range keys {
		if id := key[len(key)-1]; !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	cursor, err := e.db.Collection(q.Collection).Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, shown(q))
	if err != nil {
		return nil, err
	}
	defer func() { _ = cursor.Close(ctx) }()
	bodies := make(map[any]bson.Raw, len(ids))
	for cursor.Next(ctx) {
		bodies[cursor.Current.Lookup("_id").StringValue()] = slices.Clone(cursor.Current)
	}
	if err := cursor.Err(); err != nil {
		return nil, err
	}
	hits := make([]store.EngineHit, 0, len(keys))
	for _, key := range keys {
		body, found := bodies[key[len(key)-1]]
		if !found {
			continue
		}
		still, err := matching(body, q)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(still, func(k []any) bool { return store.CompareKeys(k, key) == 0 }) {
			hits = append(hits, store.EngineHit{Key: key, Body: body})
		}
	}
	return hits, nil
}
