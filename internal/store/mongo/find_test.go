package mongo_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"asysta.example/internal/store"
	"asysta.example/internal/store/mongo"
	"asysta.example/internal/testkit/mongotest"
)

func indexFields(t *testing.T, uri, database, collection, name string) (fields []string) {
	t.Helper()
	client, err := driver.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.Background()) }()
	specs, err := client.Database(database).Collection(collection).Indexes().ListSpecifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range specs {
		if s.Name != name {
			continue
		}
		elements, _ := s.KeysDocument.Elements()
		for _, e := range elements {
			fields = append(fields, e.Key())
		}
	}
	return fields
}

// shape is an index of the model test: how its documents look, and values to ask for.
type shape struct {
	name   string
	fields []string
	doc    func(r *rand.Rand) bson.D
	values [][]any // per field
}

var (
	gminas = []any{"2004022", "2004032"}
	states = []any{"OPEN", "CLOSED", nil}
	days   = []any{"2026-01-05", "2026-01-06", "2026-01-07", "2026-02-01", nil}
	words  = []any{"kowalska", "żaba", "zając", "Ćma", "", nil}
	mixed  = []any{nil, int64(-1), int64(7), 7.5, "7", "a", []byte{1}, []byte{1, 2}, []byte{2}, false, true, time.UnixMilli(1).UTC(), time.UnixMilli(2).UTC()}
)

func pick(r *rand.Rand, from []any) any { return from[r.IntN(len(from))] }

// put adds a field, or leaves it out, or stores a null, for no value.
func put(r *rand.Rand, d bson.D, key string, v any) bson.D {
	if v == nil && r.IntN(2) == 0 {
		return d
	}
	return append(d, bson.E{Key: key, Value: v})
}

func elements(r *rand.Rand, from []any) any {
	if r.IntN(6) == 0 {
		return nil
	}
	list := bson.A{}
	for range r.IntN(4) {
		list = append(list, pick(r, from))
	}
	return list
}

var shapes = []shape{
	{
		name: "values", fields: []string{"gmina", "cover.state", "cover.opened_on"}, values: [][]any{gminas, states, days},
		doc: func(r *rand.Rand) bson.D {
			return bson.D{{Key: "cover", Value: put(r, put(r, bson.D{}, "state", pick(r, states)), "opened_on", pick(r, days))}}
		},
	},
	{
		name: "types", fields: []string{"gmina", "v"}, values: [][]any{gminas, mixed},
		doc: func(r *rand.Rand) bson.D { return put(r, nil, "v", pick(r, mixed)) },
	},
	{
		name: "array of documents", fields: []string{"gmina", "deadlines.open", "deadlines.due"}, values: [][]any{gminas, {true, false}, days},
		doc: func(r *rand.Rand) bson.D {
			list := bson.A{}
			for range r.IntN(4) {
				list = append(list, put(r, put(r, bson.D{}, "open", r.IntN(2) == 0), "due", pick(r, days)))
			}
			return bson.D{{Key: "deadlines", Value: list}}
		},
	},
	{
		name: "array of values", fields: []string{"gmina", "cover.label.search"}, values: [][]any{gminas, words},
		doc: func(r *rand.Rand) bson.D {
			return bson.D{{Key: "cover", Value: bson.D{{Key: "label", Value: put(r, bson.D{}, "search", elements(r, words[:5]))}}}}
		},
	},
	{
		name: "array before a value", fields: []string{"gmina", "cover.roles", "cover.active_from"}, values: [][]any{gminas, states, days},
		doc: func(r *rand.Rand) bson.D {
			return bson.D{{Key: "cover", Value: put(r, put(r, bson.D{}, "roles", elements(r, states[:2])), "active_from", pick(r, days))}}
		},
	},
	{
		name: "only empty arrays and no values", fields: []string{"gmina", "v"}, values: [][]any{gminas, {"x", nil}},
		doc: func(r *rand.Rand) bson.D { return put(r, nil, "v", []any{nil, bson.A{}}[r.IntN(2)]) },
	},
}

