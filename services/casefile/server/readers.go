package server

import (
	"context"
	"errors"
	"slices"
	"strings"

	"asysta.example/internal/familyfile"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
)

// readOf are the aggregates whose readers are readers of a file: the file itself and every referral it came from, which hold the same family's data.
func (s *Server) readOf(ctx context.Context, doc *store.Document) ([]store.Ref, error) {
	scope := s.deps.Store.For(doc.Gmina)
	now, err := rpc.Decode[familyfile.Cover](doc.Cover)
	if err != nil {
		return nil, err
	}
	section, err := rpc.Decode[casefile.Section](doc.Sections[casefile.SectionName])
	if err != nil {
		return nil, err
	}
	first, err := scope.History(ctx, doc.Ref(), 0, 1)
	if err != nil {
		return nil, err
	}
	ids := []string{now.Referral}
	for _, c := range first {
		begun, err := rpc.Decode[familyfile.Cover](c.Cover)
		if err != nil {
			return nil, err
		}
		ids = append(ids, begun.Referral)
	}
	for _, r := range section.Reopenings {
		ids = append(ids, r.Referral)
	}
	refs := []store.Ref{doc.Ref()}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		if id != "" {
			refs = append(refs, store.Ref{Kind: store.Referrals, ID: id})
		}
	}
	return refs, nil
}

// A token of a page of several logs is the token of each, in the order of their aggregates.
const (
	between  = "~"
	finished = "-"
)

// reader reads one of several logs at once.
type reader struct {
	ref   store.Ref
	at    string // token of the next line; "" at the beginning
	lines []store.Access
	next  string // token after lines
	taken int    // of lines
}

// accesses gives a page of what several logs say, newest first, and the token of the next one. A call that read several of the aggregates is there once.
func accesses(ctx context.Context, scope store.Scope, refs []store.Ref, size int, token string) ([]store.Access, string, error) {
	at := make([]string, len(refs))
	if token != "" {
		if at = strings.Split(token, between); len(at) != len(refs) {
			return nil, "", store.ErrPageToken
		}
	}
	logs := make([]reader, len(refs))
	for i, ref := range refs {
		logs[i] = reader{ref: ref, at: at[i]}
		if at[i] == finished {
			continue
		}
		var err error
		if logs[i].lines, logs[i].next, err = scope.AccessLog(ctx, ref, size, at[i]); err != nil && (i == 0 || !errors.Is(err, store.ErrNotFound)) {
			return nil, "", err
		}
	}
	out := merged(logs, size)
	ended := true
	for i := range logs {
		if err := logs[i].advance(ctx, scope); err != nil {
			return nil, "", err
		}
		at[i] = logs[i].at
		ended = ended && at[i] == finished
	}
	if ended {
		return out, "", nil
	}
	return out, strings.Join(at, between), nil
}

// merged takes up to size lines, newest first, and notes how many of each log those were.
func merged(logs []reader, size int) []store.Access {
	var out []store.Access
	for {
		newest := -1
		for i, l := range logs {
			if l.taken < len(l.lines) && (newest < 0 || l.lines[l.taken].Newer(logs[newest].lines[logs[newest].taken])) {
				newest = i
			}
		}
		if newest < 0 {
			return out
		}
		line := logs[newest].lines[logs[newest].taken]
		again := len(out) > 0 && out[len(out)-1].ID == line.ID
		if len(out) == size && !again {
			return out
		}
		if logs[newest].taken++; !again {
			out = append(out, line)
		}
	}
}

// advance moves a reader to behind the lines that were taken.
func (r *reader) advance(ctx context.Context, scope store.Scope) error {
	switch {
	case len(r.lines) == 0:
		r.next = ""
	case r.taken == 0:
		return nil
	case r.taken < len(r.lines):
		var err error
		if _, r.next, err = scope.AccessLog(ctx, r.ref, r.taken, r.at); err != nil {
			return err
		}
	}
	if r.at = r.next; r.at == "" {
		r.at = finished
	}
	return nil
}
