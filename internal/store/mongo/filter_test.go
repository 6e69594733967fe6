package mongo_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
	"asysta.example/internal/store/mongo"
)

// The forms in which the server gets a query: each begins with the leading fields of its index and bounds the next one, and a page that goes on has one alternative
// for each field in which it may go on, so that a scan of the index serves it.
func TestFilters(t *testing.T) {
	state := store.EngineQuery{Fields: []string{"gmina", "cover.state", "cover.opened_on"}, Equal: []any{"2004022", "OPEN"}}
	due := store.EngineQuery{Fields: []string{"gmina", "deadlines.open", "deadlines.due"}, Equal: []any{"2004022", true}}
	words := store.EngineQuery{Fields: []string{"gmina", "cover.label.search"}, Equal: []any{"2004022"}, From: "kowal", To: "kowam"}
	with := func(q store.EngineQuery, change func(*store.EngineQuery)) store.EngineQuery { change(&q); return q }
	tests := []struct {
		name string
		got  bson.D
		want string
	}{
		{
			"first page", mongo.ListFilter(state),
			`{"gmina":"2004022","cover.state":"OPEN"}`,
		},
		{
			"range", mongo.ListFilter(with(state, func(q *store.EngineQuery) { q.From, q.To = "2026-01-01", "2026-02-01" })),
			`{"gmina":"2004022","cover.state":"OPEN","cover.opened_on":{"$gte":"2026-01-01","$lt":"2026-02-01"}}`,
		},
		{
			"next page", mongo.ListFilter(with(state, func(q *store.EngineQuery) { q.After = []any{"2004022", "OPEN", "2026-01-05", "f7"} })),
			`{"$or":[{"gmina":"2004022","cover.state":"OPEN","cover.opened_on":{"$gt":"2026-01-05"}},` +
				`{"gmina":"2004022","cover.state":"OPEN","cover.opened_on":{"$type":["binData","bool","date"]}},` +
				`{"gmina":"2004022","cover.state":"OPEN","cover.opened_on":"2026-01-05","_id":{"$gt":"f7"}}]}`,
		},
		{
			"next page downwards, behind no value",
			mongo.ListFilter(with(state, func(q *store.EngineQuery) { q.After, q.Desc = []any{"2004022", "OPEN", nil, "f7"}, true })),
			`{"$or":[{"gmina":"2004022","cover.state":"OPEN","cover.opened_on":{"$in":[null,[]]},"_id":{"$lt":"f7"}}]}`,
		},
		{
			"next page of a range", mongo.ListFilter(with(state, func(q *store.EngineQuery) {
				q.From, q.After = "2026-01-01", []any{"2004022", "OPEN", "2026-01-05", "f7"}
			})),
			`{"$or":[{"gmina":"2004022","cover.state":"OPEN","$and":[{"cover.opened_on":{"$gte":"2026-01-01"}},{"cover.opened_on":{"$gt":"2026-01-05"}}]},` +
				`{"gmina":"2004022","cover.state":"OPEN","$and":[{"cover.opened_on":{"$gte":"2026-01-01"}},{"cover.opened_on":"2026-01-05"}],"_id":{"$gt":"f7"}}]}`,
		},
		{
			"elements: one element has all", mongo.CandidateFilter(with(due, func(q *store.EngineQuery) { q.To = "2026-02-01" }), "deadlines", true),
			`{"gmina":"2004022","deadlines":{"$elemMatch":{"open":true,"due":{"$lt":"2026-02-01"}}}}`,
		},
		{
			"elements: next page starts where the last ended", mongo.CandidateFilter(with(due, func(q *store.EngineQuery) {
				q.To, q.After = "2026-02-01", []any{"2004022", true, "2026-01-05", "f7"}
			}), "deadlines", true),
			`{"gmina":"2004022","deadlines":{"$elemMatch":{"open":true,"due":{"$gte":"2026-01-05","$lt":"2026-02-01"}}}}`,
		},
		{
			"elements, for a server without $elemMatch over documents",
			mongo.CandidateFilter(with(due, func(q *store.EngineQuery) { q.To = "2026-02-01" }), "deadlines", false),
			`{"gmina":"2004022","deadlines.open":true,"deadlines.due":{"$lt":"2026-02-01"}}`,
		},
		{
			"words: one word lies within", mongo.CandidateFilter(words, "cover.label.search", true),
			`{"gmina":"2004022","cover.label.search":{"$elemMatch":{"$gte":"kowal","$lt":"kowam"}}}`,
		},
		{
			"elements without a value: also documents without elements",
			mongo.CandidateFilter(with(words, func(q *store.EngineQuery) { q.Equal, q.From, q.To = []any{"2004022", nil}, nil, nil }), "cover.label.search", true),
			`{"gmina":"2004022"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := bson.MarshalExtJSON(tt.got, false, false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
