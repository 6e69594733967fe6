package server_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/store"
	"asysta.example/services/casefile/caseload/keeper"
)

// family opens a family file with an assistant, as the casefile service stores it, and takes the place.
func (w *world) family(gmina, file string, m *directoryv1.StaffMember, state familyfile.State, difficulty int, locked ...string) {
	w.t.Helper()
	scope := w.Deps.Store.For(gmina)
	cover := familyfile.Cover{Number: file, State: state, Assistant: lastStep(m.GetName()), AssistantPer: lastStep(m.GetPerson()), Difficulty: difficulty,
		OpenedOn: calendar.MustOf(2026, 1, 15), Label: familyfile.Label{FamilyName: "Rodzina " + file}, LockedOut: locked}
	_, _, err := scope.Commit(w.t.Context(), scope.New(store.Ref{Kind: store.FamilyFiles, ID: file}),
		store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: monday, Cover: cover})
	if err != nil {
		w.t.Fatal(err)
	}
	if !state.Active() {
		return
	}
	k, at := keeper.New(w.Deps.Store, w.Now), keeper.At{Gmina: gmina, Person: lastStep(m.GetPerson()), File: file}
	if err := k.Reserve(w.t.Context(), at); err != nil {
		w.t.Fatal(err)
	}
	if err := k.Confirm(w.t.Context(), at); err != nil {
		w.t.Fatal(err)
	}
}

func files(us []*directoryv1.UncoveredFamily) []string {
	var out []string
	for _, u := range us {
		out = append(out, lastStep(u.GetFamilyFile())+" "+u.GetReason().String())
	}
	slices.Sort(out)
	return out
}