// declare makes the index "i" of the collection "c".
func declare(t *testing.T, e store.Engine, fields ...string) {
	t.Helper()
	if err := e.Migrate(t.Context(), []store.CollectionSpec{{Name: "c", Indexes: []store.IndexSpec{{Name: "i", Fields: fields}}}}); err != nil {
		t.Fatal(err)
	}
}

// Find agrees with the definition of index entries, page after page, for random documents and queries. Each page is asked of an engine that has never met an
// array as well as of one that has.
func TestFindIsWhatIndexKeysSay(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(len(s.name))))
			uri, database := mongotest.Unrecorded(t) // some of these queries the store never asks
			e := openAt(t, uri, database)
			declare(t, e, s.fields...)
			bodies := map[string]bson.Raw{}
			for i := range 30 {
				id := fmt.Sprintf("%02d", (i*17)%30)
				step := insertStep(t, "c", id, append(bson.D{{Key: "gmina", Value: pick(r, gminas)}}, s.doc(r)...))
				if err := e.Write(t.Context(), []store.Step{step}); err != nil {
					t.Fatal(err)
				}
				bodies[id] = step.Body
			}
			for range 15 {
				q := s.query(r)
				want := expected(t, bodies, q)
				for _, fresh := range []bool{true, false} {
					if diff := cmp.Diff(want, everything(t, e, q, fresh)); diff != "" {
						t.Fatalf("%+v, fresh %t (-want +got):\n%s", q, fresh, diff)
					}
				}
			}
		})
	}
}

func (s shape) query(r *rand.Rand) store.EngineQuery {
	q := store.EngineQuery{Collection: "c", Index: "i", Fields: s.fields, Desc: r.IntN(2) == 0, Limit: 1 + r.IntN(12)}
	for i := range r.IntN(len(s.fields) + 1) {
		q.Equal = append(q.Equal, pick(r, s.values[i]))
	}
	if n := len(q.Equal); n < len(s.fields) {
		if r.IntN(2) == 0 {
			q.From = pick(r, s.values[n])
		}
		if r.IntN(2) == 0 {
			q.To = pick(r, s.values[n])
		}
	}
	return q
}

// expected works the hits of a query out from the definition: all keys of all documents, those within it, in order.
func expected(t *testing.T, bodies map[string]bson.Raw, q store.EngineQuery) (keys [][]any) {
	t.Helper()
	n := len(q.Equal)
	for id, body := range bodies {
		all, err := store.IndexKeys(body, q.Fields)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range all {
			within := store.CompareKeys(key[:n], q.Equal) == 0
			if q.From != nil {
				within = within && store.SameType(key[n], q.From) && store.CompareKeys(key[n:n+1], []any{q.From}) >= 0
			}
			if q.To != nil {
				within = within && store.SameType(key[n], q.To) && store.CompareKeys(key[n:n+1], []any{q.To}) < 0
			}
			if within {
				keys = append(keys, append(key, id))
			}
		}
	}
	slices.SortFunc(keys, store.CompareKeys)
	if q.Desc {
		slices.Reverse(keys)
	}
	return keys
}

