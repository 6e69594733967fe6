package server

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

// lastRune sorts behind every word that a prefix begins.
const lastRune = string(utf8.MaxRune)

// SearchFamilyFiles implements the service.
func (s *Server) SearchFamilyFiles(ctx context.Context, req *casefilev1.SearchFamilyFilesRequest) (*casefilev1.SearchFamilyFilesResponse, error) {
	n, err := name.ParseAs(req.GetParent(), "")
	if err != nil {
		return nil, fault.Denied()
	}
	q, found, err := s.searched(n.Gmina, req)
	if err != nil {
		return nil, err
	}
	q.Token, q.Narrow = req.GetPageToken(), true
	size := rpc.PageSize(req.GetPageSize())
	hits := newStream(s.deps.Scope(ctx), store.FamilyFiles, q, size, size, func(h store.Hit) (bool, error) {
		_, cover, ok, err := visible(ctx, h.Doc)
		return ok && found(h, cover.Label.Search), err
	})
	out := &casefilev1.SearchFamilyFilesResponse{}
	for len(out.FamilyFiles) < size {
		h, ok, err := hits.head(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		row, err := hitOut(h.Doc)
		if err != nil {
			return nil, err
		}
		store.Note(ctx, h.Doc)
		out.FamilyFiles = append(out.FamilyFiles, row)
		hits.consume()
	}
	token, end, err := hits.token()
	if !end {
		out.NextPageToken = token
	}
	return out, err
}

// searched gives the query of a search and which of its hits are wanted, by the key found and the file's words. A file with several words that begin as asked for
// is wanted for the first of them alone.
func (s *Server) searched(gmina string, req *casefilev1.SearchFamilyFilesRequest) (store.Query, func(store.Hit, []string) bool, error) {
	if req.GetPesel() != "" {
		return store.Query{Index: "by_pesel", Equal: []any{s.deps.Vault.GminaHash(gmina, req.GetPesel())}}, func(store.Hit, []string) bool { return true }, nil
	}
	words := familyfile.SearchKeys(req.GetQuery())
	longest := ""
	for _, w := range words {
		if utf8.RuneCountInString(w) > utf8.RuneCountInString(longest) {
			longest = w
		}
	}
	if utf8.RuneCountInString(longest) < 2 {
		return store.Query{}, nil, fault.Invalid("query", "QUERY_TOO_SHORT", "podaj co najmniej dwie pierwsze litery nazwiska lub adresu.")
	}
	return store.Query{Index: "by_search", From: longest, To: longest + lastRune}, func(h store.Hit, own []string) bool {
		for _, w := range words {
			if !slices.ContainsFunc(own, func(o string) bool { return strings.HasPrefix(o, w) }) {
				return false
			}
		}
		i := slices.IndexFunc(own, func(o string) bool { return strings.HasPrefix(o, longest) })
		return len(h.Key) > 0 && h.Key[len(h.Key)-1] == own[i]
	}, nil
}

// visible says whether the caller reaches a family file that a list has met.
func visible(ctx context.Context, doc *store.Document) (access.Role, familyfile.Cover, bool, error) {
	role, cover, err := reach(ctx, doc)
	if f, ok := fault.As(err); ok && (f.Kind == fault.KindDenied || f.Kind == fault.KindNotFound) {
		return "", cover, false, nil
	}
	return role, cover, err == nil, err
}

func hitOut(doc *store.Document) (*casefilev1.FamilyFileHit, error) {
	c, err := rpc.Part[familyfile.Cover](doc, doc.Cover)
	if err != nil {
		return nil, err
	}
	return &casefilev1.FamilyFileHit{
		FamilyFile: name.In(doc.Gmina, name.FamilyFiles, doc.ID), Number: c.Number,
		State:      rpc.Enum[casefilev1.FamilyFileState](c.State),
		FamilyName: c.Label.FamilyName, Place: c.Label.Place, Street: c.Label.Address,
		Assistant: rpc.StaffName(doc.Gmina, c.Assistant), SocialWorker: rpc.StaffName(doc.Gmina, c.SocialWorker), OpenedOn: rpc.Date(c.OpenedOn),
	}, nil
}
