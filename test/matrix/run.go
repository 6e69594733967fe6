package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
)

// figures are what came of the matrix.
type figures struct {
	methods, callers, objects int
	cells                     map[string]int // by way
	verdicts                  map[verdict]int
	said                      map[string]map[string]bool // answers in bytes, by way and verdict; of what is absent also by the kind of what is asked about
	vain                      map[string]bool            // methods that nobody whom they admit has come through to
	mismatches                []string
}

// String is the line for the record.
func (f *figures) String() string {
	var verdicts []string
	for _, v := range slices.Sorted(maps.Keys(f.verdicts)) {
		verdicts = append(verdicts, fmt.Sprintf("%s %d", v, f.verdicts[v]))
	}
	return fmt.Sprintf("%d cells over gRPC and %d over REST: %d methods, %d callers, %d objects; %s; %d mismatches, writes of refused cells among them; different answers of denied: %d gRPC, %d REST, of absent to the same kind of question: %d gRPC, %d REST",
		f.cells["gRPC"], f.cells["REST"], f.methods, f.callers, f.objects, strings.Join(verdicts, ", "), len(f.mismatches),
		len(f.said["gRPC "+string(denied)]), len(f.said["REST "+string(denied)]), f.most("gRPC", absent), f.most("REST", absent))
}

// most is the largest number of different answers of a verdict to one kind of question.
func (f *figures) most(way string, v verdict) int {
	n := 0
	for key, said := range f.said {
		if strings.HasPrefix(key, way+" "+string(v)) {
			n = max(n, len(said))
		}
	}
	return n
}

// run asks every cell that is wanted, one after the other.
func run(ctx context.Context, w *world, wanted func(n int, c cell) bool) (*figures, error) {
	methods, err := w.methods()
	if err != nil {
		return nil, err
	}
	f := &figures{methods: len(methods), callers: len(w.callers), objects: len(w.objects), cells: map[string]int{}, verdicts: map[verdict]int{}, said: map[string]map[string]bool{}, vain: map[string]bool{}}
	n := 0
	for _, m := range methods {
		for _, c := range w.cells(m) {
			if n++; !wanted(n, c) {
				continue
			}
			if err := w.try(ctx, f, c, n); err != nil {
				return f, err
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(f.said)) {
		if said := f.said[key]; len(said) > 1 && (strings.Contains(key, string(denied)) || strings.Contains(key, string(absent))) {
			f.mismatches = append(f.mismatches, fmt.Sprintf("%d different answers of %s: %q", len(said), key, slices.Sorted(maps.Keys(said))))
		}
	}
	return f, nil
}

// cells enumerates the questions of one method.
func (w *world) cells(m *method) []cell {
	var objects []*object
	for i := range w.objects {
		o := &w.objects[i]
		if o.pattern == m.Pattern || m.SystemOnly() && o.pattern == toCome {
			objects = append(objects, o)
		}
	}
	if m.Pattern == "" && !m.SystemOnly() {
		objects = []*object{nil}
	}
	var all []cell
	for _, who := range w.callers {
		for _, o := range objects {
			all = append(all, cell{m, who, o, "gRPC"})
			if m.Verb != "" && (!m.IsStreamingServer() || expected(m.Permission, who, o) != admitted) {
				all = append(all, cell{m, who, o, "REST"})
			}
		}
	}
	return all
}

func (w *world) try(ctx context.Context, f *figures, c cell, n int) error {
	before, err := w.Writes(ctx)
	if err != nil {
		return err
	}
	a, err := w.ask(ctx, c, n)
	if err != nil {
		return fmt.Errorf("%v: %w", c, err)
	}
	after, err := w.Writes(ctx)
	if err != nil {
		return err
	}
	want, got := expected(c.method.Permission, c.who, c.object), verdictOf(a)
	f.cells[c.way]++
	f.verdicts[want]++
	// Who reaches a file may be told that its version is old before being told that it has no such part.
	old := a.code == codes.Aborted && c.object != nil && c.object.within && c.method.etag && expected(c.method.Permission, c.who, c.object.container()) == admitted
	if want != got && !old {
		f.mismatches = append(f.mismatches, fmt.Sprintf("%v: want %s, got %s", c, want, a.text))
	}
	if got != admitted {
		key := c.way + " " + string(got)
		if got == absent {
			key += " " + c.kind()
		}
		if f.said[key] == nil {
			f.said[key] = map[string]bool{}
		}
		f.said[key][a.raw] = true
		if after != before {
			f.mismatches = append(f.mismatches, fmt.Sprintf("%v: refused as %s and written", c, got))
		}
	}
	if came, seen := f.vain[c.method.Call]; want == admitted && got == admitted && (!seen || came) {
		f.vain[c.method.Call] = strings.Contains(a.text, "INVALID_FIELDS")
	}
	return nil
}
