package server

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"asysta.example/internal/store"
)

// Several logs read as one: page by page every line comes once, newest first, whatever of it is in more than one of them.
func TestSeveralLogsReadAsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := make([][]store.Access, rapid.IntRange(1, 3).Draw(t, "logs"))
		var want []string
		numbered := rapid.IntRange(0, 30).Draw(t, "numbered from")
		for n := range rapid.IntRange(0, 30).Draw(t, "lines") {
			a := store.Access{ID: string(rune('A' + n)), At: time.Unix(int64(n/rapid.IntRange(1, 3).Draw(t, "at once")), 0)}
			if n >= numbered {
				a.ID, a.At = store.SequenceKey("access", int64(n+1)), time.Unix(rapid.Int64Range(0, 30).Draw(t, "at"), 0)
			}
			in := rapid.SliceOfNDistinct(rapid.IntRange(0, len(whole)-1), 1, len(whole), rapid.ID[int]).Draw(t, "of")
			for _, i := range in {
				whole[i] = append(whole[i], a)
			}
			want = append(want, a.ID)
		}
		var at []store.Access
		for _, w := range whole {
			slices.SortFunc(w, func(a, b store.Access) int {
				if a.Newer(b) {
					return -1
				}
				return 1
			})
			at = append(at, w...)
		}
		size := rapid.IntRange(1, 7).Draw(t, "page size")
		var got []store.Access
		from := make([]int, len(whole))
		for {
			logs := make([]reader, len(whole))
			for i, w := range whole {
				logs[i].lines = w[from[i]:min(from[i]+size, len(w))]
			}
			page := merged(logs, size)
			if len(page) > size {
				t.Fatalf("a page of %d lines, at most %d may be", len(page), size)
			}
			if len(page) == 0 {
				break
			}
			for i := range logs {
				from[i] += logs[i].taken
			}
			got = append(got, page...)
		}
		var ids []string
		for i, a := range got {
			ids = append(ids, a.ID)
			if i > 0 && a.Newer(got[i-1]) {
				t.Fatalf("%v comes after %v", a, got[i-1])
			}
		}
		slices.Sort(ids)
		slices.Sort(want)
		if !slices.Equal(ids, want) {
			t.Fatalf("lines %v, want %v of %v", ids, want, at)
		}
	})
}
