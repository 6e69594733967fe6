package store

import (
	"context"
	"maps"
	"slices"
	"sync"
)

// ReadSet collects which family data a call was handed, for the access log. It is safe for concurrent use.
type ReadSet struct {
	mu     sync.Mutex
	refs   map[string]struct{}
	gminas map[string]struct{}
}

type readSetKey struct{}

// WithReadSet gives a context in which every document, record and history of family data that a scope hands out is noted in the returned set.
// Counting (EachCover, EachRecord) and feeds, which name aggregates without their content, are not noted.
func WithReadSet(ctx context.Context) (context.Context, *ReadSet) {
	set := &ReadSet{refs: map[string]struct{}{}, gminas: map[string]struct{}{}}
	return context.WithValue(ctx, readSetKey{}, set), set
}

// Refs gives "<kind>/<id>" of everything noted, sorted.
func (s *ReadSet) Refs() []string { return s.sorted(s.refs) }

// Gminas gives the gminas of everything noted, sorted.
func (s *ReadSet) Gminas() []string { return s.sorted(s.gminas) }

// Take gives refs and gminas of everything noted since it was called last, and forgets them.
func (s *ReadSet) Take() (refs, gminas []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refs, gminas = slices.Sorted(maps.Keys(s.refs)), slices.Sorted(maps.Keys(s.gminas))
	clear(s.refs)
	clear(s.gminas)
	return refs, gminas
}

// Add notes refs and gminas, as Take gave them.
func (s *ReadSet) Add(refs, gminas []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range refs {
		s.refs[ref] = struct{}{}
	}
	for _, gmina := range gminas {
		s.gminas[gmina] = struct{}{}
	}
}

// Forget takes an aggregate out, because the access log has it.
func (s *ReadSet) Forget(ref Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.refs, ref.String())
}

func (s *ReadSet) sorted(set map[string]struct{}) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, 0, len(set))
	for v := range set {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// note adds an aggregate to the read set of the context, if its kind is family data.
func note(ctx context.Context, ref Ref, gmina string) {
	set, ok := ctx.Value(readSetKey{}).(*ReadSet)
	if !ok || !familyData[ref.Kind] {
		return
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	set.refs[ref.String()] = struct{}{}
	if gmina != "" {
		set.gminas[gmina] = struct{}{}
	}
}
