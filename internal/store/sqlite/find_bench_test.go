package sqlite

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// BenchmarkFindKnown asks for a page of 50 of 3,000 documents that the caller has already, after somebody has written, which empties what readers keep.
func BenchmarkFindKnown(b *testing.B) {
	e, err := Open(b.Context(), filepath.Join(b.TempDir(), "a.db"), WithoutSync())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	specs := []store.CollectionSpec{{Name: "docs", Indexes: []store.IndexSpec{{Name: "by_n", Fields: []string{"n"}}}}, {Name: "lines"}}
	if err := e.Migrate(b.Context(), specs); err != nil {
		b.Fatal(err)
	}
	const docs = 3000
	filler := bytes.Repeat([]byte("x"), 4600)
	for i, n := range rand.New(rand.NewPCG(1, 2)).Perm(docs) {
		id := fmt.Sprintf("%06d", i)
		body, err := bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "version", Value: int64(3)}, {Key: "n", Value: int64(n)}, {Key: "filler", Value: filler}})
		if err != nil {
			b.Fatal(err)
		}
		if err := e.Write(b.Context(), []store.Step{{Op: store.Replace, Collection: "docs", ID: id, Body: body, Version: 3}}); err != nil {
			b.Fatal(err)
		}
	}
	q := store.EngineQuery{Collection: "docs", Index: "by_n", Fields: []string{"n"}, Limit: 50, Known: func(string, int64) bool { return true }}
	line, err := bson.Marshal(bson.D{{Key: "_id", Value: "line"}})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		if err := e.Write(b.Context(), []store.Step{{Op: store.Replace, Collection: "lines", ID: "line", Body: line, Version: int64(i + 1)}}); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		q.From = int64(i * 37 % (docs - 100))
		hits, err := e.Find(b.Context(), q)
		if err != nil || len(hits) != 50 {
			b.Fatal(len(hits), err)
		}
	}
}
