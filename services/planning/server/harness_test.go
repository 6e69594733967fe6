package server_test

import (
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/internal/testkit/office"
	"asysta.example/services/planning/server"
)

const (
	county = office.County
	gmina  = office.Gmina
	other  = office.Nearby
	fileID = "01j0000000000000000000file"
	file   = "gminas/" + gmina + "/familyFiles/" + fileID
	plan1  = file + "/plans/1"
)

var (
	now  = time.Date(2026, 7, 31, 10, 0, 0, 0, time.UTC)
	must = office.Must
	on   = office.Day
)

// world is a county with a running planning service.
type world struct {
	*office.Office
	t       *testing.T
	service *server.Server
	plans   planningv1.PlanningServiceClient
	coord   planningv1.CoordinationServiceClient
	rest    func() *httptest.Server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Office: office.New(t, office.At(now)), t: t}
	w.service = server.New(w.Deps)
	pipe := w.Run(w.service)
	conn := w.Connect(pipe, rpc.WithFaults())
	w.plans, w.coord = planningv1.NewPlanningServiceClient(conn), planningv1.NewCoordinationServiceClient(conn)
	w.rest = func() *httptest.Server {
		return w.REST(pipe, planningv1.RegisterPlanningServiceHandler, planningv1.RegisterCoordinationServiceHandler)
	}
	w.people()
	return w
}

// people fills the directory.
func (w *world) people() {
	for staff, role := range map[string]access.Role{"sw-1": access.SocialWorker, "head": access.Head, "as-1": access.Assistant, "as-2": access.Assistant} {
		w.Employ(gmina, staff, role)
	}
	w.Employ(other, "far", access.Head)
	for _, id := range []string{"co-a", "co-b", "co-c"} {
		w.Appoint(county, id, access.Coordinator)
	}
}

// cover of a file in cooperation: one child at home, and with coordinators one in care for each.
func cover(coordinators ...string) familyfile.Cover {
	c := familyfile.Cover{
		Number: "AR/1/2026", Label: familyfile.Label{FamilyName: "Świątek", Place: "Słucz", Address: "Słucz 17", Members: []familyfile.MemberName{{Member: "m1", Name: "Anna Świątek"}}},
		State: familyfile.Cooperation, Basis: familyfile.BasisConsent, OpenedOn: calendar.MustOf(2026, 1, 10), SocialWorker: "sw-1", Assistant: "as-1", AssistantPer: "p-as-1",
		Day0: calendar.MustOf(2026, 1, 31), Spells: []familyfile.Spell{{From: calendar.MustOf(2026, 1, 10), Day0: calendar.MustOf(2026, 1, 31), Basis: familyfile.BasisConsent}},
		Adults: 1, Children: []familyfile.Child{{Member: "home", BornOn: calendar.MustOf(2015, 5, 1)}},
	}
	for i, p := range coordinators {
		member := fmt.Sprintf("care%d", i+1)
		c.Children = append(c.Children, familyfile.Child{Member: member, BornOn: calendar.MustOf(2018, 5, 1), InCareSince: calendar.MustOf(2026, 2, 1), Coordinator: p})
		c.Label.Members = append(c.Label.Members, familyfile.MemberName{Member: member, Name: "Dziecko " + member})
	}
	return c
}

// family puts the family file into the store.
func (w *world) family(c familyfile.Cover) {
	w.t.Helper()
	w.Write(w.Deps.Store.For(gmina), store.FamilyFiles, fileID, c, func(ch *store.Change) { ch.Audience = append([]string{}, c.Coordinators()...) })
}

// cover reads the file's cover as stored.
func (w *world) cover() familyfile.Cover {
	w.t.Helper()
	doc, err := w.Deps.Store.For(gmina).Load(w.t.Context(), store.Ref{Kind: store.FamilyFiles, ID: fileID})
	must(w.t, err)
	c, err := rpc.Decode[familyfile.Cover](doc.Cover)
	must(w.t, err)
	return c
}

// content of a complete plan; with children in care a goal about them.
func content(children ...string) *planningv1.PlanContent {
	c := &planningv1.PlanContent{
		Reason:    "pierwszy plan",
		Diagnosis: []*planningv1.Diagnosis{{LifeArea: "UPBRINGING", Problem: "brak rytmu dnia", Expectations: []*planningv1.Expectation{{MemberId: "m1", Text: "więcej spokoju"}}}},
		Goals:     []*planningv1.Goal{{GoalId: "g1", Title: "stały rytm dnia", Aims: []string{"PARENTING"}}},
		Actions: []*planningv1.Action{{ActionId: "a1", GoalId: "g1", Description: "plan tygodnia", Responsible: planningv1.ResponsibleKind_RESPONSIBLE_KIND_MEMBER, Who: "m1",
			TaskCode: "6", DueDate: on("2026-09-30"), ExpectedEffect: "dzieci chodzą do szkoły"}},
	}
	for _, child := range children {
		c.Goals = append(c.Goals, &planningv1.Goal{GoalId: "return" + child, Title: "powrót dziecka", Aims: []string{"REINTEGRATION"}, Children: []string{child}, CareGoal: planningv1.CareGoal_CARE_GOAL_RETURN})
		c.Actions = append(c.Actions, &planningv1.Action{ActionId: "visit" + child, GoalId: "return" + child, Description: "odwiedziny", Responsible: planningv1.ResponsibleKind_RESPONSIBLE_KIND_ASSISTANT,
			TaskCode: "2", DueDate: on("2026-10-31"), ExpectedEffect: "utrzymana więź"})
	}
	return c
}

// reason checks the reason of a refusal.
func reason(t *testing.T, err error, want string) {
	t.Helper()
	if !fault.IsReason(err, want) {
		t.Fatalf("err = %v, want %s", err, want)
	}
}
