//go:build unix

package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

// BenchmarkLogAccess has 16 callers log reads of so many of a county's 3,000 families. What it costs is told for all that is done for a line, in the background
// too: processor time, and pages of 4 KB written to the log and from there to the database.
func BenchmarkLogAccess(b *testing.B) {
	files := make([]string, 3000)
	dice := rand.New(rand.NewPCG(1, 2))
	for i := range files {
		files[i] = store.Ref{Kind: store.FamilyFiles, ID: store.NewID(time.UnixMilli(dice.Int64N(1<<40)), zeros{})}.String()
	}
	for _, refs := range []int{1, 25, 50} {
		b.Run(fmt.Sprintf("refs=%d", refs), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "asysta.db")
			engine := open(b, path, sqlite.WithoutSync())
			st := store.Open(engine)
			defer st.Close()
			if err := st.System().Migrate(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.SetParallelism(max(1, 16/runtime.GOMAXPROCS(0)))
			logLines(b, st, files, refs, 8192)
			if err := engine.MakeDurable(b.Context()); err != nil {
				b.Fatal(err)
			}
			cpu, written := used(b)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				dice := rand.New(rand.NewPCG(rand.Uint64(), 3))
				for pb.Next() {
					if err := st.LogAccess(b.Context(), lineOf(dice, files, refs)); err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.StopTimer()
			if _, err := st.System().IndexAccess(b.Context()); err != nil { // what is left to the background counts
				b.Fatal(err)
			}
			cpuNow, writtenNow := used(b)
			b.ReportMetric(float64((cpuNow-cpu).Microseconds())/float64(b.N), "cpu-µs/op")
			b.ReportMetric(float64(writtenNow-written)/4096/float64(b.N), "pages/op")
		})
	}
}

// BenchmarkAccessLog asks who read a family of 3,000, a page of 50, where the last segment is almost whole and its lines are looked at one by one.
func BenchmarkAccessLog(b *testing.B) {
	st := store.Open(open(b, filepath.Join(b.TempDir(), "asysta.db"), sqlite.WithoutSync()))
	defer st.Close()
	if err := st.System().Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	s, file := st.For("2004022"), store.Ref{Kind: store.FamilyFiles, ID: "f"}
	change := store.Change{Actor: store.Actor{Person: "p"}, Method: "/m", RecordedAt: time.Now(), Cover: bson.D{}}
	if _, _, err := s.Commit(b.Context(), s.New(file), change); err != nil {
		b.Fatal(err)
	}
	files := []string{file.String()}
	for n := range 2999 {
		files = append(files, fmt.Sprintf("%s/%026d", store.FamilyFiles, n))
	}
	logLines(b, st, files, 25, 5*4096-1)
	if _, err := st.System().IndexAccess(b.Context()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if lines, _, err := s.AccessLog(b.Context(), file, 50, ""); err != nil || len(lines) != 50 {
			b.Fatalf("%d lines, %v", len(lines), err)
		}
	}
}

// zeros is no chance at all, so that ids are the same in every run.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func lineOf(dice *rand.Rand, files []string, refs int) store.Access {
	a := store.Access{
		At: time.Now(), Gminas: []string{"2004022"}, Actor: store.Actor{Person: "p", Staff: "s", Role: "ASSISTANT", Subject: "u", Instance: "i"},
		Method: "/asysta.casefile.v1.CasefileService/ListFamilyFiles", Refs: make([]string, refs),
	}
	for i := range a.Refs {
		a.Refs[i] = files[dice.IntN(len(files))]
	}
	return a
}

// logLines logs lines before the measuring begins.
func logLines(b *testing.B, st store.Store, files []string, refs, lines int) {
	b.Helper()
	dice := rand.New(rand.NewPCG(4, 5))
	for range lines {
		if err := st.LogAccess(b.Context(), lineOf(dice, files, refs)); err != nil {
			b.Fatal(err)
		}
	}
}

// used gives the processor time of this process and the bytes that it has written, where the system tells.
func used(b *testing.B) (cpu time.Duration, written int64) {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile("/proc/self/io")
	if err == nil {
		_, after, _ := strings.Cut(string(text), "wchar: ")
		_, err = fmt.Sscan(after, &written)
	}
	if err != nil {
		b.Logf("bytes written: %v", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), written
}
