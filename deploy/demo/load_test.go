package demo_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/deploy/demo"

	"asysta.example/internal/calendar"
	"asysta.example/internal/scenario"
)

func load(t *testing.T, seed uint64, now time.Time) (running, *demo.Loaded) {
	t.Helper()
	today := calendar.In(now)
	r := start(t, demo.Founded(today), now)
	loaded, err := demo.Load(t.Context(), demo.Env{Conn: r.Conn, Token: r.token, Clock: r.clock, Today: today, Seed: seed, Relay: func(ctx context.Context) error {
		_, err := r.Deps.Store.System().Relay(ctx, 1000)
		return err
	}})
	must(t, err)
	r.clock.Release()
	return r, loaded
}

// as gives a context in which a person of the county calls.
func (r running) as(t *testing.T, subject string) context.Context {
	t.Helper()
	token, err := r.Trial.Token(subject)
	must(t, err)
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
}

// heads are the logins of the heads by gmina.
var heads = map[string]string{"gminas/3030053": "kierownik.wrzesnia", "gminas/3030012": "kierownik.kolaczkowo", "gminas/3030023": "kierownik.miloslaw",
	"gminas/3030033": "kierownik.nekla", "gminas/3030043": "kierownik.pyzdry", "gminas/3030062": "kierownik.orzechowo"}

// everything is what the heads of the county see.
type everything struct {
	referrals []*referralv1.Referral
	files     []*casefilev1.FamilyFile
	visits    int
}

func (r running) everything(t *testing.T) everything {
	t.Helper()
	var all everything
	for gmina, head := range heads {
		ctx := r.as(t, head)
		referrals, err := referralv1.NewReferralServiceClient(r.Conn).ListReferrals(ctx, &referralv1.ListReferralsRequest{Parent: gmina, PageSize: 200})
		must(t, err)
		all.referrals = append(all.referrals, referrals.GetReferrals()...)
		files, err := casefilev1.NewCasefileServiceClient(r.Conn).ListFamilyFiles(ctx, &casefilev1.ListFamilyFilesRequest{Parent: gmina, PageSize: 200})
		must(t, err)
		for _, s := range files.GetFamilyFiles() {
			f, err := casefilev1.NewCasefileServiceClient(r.Conn).GetFamilyFile(ctx, &casefilev1.GetFamilyFileRequest{Name: s.GetName()})
			must(t, err)
			all.files = append(all.files, f)
			visits, err := casefilev1.NewWorkCardServiceClient(r.Conn).ListVisits(ctx, &casefilev1.ListVisitsRequest{Parent: s.GetName(), PageSize: 200})
			must(t, err)
			all.visits += len(visits.GetVisits())
		}
	}
	return all
}

// print is a hash of the county by names and days, without ids and instants.
func (e everything) print() string {
	var lines []string
	for _, r := range e.referrals {
		lines = append(lines, fmt.Sprint(r.GetMembers(), r.GetAddress(), r.GetState(), r.GetReceivedOn(), r.GetConsents(), r.GetDecision().GetDecidedOn()))
	}
	for _, f := range e.files {
		lines = append(lines, fmt.Sprint(f.GetName()[:14], f.GetNumber(), f.GetFamilyName(), f.GetAddress(), f.GetState(), f.GetOpenedOn(), f.GetCooperationStartDate(), f.GetSpells(), f.GetLastVisitOn(), f.GetPlanVersion(), f.GetMonitoring()))
	}
	slices.Sort(lines)
	// the text form of messages puts spaces at random, on purpose
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(strings.Join(lines, "\n")), " ")))
	return fmt.Sprintf("%d referrals, %d files, %d visits, %s", len(e.referrals), len(e.files), e.visits, hex.EncodeToString(sum[:8]))
}

func TestCountyIsTheSameEveryTime(t *testing.T) {
	r, loaded := load(t, 1, now)
	first := r.everything(t)
	if !testing.Short() {
		again, _ := load(t, 1, now)
		if a, b := first.print(), again.everything(t).print(); a != b {
			t.Errorf("one seed made two counties:\n%s\n%s", a, b)
		}
	}
	t.Run("states", func(t *testing.T) { everyState(t, first) })
	t.Run("kinds", func(t *testing.T) { everyKind(t, first) })
	t.Run("foster care", func(t *testing.T) { fosterCare(t, r) })
	t.Run("sixteenth", func(t *testing.T) { sixteenth(t, r, first) })
	t.Run("names", func(t *testing.T) { names(t, r) })
	t.Run("siblings", func(t *testing.T) { siblings(t, first) })
	t.Run("logins", func(t *testing.T) { logins(t, r, loaded) })
	t.Run("journal", func(t *testing.T) {
		report, err := r.Deps.Store.System().Verify(t.Context())
		if err != nil || len(report.Faults) > 0 {
			t.Errorf("%v, %v", report.Faults, err)
		}
	})
}