// everything follows a query to its end and checks that pages are full and bodies belong to their keys.
func everything(t *testing.T, e store.Engine, q store.EngineQuery, fresh bool) (keys [][]any) {
	t.Helper()
	for range 1000 {
		if fresh {
			mongo.Forget(e)
		}
		hits, err := e.Find(t.Context(), q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		for _, h := range hits {
			keys = append(keys, h.Key)
			if id := h.Body.Lookup("_id").StringValue(); id != h.Key[len(h.Key)-1] {
				t.Fatalf("body of %s under key %v", id, h.Key)
			}
		}
		if len(hits) < q.Limit {
			return keys
		}
		q.After = hits[len(hits)-1].Key
	}
	t.Fatalf("%+v never ends", q)
	return nil
}

// The store's binary subtypes and civil dates aside, what an index orders is what the server orders: this list is one page of the server's.
func TestLongList(t *testing.T) {
	e := open(t)
	declare(t, e, "gmina", "n")
	for i := range 150 {
		doc := bson.D{{Key: "gmina", Value: "2004022"}, {Key: "n", Value: int32(150 - i)}}
		if err := e.Write(t.Context(), []store.Step{insertStep(t, "c", fmt.Sprintf("%03d", i), doc)}); err != nil {
			t.Fatal(err)
		}
	}
	q := store.EngineQuery{Collection: "c", Index: "i", Fields: []string{"gmina", "n"}, Equal: []any{"2004022"}, Limit: 500}
	hits, err := e.Find(t.Context(), q)
	if err != nil || len(hits) != 150 {
		t.Fatalf("%d hits, %v", len(hits), err)
	}
	if first := hits[0].Key; first[1] != int64(1) || first[2] != "149" {
		t.Errorf("first hit %v", first)
	}
}

// Downwards the server puts an empty array behind a missing value, though both are no value: an engine that has met no array must look for one.
func TestEmptyArraysDownwards(t *testing.T) {
	e := open(t)
	declare(t, e, "gmina", "v")
	for i, v := range []any{nil, bson.A{}, nil, bson.A{}, nil} {
		doc := bson.D{{Key: "gmina", Value: "2004022"}, {Key: "v", Value: v}}
		if err := e.Write(t.Context(), []store.Step{insertStep(t, "c", fmt.Sprint(i), doc)}); err != nil {
			t.Fatal(err)
		}
	}
	q := store.EngineQuery{Collection: "c", Index: "i", Fields: []string{"gmina", "v"}, Equal: []any{"2004022"}, Desc: true, Limit: 2}
	var ids []any
	for _, key := range everything(t, e, q, true) {
		ids = append(ids, key[2])
	}
	if diff := cmp.Diff([]any{"4", "3", "2", "1", "0"}, ids); diff != "" {
		t.Error(diff)
	}
}

// A document in which different elements have the values asked for is no hit, and does not take the place of one.
func TestValuesOfDifferentElements(t *testing.T) {
	e := open(t)
	declare(t, e, "gmina", "deadlines.open", "deadlines.due")
	element := func(open bool, due string) bson.D {
		return bson.D{{Key: "open", Value: open}, {Key: "due", Value: due}}
	}
	for id, deadlines := range map[string]bson.A{
		"a": {element(true, "2026-01-05"), element(false, "2026-01-06")},
		"b": {element(false, "2026-01-05"), element(true, "2026-01-06")},
	} {
		doc := bson.D{{Key: "gmina", Value: "2004022"}, {Key: "deadlines", Value: deadlines}}
		if err := e.Write(t.Context(), []store.Step{insertStep(t, "c", id, doc)}); err != nil {
			t.Fatal(err)
		}
	}
	q := store.EngineQuery{
		Collection: "c", Index: "i", Fields: []string{"gmina", "deadlines.open", "deadlines.due"}, Equal: []any{"2004022", true, "2026-01-06"}, Limit: 1,
	}
	for _, fresh := range []bool{true, false} {
		if diff := cmp.Diff([][]any{{"2004022", true, "2026-01-06", "b"}}, everything(t, e, q, fresh)); diff != "" {
			t.Errorf("fresh %t: %s", fresh, diff)
		}
	}
}

// A list that does without them does not fetch what no list shows, be the index over a value or through an array.
func TestNarrowListsLeaveFieldsOnTheServer(t *testing.T) {
	uri, database := mongotest.Unrecorded(t)
	e := openAt(t, uri, database)
	for field, value := range map[string]any{"v": "x", "list": bson.A{"x", "y"}} {
		declare(t, e, field)
		body := bson.D{{Key: field, Value: value}, {Key: "requests", Value: "r"}, {Key: "cover", Value: "c"}, {Key: "sections", Value: "s"}}
		if err := e.Write(t.Context(), []store.Step{insertStep(t, "c", field, body)}); err != nil {
			t.Fatal(err)
		}
		for narrow, want := range map[bool]int{true: 3, false: 5} { // the _id among them
			hits, err := e.Find(t.Context(), store.EngineQuery{Collection: "c", Index: "i", Fields: []string{field}, From: "x", Limit: 5, Narrow: narrow})
			if err != nil || len(hits) == 0 {
				t.Fatal(hits, err)
			}
			elements, err := hits[0].Body.Elements()
			if err != nil || len(elements) != want {
				t.Errorf("narrow %v over %s: %v, %v", narrow, field, hits[0].Body, err)
			}
		}
	}
}
