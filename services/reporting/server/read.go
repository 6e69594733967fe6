package server

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/reporting"
)

// byOpened lists a gmina's files in the order of their opening.
const byOpened = "by_opened"

const pageOfCounting = 500

// gmina counts a gmina's indicators; staff are its assistants by id. The head locked out of a file by name counts it all the same: a number names nobody.
func (s *Server) gmina(ctx context.Context, p reporting.Period) (reporting.Indicators, map[string]directory.Staff, error) {
	gmina, err := wholeGmina(ctx)
	if err != nil {
		return reporting.Indicators{}, nil, err
	}
	counting := store.Unnoted(ctx) // what is only counted is not handed out
	scope := s.deps.Store.For(gmina)
	var files []reporting.File
	err = eachFile(counting, scope, func(f reporting.File) { files = append(files, f) })
	if err != nil {
		return reporting.Indicators{}, nil, err
	}
	visits, err := visitsOf(counting, scope)
	if err != nil {
		return reporting.Indicators{}, nil, err
	}
	staff, ids, err := s.assistants(ctx, gmina, p)
	if err != nil {
		return reporting.Indicators{}, nil, err
	}
	return reporting.CountGmina(p, files, visits, ids), staff, nil
}

// wholeGmina gives the gmina of a caller who may see all of it. The head of a contracted body does not.
func wholeGmina(ctx context.Context) (string, error) {
	g := access.GrantFrom(ctx)
	if _, err := rpc.Visible(g, access.Parties{}); err != nil {
		return "", err
	}
	return g.Gmina, nil
}

func eachFile(ctx context.Context, scope store.Scope, fn func(reporting.File)) error {
	for token := ""; ; {
		page, err := scope.List(ctx, store.FamilyFiles, store.Query{Index: byOpened, Limit: pageOfCounting, Token: token, Narrow: true})
		if err != nil {
			return err
		}
		for _, h := range page.Hits {
			c, err := rpc.Part[familyfile.Cover](h.Doc, h.Doc.Cover)
			if err != nil {
				return err
			}
			fn(reporting.File{ID: h.Doc.ID, Cover: c})
		}
		if token = page.Next; token == "" {
			return nil
		}
	}
}

// visitsOf reads the gmina's entries of all time: one that was moved by a correction stands in another period than the one it supersedes.
func visitsOf(ctx context.Context, scope store.Scope) ([]reporting.Visit, error) {
	var visits []reporting.Visit
	for token := ""; ; {
		page, err := scope.Records(ctx, store.RecordQuery{Type: store.Visits, Limit: pageOfCounting, Token: token})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Records {
			v, err := rpc.Decode[reporting.Visit](r.Body)
			if err != nil {
				return nil, err
			}
			v.File = r.File
			visits = append(visits, v)
		}
		if token = page.Next; token == "" {
			return visits, nil
		}
	}
}

// assistants gives those employed as assistants on some day of the period.
func (s *Server) assistants(ctx context.Context, gmina string, p reporting.Period) (map[string]directory.Staff, []string, error) {
	all, err := s.deps.Directory.ListStaff(ctx, gmina, access.Assistant)
	if err != nil {
		return nil, nil, err
	}
	by, ids := map[string]directory.Staff{}, []string(nil)
	for _, st := range all {
		by[st.ID] = st
		if !st.ActiveFrom.After(p.To) && (st.ActiveTo.IsZero() || !st.ActiveTo.Before(p.From)) {
			ids = append(ids, st.ID)
		}
	}
	return by, ids, nil
}

func (s *Server) readCounty(ctx context.Context, county string) ([]reporting.File, []reporting.Visit, error) {
	scope := s.deps.Store.ForCounty(county)
	var files []reporting.File
	err := scope.EachCover(ctx, func(_ string, raw bson.Raw) error {
		c, err := rpc.Decode[familyfile.Cover](raw)
		files = append(files, reporting.File{Cover: c})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	var visits []reporting.Visit
	err = scope.EachRecord(ctx, store.Visits, "", "", reporting.VisitFields, func(_, file string, raw bson.Raw) error {
		v, err := rpc.Decode[reporting.Visit](raw)
		v.File = file
		visits = append(visits, v)
		return err
	})
	return files, visits, err
}

// behind gives the ids of the files that count, a page of them. A file whose family the caller is locked out of by name is left out.
func (s *Server) behind(ctx context.Context, counts func(familyfile.Cover) bool, size int, token string) (ids []string, next string, err error) {
	gmina, err := wholeGmina(ctx)
	if err != nil {
		return nil, "", err
	}
	g := access.GrantFrom(ctx)
	counting := store.Unnoted(ctx)
	scope := s.deps.Store.For(gmina)
	for {
		page, err := scope.List(counting, store.FamilyFiles, store.Query{Index: byOpened, Limit: size, Token: token, Narrow: true})
		if err != nil {
			return nil, "", rpc.Absent(ctx, err)
		}
		for _, h := range page.Hits {
			c, err := rpc.Part[familyfile.Cover](h.Doc, h.Doc.Cover)
			if err != nil {
				return nil, "", err
			}
			if _, visible := g.RoleOn(c.Parties()); visible && counts(c) {
				ids = append(ids, h.Doc.ID)
			}
		}
		if token = page.Next; token == "" || len(ids) > 0 {
			return ids, token, nil
		}
	}
}

// load reads one file that is handed out, so that the access log has it.
func (s *Server) load(ctx context.Context, id string) (familyfile.Cover, error) {
	doc, err := s.deps.Store.For(access.GrantFrom(ctx).Gmina).Load(ctx, store.Ref{Kind: store.FamilyFiles, ID: id})
	if err != nil {
		return familyfile.Cover{}, rpc.Absent(ctx, err)
	}
	return rpc.Part[familyfile.Cover](doc, doc.Cover)
}