// TestTheCountyIsMadeOnAnyDay: whoever starts the suite on a free day, at the turn of a year or in a leap year finds a county as on any other; what a story tells of
// such a day is neither still to come nor on a day on which no office works.
func TestTheCountyIsMadeOnAnyDay(t *testing.T) {
	for _, day := range []string{"2026-12-27", "2027-01-01", "2028-02-29"} {
		t.Run(day, func(t *testing.T) {
			t.Parallel()
			_, loaded := load(t, 1, calendar.MustParse(day).Start().Add(9*time.Hour))
			if loaded.Calls < 1000 {
				t.Errorf("%d calls made it", loaded.Calls)
			}
		})
	}
}

// everyState: no state of a referral or a file is missing, but those that last a moment or show nothing.
func everyState(t *testing.T, all everything) {
	referrals, files, terms := map[string]int{}, map[string]int{}, map[familyv1.DeadlineState]int{}
	for _, r := range all.referrals {
		referrals[r.GetState().String()]++
	}
	for _, f := range all.files {
		files[f.GetState().String()]++
		for _, d := range f.GetDeadlines() {
			terms[d.GetState()]++
		}
	}
	t.Log(referrals, files, terms)
	for name, n := range referralv1.ReferralState_value {
		passing := n == int32(referralv1.ReferralState_REFERRAL_STATE_APPROVING) || n == 0
		if (referrals[name] == 0) != passing {
			t.Errorf("%d referrals are %s", referrals[name], name)
		}
	}
	for name, n := range casefilev1.FamilyFileState_value {
		passing := n == int32(casefilev1.FamilyFileState_FAMILY_FILE_STATE_FENCED) || n == 0
		if (files[name] == 0) != passing {
			t.Errorf("%d files are %s", files[name], name)
		}
	}
	for n, name := range familyv1.DeadlineState_name {
		if n > 0 && terms[familyv1.DeadlineState(n)] == 0 {
			t.Errorf("no term is %s", name)
		}
	}
	if families := len(all.files) + len(all.referrals) - referrals["REFERRAL_STATE_APPROVED"]; families < 55 || families > 70 {
		t.Errorf("the county has %d families, want about sixty", families)
	}
}

// everyKind: every source, basis, client and reason of an end; paper cases, withdrawn consents, second spells, preventive work.
func everyKind(t *testing.T, all everything) {
	seen := map[string]bool{}
	for _, f := range all.files {
		for _, s := range []fmt.Stringer{f.GetSource(), f.GetBasis(), f.GetClientKind()} {
			seen[s.String()] = true
		}
		for _, s := range f.GetSpells() {
			seen[s.GetClosureReason().String()] = true
		}
		seen["taken over"] = seen["taken over"] || f.GetTakenOver()
		seen["stopped"] = seen["stopped"] || f.GetVoluntaryWorkStopped()
		seen["again"] = seen["again"] || len(f.GetSpells()) > 1
		seen["preventive"] = seen["preventive"] || f.GetPreventive()
		seen["handed over"] = seen["handed over"] || len(f.GetAssignments()) > 1
		seen["body"] = seen["body"] || f.GetContractedBody() != ""
		seen["without a plan"] = seen["without a plan"] || f.GetState() == casefilev1.FamilyFileState_FAMILY_FILE_STATE_COOPERATION && f.GetPlanVersion() == 0
	}
	for _, names := range []map[int32]string{familyv1.Source_name, familyv1.Basis_name, familyv1.ClientKind_name, casefilev1.ClosureReason_name,
		{1: "taken over", 2: "stopped", 3: "again", 4: "preventive", 5: "handed over", 6: "body", 7: "without a plan"}} {
		for n, name := range names {
			if n > 0 && !seen[name] {
				t.Errorf("no family is %s", name)
			}
		}
	}
}

// fosterCare: the coordinator has a child coordinated by both sides, one without a help plan, and one whose plans contradict.
func fosterCare(t *testing.T, r running) {
	ctx := r.as(t, "koordynator2")
	care := planningv1.NewCoordinationServiceClient(r.Conn)
	list, err := care.ListLinkedChildren(ctx, &planningv1.ListLinkedChildrenRequest{Parent: "powiaty/" + demo.County})
	must(t, err)
	coordinated, without, conflicts := 0, 0, map[planningv1.Conflict_Kind]int{}
	for _, c := range list.GetChildren() {
		if c.GetChildPlan() == "" {
			without++
		}
		if c.GetCoordinatedOn() != nil {
			coordinated++
		}
		now, err := care.GetCoordination(ctx, &planningv1.GetCoordinationRequest{Name: c.GetFamilyFile(), Child: c.GetChild()})
		must(t, err)
		for _, k := range now.GetConflicts() {
			conflicts[k.GetKind()]++
		}
	}
	if coordinated == 0 || without == 0 || conflicts[planningv1.Conflict_KIND_RETURN_VERSUS_ADOPTION] == 0 || conflicts[planningv1.Conflict_KIND_NO_MATCHING_GOAL] == 0 {
		t.Errorf("coordinated %d, without a help plan %d, conflicts %v", coordinated, without, conflicts)
	}
}

