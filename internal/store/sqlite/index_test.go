package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"asysta.example/internal/store"
)

// Whatever a document becomes, each index leads to it by just the keys that it has then: Check, which reads everything, finds no fault.
func TestIndexesFollowEveryChange(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "asysta.db"), func(o *store.EngineOptions) { o.NoSync = true })
	defer e.Close()
	specs := []store.IndexSpec{
		{Name: "top", Fields: []string{"a"}}, {Name: "deep", Fields: []string{"a", "cover.x", "cover.label.y"}}, {Name: "list", Fields: []string{"a", "list.open", "list.due"}},
		{Name: "words", Fields: []string{"cover.label.words"}},
	}
	if err := e.Migrate(t.Context(), []store.CollectionSpec{{Name: things, Indexes: specs}}); err != nil {
		t.Fatal(err)
	}
	value := rapid.SampledFrom([]any{nil, "", "1", "2", int64(3), true, bson.A{}, bson.A{"1"}, bson.D{{Key: "y", Value: "1"}}})
	optional := func(t *rapid.T, d bson.D, key string, v any) bson.D {
		if rapid.Bool().Draw(t, key) {
			return append(d, bson.E{Key: key, Value: v})
		}
		return d
	}
	documents := 0
	rapid.Check(t, func(r *rapid.T) {
		documents++
		id := fmt.Sprintf("%d", documents)
		var before bson.Raw
		for version := range int64(rapid.IntRange(2, 5).Draw(r, "versions")) {
			label := bson.D{{Key: "words", Value: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3).Draw(r, "words")}}
			cover := optional(r, optional(r, bson.D{}, "x", rapid.SampledFrom([]string{"1", "2"}).Draw(r, "x")), "label", optional(r, label, "y", "1"))
			var list bson.A
			for range rapid.IntRange(0, 3).Draw(r, "list") {
				list = append(list, bson.D{{Key: "due", Value: rapid.SampledFrom([]string{"1", "2"}).Draw(r, "due")}, {Key: "open", Value: rapid.Bool().Draw(r, "open")}})
			}
			d := optional(r, bson.D{{Key: "_id", Value: id}, {Key: "version", Value: version + 1}}, "a", rapid.SampledFrom([]any{"1", int64(2), nil}).Draw(r, "a"))
			d = optional(r, optional(r, d, "cover", cover), "list", list)
			d = optional(r, d, "other", value.Draw(r, "other"))
			body, err := bson.Marshal(d)
			if err != nil {
				r.Fatal(err)
			}
			step := store.Step{Op: store.Replace, Collection: things, ID: id, Body: body, Version: version + 1, Point: store.PointDocument}
			if rapid.Bool().Draw(r, "known") {
				step.Before = before
			}
			if err := e.Write(t.Context(), []store.Step{step}); err != nil {
				r.Fatal(err)
			}
			before = body
		}
		faults, err := e.Check(t.Context())
		if err != nil || len(faults) > 0 {
			r.Fatalf("check: %v, %v", faults, err)
		}
	})
}
