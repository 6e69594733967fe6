package server

import (
	"context"
	"slices"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
)

// filter is what a list asks for, in the store's words.
type filter struct {
	state                         familyfile.State
	assistant, socialWorker, body string
	from, to                      calendar.Date
}

// ListFamilyFiles lists what the caller may see, newest first.
func (s *Server) ListFamilyFiles(ctx context.Context, req *casefilev1.ListFamilyFilesRequest) (*casefilev1.ListFamilyFilesResponse, error) {
	g := access.GrantFrom(ctx)
	if n, err := name.ParseAs(req.GetParent(), ""); err != nil || n.Gmina != g.Gmina {
		return nil, fault.Denied()
	}
	f, err := filterFrom(req, g.Gmina)
	if err != nil {
		return nil, err
	}
	f.narrow(g)
	docs, next, err := s.collect(ctx, g, f, rpc.PageSize(req.GetPageSize()), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	out := &casefilev1.ListFamilyFilesResponse{NextPageToken: next}
	for _, l := range docs {
		line, err := s.summary(l)
		if err != nil {
			return nil, err
		}
		out.FamilyFiles = append(out.FamilyFiles, line)
	}
	return out, nil
}

func filterFrom(req *casefilev1.ListFamilyFilesRequest, gmina string) (f filter, err error) {
	if st := req.GetState(); st != casefilev1.FamilyFileState_FAMILY_FILE_STATE_UNSPECIFIED {
		f.state = familyfile.State(st.String()[len("FAMILY_FILE_STATE_"):])
	}
	for _, x := range []struct {
		to       *string
		resource string
		kind     name.Kind
		field    string
	}{
		{&f.assistant, req.GetAssistant(), name.Staff, "assistant"},
		{&f.socialWorker, req.GetSocialWorker(), name.Staff, "social_worker"},
		{&f.body, req.GetContractedBody(), name.Institutions, "contracted_body"},
	} {
		if x.resource == "" {
			continue
		}
		n, err := name.ParseAs(x.resource, x.kind)
		if err != nil || n.Gmina != gmina {
			return f, fault.Invalid(x.field, "FILTER_NAME", "to nie jest nazwa z tej gminy.")
		}
		*x.to = n.ID
	}
	return f, dates(into(&f.from, req.GetOpenedFromDate(), "opened_from_date"), into(&f.to, req.GetOpenedToDate(), "opened_to_date"))
}

// narrow lets a list run over the caller's own families where only one role speaks for the caller; the object rule decides in any case.
func (f *filter) narrow(g access.Grant) {
	if len(g.Roles) != 1 {
		return
	}
	switch {
	case g.Roles[0] == access.Assistant && f.assistant == "":
		f.assistant = g.Employment.Staff
	case g.Roles[0] == access.ContractedBody && f.body == "":
		f.body = g.Employment.Body
	}
}

// query gives the index that fits the filter best: what follows in it is the day of opening, so that the newest come first whatever is asked for.
func (f filter) query() store.Query {
	q := store.Query{Index: "by_opened", Desc: true}
	of := func(index, value string) {
		if q.Index, q.Equal = index+"_opened", []any{value}; f.state != "" {
			q.Index, q.Equal = index, append(q.Equal, string(f.state))
		}
	}
	switch {
	case f.assistant != "":
		of("by_assistant", f.assistant)
	case f.socialWorker != "":
		of("by_social_worker", f.socialWorker)
	case f.body != "":
		of("by_body", f.body)
	case f.state != "":
		q.Index, q.Equal = "by_state", []any{string(f.state)}
	}
	if !f.from.IsZero() {
		q.From = f.from.String()
	}
	if !f.to.IsZero() {
		q.To = f.to.AddDays(1).String()
	}
	return q
}

func (f filter) fits(c familyfile.Cover) bool {
	return c.State != familyfile.Fenced && (f.state == "" || c.State == f.state) && (f.assistant == "" || c.Assistant == f.assistant) &&
		(f.socialWorker == "" || c.SocialWorker == f.socialWorker) && (f.body == "" || c.ContractedBody == f.body) &&
		!c.OpenedOn.Before(f.from) && (f.to.IsZero() || !c.OpenedOn.After(f.to))
}

// collect reads pages until enough files that fit and are visible are found. Only those count as read.
func (s *Server) collect(ctx context.Context, g access.Grant, f filter, size int, token string) (out []loaded, next string, err error) {
	quiet := store.Unnoted(ctx)
	scope, q := s.deps.Scope(ctx), f.query()
	q.Token = token
	for {
		q.Limit, q.Outline = size-len(out), true
		page, err := scope.List(quiet, store.FamilyFiles, q)
		if err != nil {
			return nil, "", pageFault(err)
		}
		out = slices.Grow(out, len(page.Hits))
		for _, hit := range page.Hits {
			cover, err := rpc.Part[familyfile.Cover](hit.Doc, hit.Doc.Cover)
			if err != nil {
				return nil, "", err
			}
			if _, ok := g.RoleOn(cover.Parties()); !ok || !f.fits(cover) {
				continue
			}
			l := loaded{doc: hit.Doc, file: casefile.File{Cover: cover}}
			store.Note(ctx, hit.Doc)
			out = append(out, l)
		}
		if page.Next == "" || len(out) >= size {
			return out, page.Next, nil
		}
		q.Token = page.Next
	}
}

func (s *Server) summary(l loaded) (*casefilev1.FamilyFileSummary, error) {
	c, gmina := l.file.Cover, l.doc.Gmina
	w := writer{gmina: gmina, file: l.file, today: s.deps.Today()}
	out := &casefilev1.FamilyFileSummary{
		Name: name.In(gmina, name.FamilyFiles, l.doc.ID), Number: c.Number, Etag: rpc.Etag(l.doc.Version), State: rpc.Enum[casefilev1.FamilyFileState](c.State), FamilyName: c.Label.FamilyName,
		Place: c.Label.Place, Street: c.Label.Address, Basis: rpc.Enum[familyv1.Basis](c.Basis), Assistant: w.staff(c.Assistant), SocialWorker: w.staff(c.SocialWorker),
		ContractedBody: rpc.LocalName(w.gmina, name.Institutions, w.file.Cover.ContractedBody), OpenedOn: rpc.Date(c.OpenedOn), CooperationStartDate: rpc.Date(c.Day0), ClosedOn: rpc.Date(c.ClosedOn), Difficulty: int32(c.Difficulty),
		VoluntaryWorkStopped: c.StoppedNow(w.today), LastVisitOn: rpc.Date(c.LastVisitOn),
	}
	for _, ch := range c.Children {
		if ch.LeftOn.IsZero() && !ch.Grown {
			out.Children++
		}
		if ch.InCare() {
			out.ChildrenInCare++
		}
	}
	terms, err := store.DecodedDeadlines[deadline.Deadline](l.doc)
	if i := slices.IndexFunc(terms, func(d deadline.Deadline) bool { return d.Open }); i >= 0 {
		out.NextDeadline = rpc.Deadlines(terms[i:i+1], gmina, out.GetName(), w.today)[0]
	}
	return out, err
}