// sixteenth: an assistant works with fifteen families, and nobody can give a sixteenth (art. 15(4)).
func sixteenth(t *testing.T, r running, all everything) {
	ctx := r.as(t, "kierownik.wrzesnia")
	who, err := directoryv1.NewDirectoryServiceClient(r.Conn).WhoAmI(r.as(t, "asystent1.wrzesnia"), &directoryv1.WhoAmIRequest{})
	must(t, err)
	staff := who.GetEmployments()[0].GetStaff()
	load, err := directoryv1.NewDirectoryServiceClient(r.Conn).GetCaseload(ctx, &directoryv1.GetCaseloadRequest{Staff: staff})
	must(t, err)
	if load.GetTaken() != 15 || load.GetLimit() != 15 || len(load.GetFamilyFiles()) != 15 {
		t.Errorf("caseload %v", load)
	}
	for _, f := range all.referrals {
		if f.GetState() != referralv1.ReferralState_REFERRAL_STATE_REQUESTED || !strings.HasPrefix(f.GetName(), "gminas/"+demo.FirstGmina) {
			continue
		}
		_, err := referralv1.NewReferralServiceClient(r.Conn).ApproveReferral(ctx, &referralv1.ApproveReferralRequest{Name: f.GetName(), Assistant: staff, DuplicatesReviewed: true, Etag: f.GetEtag(), RequestId: "the-sixteenth"})
		if status.Code(err) != codes.FailedPrecondition || scenario.RefusalOf(err).Error() != "FAILED_PRECONDITION CASELOAD_FULL" {
			t.Errorf("the sixteenth family: %v", err)
		}
		return
	}
	t.Error("no request waits for a decision in Września")
}

// logins: everybody whom the demo prints may log in and is what it says.
func logins(t *testing.T, r running, loaded *demo.Loaded) {
	for _, p := range loaded.People {
		who, err := directoryv1.NewDirectoryServiceClient(r.Conn).WhoAmI(r.as(t, p.Subject), &directoryv1.WhoAmIRequest{})
		if err != nil || len(who.GetEmployments()) == 0 && len(who.GetCountyRoles()) == 0 {
			t.Errorf("%s (%s): %v, %v", p.Subject, p.Role, who, err)
		}
	}
	if deputy, err := directoryv1.NewDirectoryServiceClient(r.Conn).WhoAmI(r.as(t, "zastepca.wrzesnia"), &directoryv1.WhoAmIRequest{}); err != nil || !deputy.GetEmployments()[0].GetDeputy() {
		t.Errorf("the deputy: %v, %v", deputy, err)
	}
}

// names: nobody of the county is called like somebody else, so that nobody is taken for one person with two employments.
func names(t *testing.T, r running) {
	people := map[string]string{}
	for gmina, head := range heads {
		staff, err := directoryv1.NewDirectoryServiceClient(r.Conn).ListStaffMembers(r.as(t, head), &directoryv1.ListStaffMembersRequest{Parent: gmina, PageSize: 200})
		must(t, err)
		for _, m := range staff.GetStaffMembers() {
			if other := people[m.GetDisplayName()]; other != "" && other != m.GetPerson() {
				t.Errorf("two people are called %s, one of them in %s", m.GetDisplayName(), gmina)
			}
			people[m.GetDisplayName()] = m.GetPerson()
		}
	}
}

// siblings: the children of a family are twins, or so far apart as one mother's can be.
func siblings(t *testing.T, all everything) {
	for _, f := range all.files {
		var born []calendar.Date
		for _, member := range f.GetMembers() {
			m := member.GetMember()
			if b := m.GetBirthDate(); m.GetRole() == familyv1.MemberRole_MEMBER_ROLE_CHILD && b != nil {
				born = append(born, calendar.MustOf(int(b.GetYear()), int(b.GetMonth()), int(b.GetDay())))
			}
		}
		slices.SortFunc(born, calendar.Date.Compare)
		for i := 1; i < len(born); i++ {
			if born[i] != born[i-1] && born[i].Before(born[i-1].AddDays(270)) {
				t.Errorf("%s: born on %s and %s", f.GetNumber(), born[i-1], born[i])
			}
		}
	}
}
