package server_test

import (
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/internal/testkit/office"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/workcard/server"
)

const (
	county, gmina, nearby = office.County, office.Gmina, office.Nearby
	pesel                 = "44051401359"
)

var (
	now  = office.Now
	must = office.Must
	on   = office.Day
	day  = calendar.MustParse
)

// world is a county with a running work card.
type world struct {
	*office.Office
	t      *testing.T
	pipe   *rpc.Pipe
	client casefilev1.WorkCardServiceClient
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Office: office.New(t), t: t}
	w.pipe = w.Run(server.New(w.Deps))
	w.client = casefilev1.NewWorkCardServiceClient(w.Connect(w.pipe))
	w.people()
	return w
}

// people fills the directory: each staff id is the login too.
func (w *world) people() {
	called := func(s *directory.Staff) { s.DisplayName = "Pracownik " + s.DisplayName }
	in := func(area string) func(*directory.Staff) { return func(s *directory.Staff) { s.Areas = []string{area} } }
	w.Employ(gmina, "as1", access.Assistant, called)
	w.Employ(gmina, "as2", access.Assistant, called)
	w.Employ(gmina, "sw1", access.SocialWorker, called, in("a1"))
	w.Employ(gmina, "sw2", access.SocialWorker, called, in("a2"))
	w.Employ(gmina, "head", access.Head, called)
	w.Employ(gmina, "body", access.ContractedBody, called, func(s *directory.Staff) { s.Body = "ngo" })
	w.Employ(nearby, "far", access.Head, called)
	w.Write(w.Deps.Store.For(gmina), store.Institutions, "school", directory.Institution{DisplayName: "Szkoła Podstawowa", Kind: directory.InstitutionSchool})
}

// family is a family file: of as1 and sw1 in area a1, in cooperation since 1 September 2026, unless edit says otherwise.
func (w *world) family(id string, edit func(*familyfile.Cover)) {
	w.t.Helper()
	in := gmina
	c := familyfile.Cover{
		Number: "AR/" + id + "/2026", State: familyfile.Cooperation, Source: familyfile.SourceCourtOrder, Basis: familyfile.BasisConsent, OpenedOn: day("2026-08-20"),
		Area: "a1", SocialWorker: "sw1", Assistant: "as1", AssistantPer: "p-as1", Assignments: []familyfile.Assignment{{Staff: "as1", Person: "p-as1", From: day("2026-08-20")}},
		DocsReadOn: day("2026-08-22"), JointVisitOn: day("2026-09-01"), Day0: day("2026-09-01"), Spells: []familyfile.Spell{{From: day("2026-08-20"), Day0: day("2026-09-01")}},
		CourtOrders: []familyfile.CourtTerm{{Matter: "o1", OrderedOn: day("2026-08-01")}}, Label: familyfile.Label{FamilyName: "Świątek", Place: "Radziłów", Address: "ul. Łąkowa 4/2"},
	}
	if edit != nil {
		edit(&c)
	}
	if c.Label.Place == "Wąsosz" { // the gmina next door
		in = nearby
	}
	c.Label.Search = familyfile.SearchKeys(c.Label.FamilyName, c.Label.Place, c.Label.Address)
	section := casefile.Section{
		Members: []casefile.Member{{ID: "m1", Role: casefile.Mother, GivenName: "Anna", FamilyName: "Świątek", Authority: true}, {ID: "m2", Role: casefile.ChildRole, GivenName: "Ola", FamilyName: "Świątek"}},
		Orders:  []casefile.Order{{ID: "o1", Court: "Sąd Rejonowy w Grajewie", CaseNumber: "III Nsm 123/26", OrderedOn: day("2026-08-01")}},
	}
	w.Write(w.Deps.Store.For(in), store.FamilyFiles, id, c, func(ch *store.Change) {
		ch.Sections, ch.Deadlines = map[string]any{casefile.SectionName: section}, familyfile.Deadlines(c)
	})
}

// referral is a referral with one term due on a day, of a social worker and area.
func (w *world) referral(id, worker, area, due string) {
	w.t.Helper()
	cover := map[string]any{"state": "RECEIVED", "received_on": "2026-11-01", "social_worker": worker, "area": area}
	d := deadline.Term(deadline.RuleInterview, day("2026-11-01"), 0, worker)
	d.Due = day(due)
	w.Write(w.Deps.Store.For(gmina), store.Referrals, id, cover, func(ch *store.Change) { ch.Deadlines = []deadline.Deadline{d} })
}

// cover reads a file's cover.
func (w *world) cover(id string) familyfile.Cover {
	w.t.Helper()
	doc, err := w.Deps.Store.For(gmina).Load(w.t.Context(), store.Ref{Kind: store.FamilyFiles, ID: id})
	must(w.t, err)
	c, err := rpc.Decode[familyfile.Cover](doc.Cover)
	must(w.t, err)
	return c
}

func file(id string) string { return name.In(gmina, name.FamilyFiles, id) }

func staff(id string) string { return name.In(gmina, name.Staff, id) }

func meeting(date string) *casefilev1.Visit {
	return &casefilev1.Visit{
		VisitedOn: on(date), Kind: casefilev1.VisitKind_VISIT_KIND_MEETING, Place: casefilev1.VisitPlace_VISIT_PLACE_HOME, FromTimeOfDay: "10:00", ToTimeOfDay: "11:30",
		MemberIds: []string{"m1"}, TaskCodes: []string{"3", "6"}, Findings: "Rozmowa o domowym budżecie.",
	}
}

// record records an entry by as1.
func (w *world) record(id string, v *casefilev1.Visit) *casefilev1.Visit {
	w.t.Helper()
	out, err := w.client.RecordVisit(w.As("as1"), &casefilev1.RecordVisitRequest{Parent: file(id), Visit: v, RequestId: w.RequestID()})
	must(w.t, err)
	return out
}

// reasonOf gives code and reason of a refusal, "OK" for none.
func reasonOf(err error) string {
	st := status.Convert(err)
	for _, d := range st.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			return st.Code().String() + " " + info.GetReason()
		}
	}
	return st.Code().String()
}

func wantCode(t *testing.T, err error, want codes.Code, what string) {
	t.Helper()
	if status.Code(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}
