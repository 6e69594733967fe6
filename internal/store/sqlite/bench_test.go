package sqlite_test

import (
	"crypto/rand"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// BenchmarkCommit has 16 writers, each on a file of its own of 8 KB, add a visit with each commit.
func BenchmarkCommit(b *testing.B) {
	st := store.Open(open(b, filepath.Join(b.TempDir(), "asysta.db")))
	defer st.Close()
	if err := st.System().Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	const writers = 16
	s := st.For("2004022")
	b.SetParallelism(max(1, writers/runtime.GOMAXPROCS(0)))
	var started atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		started.Add(1)
		doc := s.New(store.Ref{Kind: store.FamilyFiles, ID: store.NewID(time.Now(), rand.Reader)})
		for pb.Next() {
			id := store.NewID(time.Now(), rand.Reader)
			next, _, err := s.Commit(b.Context(), doc, store.Change{
				Actor: store.Actor{Person: "p", Role: "ASSISTANT"}, Method: "/m", RequestID: id, BodyHash: make([]byte, 32), RecordedAt: time.Now(),
				Cover:    bson.D{{Key: "state", Value: "OPEN"}, {Key: "opened_on", Value: "2026-01-01"}, {Key: "assistant", Value: "p"}},
				Sections: map[string]any{"casefile": bson.D{{Key: "text", Value: strings.Repeat("x", 8<<10)}}},
				Deadlines: bson.A{
					bson.D{{Key: "due", Value: "2026-02-01"}, {Key: "open", Value: true}, {Key: "person", Value: "p"}},
					bson.D{{Key: "due", Value: "2026-03-01"}, {Key: "open", Value: true}, {Key: "person", Value: "p"}},
				},
				Records: []store.Record{{Type: store.Visits, ID: id, Date: "2026-01-10", Body: bson.D{{Key: "note", Value: "x"}}}},
			})
			if err != nil {
				b.Error(err)
				return
			}
			doc = next
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
	b.ReportMetric(float64(started.Load()), "writers")
}
