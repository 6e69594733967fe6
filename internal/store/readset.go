package store

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
)

// ReadSet collects which family data a call was handed, for the access log. It is safe for concurrent use.
type ReadSet struct {
	mu     sync.Mutex
	refs   map[Ref]struct{}
	gminas map[string]struct{}
}

type readSetKey struct{}

// WithReadSet gives a context in which every document, record and history of family data that a scope hands out is noted in the returned set.
// Counting (EachCover, EachRecord) and feeds, which name aggregates without their content, are not noted.
func WithReadSet(ctx context.Context) (context.Context, *ReadSet) {
	set := &ReadSet{refs: map[Ref]struct{}{}, gminas: map[string]struct{}{}}
	return context.WithValue(ctx, readSetKey{}, set), set
}

// Unnoted gives a context in which nothing is noted: for looking at aggregates of which only some, or none, leave the call. Whoever lets one leave calls Note with the call's
// own context.
func Unnoted(ctx context.Context) context.Context {
	return context.WithValue(ctx, readSetKey{}, (*ReadSet)(nil))
}

// Refs gives "<kind>/<id>" of everything noted, sorted.
func (s *ReadSet) Refs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.named()
}

// named gives the refs as they stand in the access log.
func (s *ReadSet) named() []string {
	out := make([]string, 0, len(s.refs))
	for ref := range s.refs {
		out = append(out, ref.String())
	}
	slices.Sort(out)
	return out
}

// Gminas gives the gminas of everything noted, sorted.
func (s *ReadSet) Gminas() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.gminas))
}

// Take gives refs and gminas of everything noted since it was called last, and forgets them.
func (s *ReadSet) Take() (refs, gminas []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refs, gminas = s.named(), slices.Sorted(maps.Keys(s.gminas))
	clear(s.refs)
	clear(s.gminas)
	return refs, gminas
}

// Add notes refs and gminas, as Take gave them.
func (s *ReadSet) Add(refs, gminas []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range refs {
		kind, id, _ := strings.Cut(ref, "/")
		s.refs[Ref{Kind: Kind(kind), ID: id}] = struct{}{}
	}
	for _, gmina := range gminas {
		s.gminas[gmina] = struct{}{}
	}
}

// Forget takes an aggregate out, because the access log has it.
func (s *ReadSet) Forget(ref Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.refs, ref)
}

// note adds an aggregate to the read set of the context, if its kind is family data.
func note(ctx context.Context, ref Ref, gmina string) {
	set, ok := ctx.Value(readSetKey{}).(*ReadSet)
	if !ok || set == nil || !familyData[ref.Kind] {
		return
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	set.refs[ref] = struct{}{}
	if gmina != "" {
		set.gminas[gmina] = struct{}{}
	}
}
