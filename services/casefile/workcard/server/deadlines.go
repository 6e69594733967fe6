package server

import (
	"context"
	"encoding/base64"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

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
)

// terms is what a call asks of deadlines.
type terms struct {
	gmina    string
	today    calendar.Date
	byPerson bool
	person   string         // staff id, with byPerson
	state    deadline.State // "" for every open one
	from     calendar.Date  // first due date; zero: none
	to       calendar.Date  // first due date that is too late; zero: none
}

// ListDeadlines implements the service.
func (s *Server) ListDeadlines(ctx context.Context, req *casefilev1.ListDeadlinesRequest) (*casefilev1.ListDeadlinesResponse, error) {
	n, err := name.ParseAs(req.GetParent(), "")
	if err != nil {
		return nil, fault.Denied()
	}
	t, err := s.termsAsked(ctx, n.Gmina, req)
	if err != nil {
		return nil, err
	}
	if req.GetFamilyFile() != "" {
		return s.termsOfFile(ctx, req.GetFamilyFile(), t)
	}
	var at place
	if err := at.read(req.GetPageToken()); err != nil {
		return nil, err
	}
	size := rpc.PageSize(req.GetPageSize())
	m := newMerge(s.deps.Scope(ctx), t, at, size, func(d *store.Document) (bool, error) { return s.reached(ctx, d) })
	out := &casefilev1.ListDeadlinesResponse{}
	if req.GetPageToken() == "" {
		if out.Deadlines, err = s.uncovered(ctx, t); err != nil {
			return nil, err
		}
	}
	for len(out.Deadlines) < size {
		h, found, ok, err := m.head(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if len(out.Deadlines) > 0 && len(out.Deadlines)+len(found) > size {
			break
		}
		store.Note(ctx, h.Doc)
		out.Deadlines = append(out.Deadlines, rpc.Deadlines(found, n.Gmina, resource(h.Doc), t.today)...)
		m.consume()
	}
	out.NextPageToken, err = m.token()
	return out, err
}

var stateOf = map[familyv1.DeadlineState]deadline.State{
	familyv1.DeadlineState_DEADLINE_STATE_OPEN: deadline.Open, familyv1.DeadlineState_DEADLINE_STATE_DUE_SOON: deadline.DueSoon,
	familyv1.DeadlineState_DEADLINE_STATE_OVERDUE: deadline.Overdue, familyv1.DeadlineState_DEADLINE_STATE_MET: deadline.Met,
	familyv1.DeadlineState_DEADLINE_STATE_MET_LATE: deadline.MetLate, familyv1.DeadlineState_DEADLINE_STATE_WAIVED: deadline.Waived,
}

// termsAsked reads the filters. An assistant who names nobody asks for their own terms.
func (s *Server) termsAsked(ctx context.Context, gmina string, req *casefilev1.ListDeadlinesRequest) (terms, error) {
	t := terms{gmina: gmina, today: s.deps.Today(), state: stateOf[req.GetState()]}
	g := access.GrantFrom(ctx)
	switch {
	case req.GetNobodyResponsible():
		t.byPerson = true
	case req.GetResponsible() != "":
		n, err := name.ParseAs(req.GetResponsible(), name.Staff)
		if err != nil || n.Gmina != gmina {
			return t, fault.Invalid("responsible", "UNKNOWN_STAFF", "nie ma takiego pracownika w tej gminie; wybierz z listy.")
		}
		t.byPerson, t.person = true, n.ID
	case req.GetFamilyFile() == "" && !g.Has(access.Head, access.SocialWorker, access.ContractedBody):
		t.byPerson, t.person = true, g.Employment.Staff
	}
	until, err := rpc.DateFrom(req.GetDueUntilDate(), "due_until_date")
	t.to = until.AddDays(1)
	switch t.state {
	case deadline.Open:
		t.from = t.today.AddDays(deadline.SoonDays + 1)
	case deadline.DueSoon:
		t.from, t.to = t.today, sooner(t.to, t.today.AddDays(deadline.SoonDays+1))
	case deadline.Overdue:
		t.to = sooner(t.to, t.today)
	}
	return t, err
}

// sooner gives the earlier of two days, of which zero is none.
func sooner(a, b calendar.Date) calendar.Date {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// wants says whether a term is asked for, but for its due date's bounds.
func (t terms) wants(d *deadline.Deadline) bool {
	if t.byPerson && d.Person != t.person {
		return false
	}
	if t.state == "" {
		return d.Open
	}
	return d.On(t.today) == t.state
}

// within says whether a term lies in the due date's bounds.
func (t terms) within(d *deadline.Deadline) bool {
	return (t.from.IsZero() || !d.Due.Before(t.from)) && (t.to.IsZero() || d.Due.Before(t.to))
}

// open says whether the terms asked for are open ones.
func (t terms) open() bool {
	return slices.Contains([]deadline.State{"", deadline.Open, deadline.DueSoon, deadline.Overdue}, t.state)
}

// query is the index query of the terms asked for.
func (t terms) query() store.Query {
	q := store.Query{Index: "by_due", Equal: []any{t.open()}}
	if t.byPerson {
		q = store.Query{Index: "by_person_due", Equal: []any{t.person, t.open()}}
	}
	if !t.from.IsZero() {
		q.From = t.from
	}
	if !t.to.IsZero() {
		q.To = t.to
	}
	q.Outline, q.Narrow = t.open(), true // an outline has no closed terms
	return q
}

// of gives the terms that a hit stands for: those of the document that fall due on the hit's day and are asked for.
func (t terms) of(h store.Hit) ([]deadline.Deadline, error) {
	var due calendar.Date // none where the key has none
	if err := due.UnmarshalText([]byte(dueOf(h))); err != nil {
		return nil, err
	}
	return deadlinesOf(h.Doc, func(d *deadline.Deadline) bool { return d.Due == due && t.wants(d) })
}

// dueOf is the due date in a hit's key, ISO.
func dueOf(h store.Hit) string {
	if len(h.Key) == 0 {
		return ""
	}
	due, _ := h.Key[len(h.Key)-1].(string)
	return due
}

// deadlinesOf gives the terms of a document that are wanted.
func deadlinesOf(doc *store.Document, wanted func(*deadline.Deadline) bool) ([]deadline.Deadline, error) {
	all, err := store.DecodedDeadlines[deadline.Deadline](doc)
	var out []deadline.Deadline
	for i := range all {
		if wanted(&all[i]) {
			out = append(out, all[i])
		}
	}
	return out, err
}

// termsOfFile gives the terms of one family file, which fit on one page.
func (s *Server) termsOfFile(ctx context.Context, file string, t terms) (*casefilev1.ListDeadlinesResponse, error) {
	n, err := parse(file)
	if err != nil || n.Gmina != t.gmina {
		return nil, fault.Denied()
	}
	doc, err := s.deps.Scope(ctx).Load(ctx, ref(n))
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	if _, _, err := reach(ctx, doc); err != nil {
		return nil, err
	}
	ds, err := deadlinesOf(doc, func(d *deadline.Deadline) bool { return t.wants(d) && t.within(d) })
	if err != nil {
		return nil, err
	}
	deadline.Sort(ds)
	return &casefilev1.ListDeadlinesResponse{Deadlines: rpc.Deadlines(ds, t.gmina, n.String(), t.today)}, nil
}

func resource(doc *store.Document) string {
	if doc.Kind == store.Referrals {
		return name.In(doc.Gmina, name.Referrals, doc.ID)
	}
	return name.In(doc.Gmina, name.FamilyFiles, doc.ID)
}

// referralParties are the facts of a referral's cover that the object rules ask about.
type referralParties struct {
	SocialWorker   string   `bson:"social_worker"`
	Area           string   `bson:"area"`
	PersonalRoute  bool     `bson:"personal_route"` // the area gives no sight: the head chose the social worker
	ContractedBody string   `bson:"contracted_body"`
	LockedOut      []string `bson:"locked_out"`
	FamilyFile     string   `bson:"family_file"` // that it led to, which may keep more people out
}

// reached says whether the caller reaches a family file or referral that a list has met.
func (s *Server) reached(ctx context.Context, doc *store.Document) (bool, error) {
	if doc.Kind == store.FamilyFiles {
		c, err := rpc.Part[familyfile.Cover](doc, doc.Cover)
		if err != nil || c.State == familyfile.Fenced {
			return false, err
		}
		_, ok := access.GrantFrom(ctx).RoleOn(c.Parties())
		return ok, nil
	}
	c, err := rpc.Part[referralParties](doc, doc.Cover)
	if err != nil {
		return false, err
	}
	p := access.Parties{SocialWorker: c.SocialWorker, Area: c.Area, ContractedBody: c.ContractedBody, LockedOut: c.LockedOut}
	if c.PersonalRoute {
		p.Area = ""
	}
	if p, err = s.deps.PartiesWithFile(ctx, doc.Gmina, c.FamilyFile, p); err != nil {
		return false, err
	}
	_, ok := access.GrantFrom(ctx).RoleOn(p)
	return ok, nil
}

// place is where a page of deadlines ends in both kinds. The tokens in it are sealed by the store and bound to the query.
type place struct {
	Files        string `bson:"f,omitempty"`
	FilesEnd     bool   `bson:"fe,omitempty"`
	Referrals    string `bson:"r,omitempty"`
	ReferralsEnd bool   `bson:"re,omitempty"`
}

func (p *place) read(token string) error {
	if token == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = bson.Unmarshal(raw, p)
	}
	if err != nil {
		return store.ErrPageToken
	}
	return nil
}

func (p place) write() (string, error) {
	if p.FilesEnd && p.ReferralsEnd {
		return "", nil
	}
	raw, err := bson.Marshal(p)
	return base64.RawURLEncoding.EncodeToString(raw), err
}

// merge walks the deadlines of family files and referrals together, by due date.
type merge struct {
	files, referrals *stream                                 // nil at its end
	last             *stream                                 // whose hit head gave
	found            map[*store.Document][]deadline.Deadline // what the hits at the heads of the streams stand for
}

func newMerge(r store.Reader, t terms, at place, size int, sees func(*store.Document) (bool, error)) *merge {
	m := &merge{found: map[*store.Document][]deadline.Deadline{}}
	accept := func(h store.Hit) (bool, error) {
		found, err := t.of(h)
		if len(found) == 0 || err != nil {
			return false, err
		}
		m.found[h.Doc] = found
		return sees(h.Doc)
	}
	if q := t.query(); !at.FilesEnd {
		q.Token = at.Files
		m.files = newStream(r, store.FamilyFiles, q, size, size, accept)
	}
	if q := t.query(); !at.ReferralsEnd {
		q.Token = at.Referrals
		m.referrals = newStream(r, store.Referrals, q, size/4, size, accept) // referrals are decided within weeks: far fewer are open than families are served
	}
	return m
}

// head gives the next hit of the two and the terms that it stands for; false at the end, or where one of them has looked at enough.
func (m *merge) head(ctx context.Context) (best store.Hit, found []deadline.Deadline, ok bool, err error) {
	m.last = nil
	for _, s := range []*stream{m.files, m.referrals} {
		if s == nil {
			continue
		}
		h, ok, err := s.head(ctx)
		if err != nil || s.paused {
			return h, nil, false, err
		}
		if ok && (m.last == nil || dueOf(h) < dueOf(best)) {
			best, m.last = h, s
		}
	}
	return best, m.found[best.Doc], m.last != nil, nil
}

func (m *merge) consume() { m.last.consume() }

// token is where the next page begins, "" when nothing is left.
func (m *merge) token() (string, error) {
	p := place{FilesEnd: true, ReferralsEnd: true}
	var err error
	if m.files != nil {
		if p.Files, p.FilesEnd, err = m.files.token(); err != nil {
			return "", err
		}
	}
	if m.referrals != nil {
		if p.Referrals, p.ReferralsEnd, err = m.referrals.token(); err != nil {
			return "", err
		}
	}
	return p.write()
}
