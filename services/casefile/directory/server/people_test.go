package server_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/fault"
	"asysta.example/internal/store"
)

func (w *world) person(name string, roles ...directoryv1.CountyRole) *directoryv1.Person {
	w.t.Helper()
	return must[*directoryv1.Person](w.t)(w.client.CreatePerson(w.As(rootLogin), &directoryv1.CreatePersonRequest{
		Parent: "powiaty/" + county, RequestId: w.RequestID(), Person: &directoryv1.Person{DisplayName: name, CountyRoles: roles}}))
}

func TestALoginLeadsToOnePerson(t *testing.T) {
	w := newWorld(t)
	people := []*directoryv1.Person{w.person("Ewa"), w.person("Iza"), w.person("Ola"), w.person("Ula")}
	errs := make([]error, len(people))
	var wg sync.WaitGroup
	for i, p := range people {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, errs[i] = w.client.LinkSubject(w.As(rootLogin), &directoryv1.LinkSubjectRequest{Name: p.GetName(), Subject: "login", Etag: p.GetEtag(), RequestId: w.RequestID()})
		}()
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch got := reasonOf(err); got {
		case "OK":
			won++
		case "AlreadyExists SUBJECT_TAKEN":
		default:
			t.Error(got, err)
		}
	}
	if won != 1 {
		t.Fatalf("%d people have the login", won)
	}
	must[*directoryv1.WhoAmIResponse](t)(w.client.WhoAmI(w.As("login"), &directoryv1.WhoAmIRequest{}))
}

func TestAPeselIsNoLogin(t *testing.T) {
	w := newWorld(t)
	ewa := w.person("Ewa")
	for subject, want := range map[string]string{
		"90051512340": "InvalidArgument SUBJECT_PESEL", "PL/PL/88041212468": "InvalidArgument SUBJECT_PESEL", " 90051512340 ": "InvalidArgument SUBJECT_PESEL",
		" ewa ": "InvalidArgument SUBJECT", " ": "InvalidArgument SUBJECT",
	} {
		_, err := w.client.LinkSubject(w.As(rootLogin), &directoryv1.LinkSubjectRequest{Name: ewa.GetName(), Subject: subject, Etag: ewa.GetEtag(), RequestId: w.RequestID()})
		if reasonOf(err) != want || strings.Contains(err.Error(), "0") {
			t.Errorf("%q: %v", subject, err)
		}
	}
	if _, err := w.bootstrap("2005", "2005012", "90051512340"); !fault.IsReason(err, "SUBJECT_PESEL") {
		t.Error("bootstrap:", err)
	}
}

func TestALoginCanBeGivenToSomebodyElseAfterItWasTaken(t *testing.T) {
	w := newWorld(t)
	ewa, iza := w.person("Ewa", directoryv1.CountyRole_COUNTY_ROLE_COORDINATOR), w.person("Iza")
	ewa = w.link(ewa.GetName(), "login")
	unlink := &directoryv1.UnlinkSubjectRequest{Name: ewa.GetName(), Subject: "login", Etag: ewa.GetEtag(), RequestId: w.RequestID()}
	must[*directoryv1.Person](t)(w.client.UnlinkSubject(w.As(rootLogin), unlink))
	if _, err := w.client.WhoAmI(w.As("login"), &directoryv1.WhoAmIRequest{}); reasonOf(err) != "Unauthenticated NO_SUCH_PERSON" {
		t.Error(err)
	}
	w.link(iza.GetName(), "login")
	must[*directoryv1.Person](t)(w.client.UnlinkSubject(w.As(rootLogin), unlink)) // a late retry takes nothing from Iza
	me := must[*directoryv1.WhoAmIResponse](t)(w.client.WhoAmI(w.As("login"), &directoryv1.WhoAmIRequest{}))
	if me.GetPerson() != iza.GetName() {
		t.Error(me)
	}
}