// accesses counts the lines of the access log on a family file.
func (w *world) accesses(gmina, file string) int {
	w.t.Helper()
	lines, _, err := w.Deps.Store.For(gmina).AccessLog(w.t.Context(), store.Ref{Kind: store.FamilyFiles, ID: file}, 100, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return len(lines)
}

func (w *world) uncovered(login string) []string {
	w.t.Helper()
	list := must[*directoryv1.ListUncoveredFamiliesResponse](w.t)(w.client.ListUncoveredFamilies(w.As(login), &directoryv1.ListUncoveredFamiliesRequest{Parent: "gminas/" + gminaA}))
	for _, u := range list.GetUncoveredFamilies() {
		if u.GetDeadline().GetDueDate() == nil || u.GetDeadline().GetExplanation() == "" || u.GetFamilyName() == "" {
			w.t.Error(u)
		}
	}
	return files(list.GetUncoveredFamilies())
}

func TestNoFamilyIsLeftAloneUnnoticed(t *testing.T) {
	w := newWorld(t)
	head := w.employ(gminaA, "kierownik", headRole)
	sick, gone := w.employ(gminaA, "chory", assistantRole), w.employ(gminaA, "odchodzi", assistantRole)
	w.family(gminaA, "f1", sick, familyfile.Cooperation, 1)
	w.family(gminaA, "f2", sick, familyfile.Monitoring, 1)
	w.family(gminaA, "f3", gone, familyfile.Assigned, 2)
	w.family(gminaA, "f4", gone, familyfile.Monitoring, 1)
	w.family(gminaA, "f5", gone, familyfile.Ended, 1)
	w.family(gminaA, "f6", gone, familyfile.Cooperation, 1, lastStep(head.GetPerson())) // the head is related
	if got := w.uncovered("kierownik"); len(got) != 0 {
		t.Errorf("with everybody there: %v", got)
	}
	absence := must[*directoryv1.RecordAbsenceResponse](t)(w.client.RecordAbsence(w.As("kierownik"), &directoryv1.RecordAbsenceRequest{
		Name: sick.GetName(), FromDate: day(2026, 3, 2), UntilDate: day(2026, 3, 6), Etag: sick.GetEtag(), RequestId: w.RequestID()}))
	if diff := cmp.Diff([]string{"f1 UNCOVERED_REASON_ABSENT"}, files(absence.GetUncoveredFamilies())); diff != "" {
		t.Error(diff)
	}
	end := func(login string) (*directoryv1.EndEmploymentResponse, error) {
		return w.client.EndEmployment(w.As(login), &directoryv1.EndEmploymentRequest{Name: gone.GetName(), LastDate: day(2026, 3, 3), Etag: gone.GetEtag(), RequestId: w.RequestID()})
	}
	told := must[*directoryv1.EndEmploymentResponse](t)(end(rootLogin))
	if len(told.GetUncoveredFamilies()) != 0 || told.GetUncoveredCount() != 3 {
		t.Errorf("the administrator is told %v", told)
	}
	if diff := cmp.Diff([]string{"f1 UNCOVERED_REASON_ABSENT"}, w.uncovered("kierownik")); diff != "" {
		t.Error("the employment still lasts", diff)
	}
	w.SetNow(monday.AddDate(0, 0, 2))
	want := []string{"f1 UNCOVERED_REASON_ABSENT", "f3 UNCOVERED_REASON_EMPLOYMENT_ENDED", "f4 UNCOVERED_REASON_EMPLOYMENT_ENDED"}
	if diff := cmp.Diff(want, w.uncovered("kierownik")); diff != "" {
		t.Error(diff)
	}
	if got := w.accesses(gminaA, "f6"); got != 0 {
		t.Errorf("the access log says that the related head was told of f6, %d times", got)
	}
	if got := w.accesses(gminaA, "f3"); got != 1 {
		t.Errorf("f3 stands %d times in the access log", got)
	}
	if _, err := end("kierownik"); reasonOf(err) != "Aborted STALE_ETAG" {
		t.Error(err)
	}
	w.SetNow(monday.AddDate(0, 0, 5))
	if got := w.uncovered("kierownik"); slices.Contains(got, want[0]) {
		t.Errorf("the assistant is back, %v", got)
	}
	if _, err := w.client.ListUncoveredFamilies(w.As("chory"), &directoryv1.ListUncoveredFamiliesRequest{Parent: "gminas/" + gminaA}); reasonOf(err) != "PermissionDenied DENIED" {
		t.Error(err)
	}
}

func TestADeactivatedAssistantLeavesFamiliesAlone(t *testing.T) {
	w := newWorld(t)
	w.employ(gminaA, "kierownik", headRole)
	as := w.employ(gminaA, "asystent", assistantRole)
	w.family(gminaA, "f1", as, familyfile.Cooperation, 1)
	p := must[*directoryv1.Person](t)(w.client.GetPerson(w.As(rootLogin), &directoryv1.GetPersonRequest{Name: as.GetPerson()}))
	must[*directoryv1.Person](t)(w.client.DeactivatePerson(w.As(rootLogin), &directoryv1.DeactivatePersonRequest{Name: p.GetName(), Etag: p.GetEtag(), RequestId: w.RequestID()}))
	if diff := cmp.Diff([]string{"f1 UNCOVERED_REASON_DEACTIVATED"}, w.uncovered("kierownik")); diff != "" {
		t.Error(diff)
	}
	offered := must[*directoryv1.ListCaseloadsResponse](t)(w.client.ListCaseloads(w.As("kierownik"), &directoryv1.ListCaseloadsRequest{Parent: "gminas/" + gminaA}))
	if len(offered.GetCaseloads()) != 0 {
		t.Errorf("offered as having places: %v", offered.GetCaseloads())
	}
}

func TestCaseloadTellsNothingOfOtherGminas(t *testing.T) {
	w := newWorld(t)
	must[*directoryv1.Gmina](t)(w.client.CreateGmina(w.As(rootLogin), &directoryv1.CreateGminaRequest{Parent: "powiaty/" + county, GminaId: gminaB, RequestId: w.RequestID(),
		Gmina: &directoryv1.Gmina{DisplayName: "gmina Szczuczyn", Office: &directoryv1.Office{DisplayName: "MOPS w Szczuczynie"}}}))
	w.employ(gminaA, "kierownik", headRole)
	here := w.employ(gminaA, "asystent", assistantRole)
	w.employ(gminaA, "drugi", assistantRole)
	there := worker("Jan asystent", assistantRole)
	there.Person = here.GetPerson()
	elsewhere := must[*directoryv1.StaffMember](t)(w.client.CreateStaffMember(w.As(rootLogin), &directoryv1.CreateStaffMemberRequest{Parent: "gminas/" + gminaB, StaffMember: there, RequestId: w.RequestID()}))
	w.family(gminaA, "f1", here, familyfile.Cooperation, 3)
	w.family(gminaA, "f2", here, familyfile.Assigned, 1)
	w.family(gminaB, "f3", elsewhere, familyfile.Cooperation, 2)
	if err := keeper.New(w.Deps.Store, w.Now).Reserve(t.Context(), keeper.At{Gmina: gminaA, Person: lastStep(here.GetPerson()), File: "f9"}); err != nil {
		t.Fatal(err)
	}
	for _, login := range []string{"kierownik", "asystent"} {
		c := must[*directoryv1.Caseload](t)(w.client.GetCaseload(w.As(login), &directoryv1.GetCaseloadRequest{Staff: here.GetName()}))
		if c.GetTaken() != 4 || c.GetLimit() != 15 || c.GetFamiliesHere() != 2 || c.GetReservedHere() != 1 || c.GetFamiliesElsewhere() != 1 || c.GetDifficultySum() != 4 || len(c.GetFamilyFiles()) != 2 {
			t.Errorf("%s: %v", login, c)
		}
	}
	if _, err := w.client.GetCaseload(w.As("drugi"), &directoryv1.GetCaseloadRequest{Staff: here.GetName()}); reasonOf(err) != "PermissionDenied DENIED" {
		t.Error(err)
	}
	all := must[*directoryv1.ListCaseloadsResponse](t)(w.client.ListCaseloads(w.As("kierownik"), &directoryv1.ListCaseloadsRequest{Parent: "gminas/" + gminaA}))
	if len(all.GetCaseloads()) != 2 || all.GetCaseloads()[0].GetTaken() != 0 || len(all.GetCaseloads()[1].GetFamilyFiles()) != 0 {
		t.Error(all)
	}
}

func TestDeputyIsHeadWhileItLasts(t *testing.T) {
	w := newWorld(t)
	w.employ(gminaA, "kierownik", headRole)
	dep, other := w.employ(gminaA, "zastepca", workerRole), w.employ(gminaA, "inny", workerRole)
	appoint := func(login string, m *directoryv1.StaffMember, from, until int32) (*directoryv1.StaffMember, error) {
		return w.client.AppointDeputy(w.As(login), &directoryv1.AppointDeputyRequest{Name: m.GetName(), FromDate: day(2026, 3, from), UntilDate: day(2026, 3, until), Etag: m.GetEtag(), RequestId: w.RequestID()})
	}
	if _, err := appoint("kierownik", dep, 1, 9); reasonOf(err) != "InvalidArgument INVALID_FIELDS" {
		t.Error("backwards in time:", err)
	}
	dep = must[*directoryv1.StaffMember](t)(appoint("kierownik", dep, 3, 6))
	heading := func() (bool, bool) {
		me := must[*directoryv1.WhoAmIResponse](t)(w.client.WhoAmI(w.As("zastepca"), &directoryv1.WhoAmIRequest{}))
		e := me.GetEmployments()[0]
		return slices.Contains(e.GetRoles(), headRole), e.GetDeputy()
	}
	for _, tc := range []struct {
		days int
		want bool
	}{{0, false}, {1, true}, {4, true}, {5, false}} {
		w.SetNow(monday.AddDate(0, 0, tc.days))
		if head, deputy := heading(); head != tc.want || deputy != tc.want {
			t.Errorf("%d days on: head %v, deputy %v", tc.days, head, deputy)
		}
	}
	w.SetNow(monday.Add(26 * time.Hour))
	if _, err := appoint("zastepca", other, 4, 9); reasonOf(err) != "FailedPrecondition DEPUTY_BY_DEPUTY" {
		t.Error(err)
	}
	if _, err := appoint("kierownik", dep, 5, 9); reasonOf(err) != "FailedPrecondition DEPUTY_OVERLAPS" {
		t.Error(err)
	}
	w.uncovered("zastepca") // a head's method
	must[*directoryv1.StaffMember](t)(w.client.RevokeDeputy(w.As("kierownik"), &directoryv1.RevokeDeputyRequest{Name: dep.GetName(), DeputizingId: dep.GetDeputizing()[0].GetDeputizingId(), Etag: dep.GetEtag(), RequestId: w.RequestID()}))
	if head, _ := heading(); head {
		t.Error("still head after the revocation")
	}
}

func TestCancelledAbsence(t *testing.T) {
	w := newWorld(t)
	w.employ(gminaA, "kierownik", headRole)
	as := w.employ(gminaA, "asystent", assistantRole)
	rec := func(m *directoryv1.StaffMember, from, until int32) *directoryv1.StaffMember {
		return must[*directoryv1.RecordAbsenceResponse](t)(w.client.RecordAbsence(w.As("kierownik"), &directoryv1.RecordAbsenceRequest{Name: m.GetName(), FromDate: day(2026, 3, from), UntilDate: day(2026, 3, until), Etag: m.GetEtag(), RequestId: w.RequestID()})).GetStaffMember()
	}
	as = rec(rec(as, 1, 5), 10, 12)
	cancel := func(i int) (*directoryv1.StaffMember, error) {
		return w.client.CancelAbsence(w.As("kierownik"), &directoryv1.CancelAbsenceRequest{Name: as.GetName(), AbsenceId: as.GetAbsences()[i].GetAbsenceId(), Etag: as.GetEtag(), RequestId: w.RequestID()})
	}
	as = must[*directoryv1.StaffMember](t)(cancel(0))
	if a := as.GetAbsences()[0]; as.GetAbsentToday() || a.GetUntilDate().GetDay() != 1 {
		t.Error("a lasting absence is shortened", as)
	}
	if _, err := cancel(0); reasonOf(err) != "FailedPrecondition ABSENCE_OVER" {
		t.Error(err)
	}
	as = must[*directoryv1.StaffMember](t)(cancel(1))
	if len(as.GetAbsences()) != 1 {
		t.Error("an absence to come is removed", as)
	}
}