func TestAccounts(t *testing.T) {
	w := newWorld(t)
	ewa := w.person("Ewa", directoryv1.CountyRole_COUNTY_ROLE_COORDINATOR)
	ewa = w.link(ewa.GetName(), "ewa")
	root := must[*directoryv1.Person](t)(w.client.GetPerson(w.As(rootLogin), &directoryv1.GetPersonRequest{Name: w.admin}))
	roles := func(p *directoryv1.Person, rs ...directoryv1.CountyRole) (*directoryv1.Person, error) {
		return w.client.UpdatePerson(w.As(rootLogin), &directoryv1.UpdatePersonRequest{Person: &directoryv1.Person{Name: p.GetName(), CountyRoles: rs},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"county_roles"}}, Etag: p.GetEtag(), RequestId: w.RequestID()})
	}
	if _, err := roles(root, directoryv1.CountyRole_COUNTY_ROLE_COORDINATOR, directoryv1.CountyRole_COUNTY_ROLE_ADMINISTRATOR); reasonOf(err) != "FailedPrecondition OWN_ROLES" {
		t.Error(err)
	}
	ewa = must[*directoryv1.Person](t)(roles(ewa, directoryv1.CountyRole_COUNTY_ROLE_REPORTING))
	if ewa.GetDisplayName() != "Ewa" || len(ewa.GetSubjects()) != 1 {
		t.Error("the mask did not keep the rest", ewa)
	}
	deactivate := func(p *directoryv1.Person) (*directoryv1.Person, error) {
		return w.client.DeactivatePerson(w.As(rootLogin), &directoryv1.DeactivatePersonRequest{Name: p.GetName(), Etag: p.GetEtag(), RequestId: w.RequestID()})
	}
	if _, err := deactivate(root); reasonOf(err) != "FailedPrecondition OWN_ACCOUNT" {
		t.Error(err)
	}
	if _, err := w.client.UnlinkSubject(w.As(rootLogin), &directoryv1.UnlinkSubjectRequest{Name: w.admin, Subject: rootLogin, Etag: root.GetEtag(), RequestId: w.RequestID()}); reasonOf(err) != "FailedPrecondition OWN_LOGIN" {
		t.Error(err)
	}
	ewa = must[*directoryv1.Person](t)(deactivate(ewa))
	if _, err := w.client.WhoAmI(w.As("ewa"), &directoryv1.WhoAmIRequest{}); reasonOf(err) != "Unauthenticated NO_SUCH_PERSON" {
		t.Error(err)
	}
	if _, err := deactivate(ewa); reasonOf(err) != "FailedPrecondition PERSON_DEACTIVATED" {
		t.Error(err)
	}
	must[*directoryv1.Person](t)(w.client.ReactivatePerson(w.As(rootLogin), &directoryv1.ReactivatePersonRequest{Name: ewa.GetName(), Etag: ewa.GetEtag(), RequestId: w.RequestID()}))
	me := must[*directoryv1.WhoAmIResponse](t)(w.client.WhoAmI(w.As("ewa"), &directoryv1.WhoAmIRequest{}))
	if len(me.GetCountyRoles()) != 1 || me.GetCountyRoles()[0] != directoryv1.CountyRole_COUNTY_ROLE_REPORTING {
		t.Error(me)
	}
}

func TestCoordinatorsAreKnownToTheGmina(t *testing.T) {
	w := newWorld(t)
	w.employ(gminaA, "asystent", assistantRole)
	kor := w.person("Ewa Koordynator", directoryv1.CountyRole_COUNTY_ROLE_COORDINATOR)
	w.person("Audytor", directoryv1.CountyRole_COUNTY_ROLE_AUDITOR)
	got := must[*directoryv1.ListCoordinatorsResponse](t)(w.client.ListCoordinators(w.As("asystent"), &directoryv1.ListCoordinatorsRequest{Parent: "gminas/" + gminaA}))
	if len(got.GetCoordinators()) != 1 || got.GetCoordinators()[0].GetPerson() != kor.GetName() {
		t.Error(got)
	}
}

// Two offices of one gmina who hire the same person at the same moment: one employment, however many try; another time of the same person is another employment.
func TestOneEmploymentAtATime(t *testing.T) {
	w := newWorld(t)
	p := w.person("Ewa")
	hire := func(from, until *date.Date) *directoryv1.CreateStaffMemberRequest {
		m := worker("Ewa", assistantRole)
		m.Person, m.ActiveFromDate, m.ActiveUntilDate = p.GetName(), from, until
		return &directoryv1.CreateStaffMemberRequest{Parent: "gminas/" + gminaA, RequestId: w.RequestID(), StaffMember: m}
	}
	reqs := []*directoryv1.CreateStaffMemberRequest{hire(day(2026, 1, 1), day(2026, 6, 30)), hire(day(2026, 7, 1), nil)}
	for range 6 {
		reqs = append(reqs, hire(day(2026, 3, 1), day(2026, 6, 30)))
	}
	admin, reasons := w.As(rootLogin), make([]string, len(reqs))
	var calls sync.WaitGroup
	for i, req := range reqs {
		calls.Go(func() { _, err := w.client.CreateStaffMember(admin, req); reasons[i] = reasonOf(err) })
	}
	calls.Wait()
	staff := must[*directoryv1.ListStaffMembersResponse](t)(w.client.ListStaffMembers(w.As(rootLogin), &directoryv1.ListStaffMembersRequest{Parent: "gminas/" + gminaA}))
	won := 0
	for i, r := range reasons {
		switch {
		case r == "OK":
			won++
		case r != "FailedPrecondition EMPLOYED_ALREADY" || i == 1:
			t.Errorf("hire %d: %s", i, r)
		}
	}
	if won != 2 || len(staff.GetStaffMembers()) != 2 {
		t.Errorf("%d hires succeeded, %d employments: %v", won, len(staff.GetStaffMembers()), reasons)
	}
	again := must[*directoryv1.StaffMember](t)(w.client.CreateStaffMember(admin, reqs[1]))
	if again.GetActiveFromDate().GetMonth() != 7 {
		t.Errorf("the same request again: %v", again)
	}
}

// The other hire comes through while the first has judged and not yet committed.
func TestHireBetweenJudgementAndCommit(t *testing.T) {
	w := newWorld(t)
	p := w.person("Ewa")
	admin := w.As(rootLogin)
	hire := func() error {
		m := worker("Ewa", assistantRole)
		m.Person = p.GetName()
		_, err := w.client.CreateStaffMember(admin, &directoryv1.CreateStaffMemberRequest{Parent: "gminas/" + gminaA, RequestId: w.RequestID(), StaffMember: m})
		return err
	}
	var begun atomic.Bool
	w.Fail(func(point store.FailPoint) error {
		if point == store.PointJournal && begun.CompareAndSwap(false, true) {
			if err := hire(); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	if got := reasonOf(hire()); got != "FailedPrecondition EMPLOYED_ALREADY" || !begun.Load() {
		t.Errorf("second employment at the same time: %s", got)
	}
}
