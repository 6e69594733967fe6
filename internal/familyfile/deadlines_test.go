package familyfile

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
)

func on(s string) calendar.Date { return calendar.MustParse(s) }

// running is a family in cooperation since 31 August 2025 with an assistant.
func running() Cover {
	return Cover{
		State: Cooperation, Basis: BasisConsent, OpenedOn: on("2025-08-20"), Assistant: "as1",
		Assignments: []Assignment{{Staff: "as1", Person: "p1", From: on("2025-08-20")}},
		Spells:      []Spell{{From: on("2025-08-20"), Day0: on("2025-08-31"), Basis: BasisConsent}},
		DocsReadOn:  on("2025-08-22"), JointVisitOn: on("2025-08-31"), Day0: on("2025-08-31"),
	}
}

func find(t *testing.T, c Cover, rule, key string) deadline.Deadline {
	t.Helper()
	for _, d := range Deadlines(c) {
		if d.Rule == rule && d.Key == key {
			return d
		}
	}
	t.Fatalf("no term %s %s", rule, key)
	return deadline.Deadline{}
}

func TestTermsOfTheProcedure(t *testing.T) {
	c := running()
	cases := []struct {
		rule, key, due string
		state          deadline.State
	}{
		{deadline.RuleDocumentation, "", "2025-08-27", deadline.Met},
		{deadline.RuleJointVisit, "", "2025-09-03", deadline.Met},
		{deadline.RulePlan, "", "2025-10-31", deadline.Overdue},
		{deadline.RuleAssessment, "1", "2026-02-28", deadline.Open},
		{deadline.RuleVisitGap, "", "2025-09-30", deadline.Overdue},
	}
	for _, k := range cases {
		d := find(t, c, k.rule, k.key)
		if d.Due != on(k.due) || d.On(on("2025-11-15")) != k.state {
			t.Errorf("%s: due %s, %s; want %s, %s", k.rule, d.Due, d.On(on("2025-11-15")), k.due, k.state)
		}
	}
}

func TestAssessmentsAreCountedFromDay0(t *testing.T) {
	c := running()
	c.Assessments = []Assessed{{Number: 1, ID: "a1", PresentedOn: on("2026-03-02"), ReceivedOn: on("2026-03-05")}}
	first := find(t, c, deadline.RuleAssessment, "1")
	if first.On(on("2026-04-01")) != deadline.MetLate {
		t.Errorf("first assessment is %s", first.On(on("2026-04-01")))
	}
	if second := find(t, c, deadline.RuleAssessment, "2"); second.Due != on("2026-08-31") {
		t.Errorf("second assessment due %s: chained from a clamped date or from the first", second.Due)
	}
	if r := find(t, c, deadline.RuleReceipt, "1"); r.Open {
		t.Error("receipt is recorded but its term is open")
	}
}

func TestAnEarlyAssessmentDoesNotWinHalfAYear(t *testing.T) {
	cases := []struct{ presented, next string }{
		{"2025-08-31", "2026-02-28"}, // on day 0: half a year from then
		{"2026-01-27", "2026-07-27"}, // more than a month early
		{"2026-02-15", "2026-08-31"}, // a little early: counted from day 0
		{"2026-02-28", "2026-08-31"},
		{"2026-05-10", "2026-08-31"}, // late: still counted from day 0
	}
	for _, k := range cases {
		c := running()
		c.Assessments = []Assessed{{Number: 1, ID: "a1", PresentedOn: on(k.presented)}}
		if d := find(t, c, deadline.RuleAssessment, "2"); d.Due != on(k.next) {
			t.Errorf("presented %s: the next is due %s, want %s", k.presented, d.Due, k.next)
		}
	}
}

func TestSettingsOfTheGminaReplaceLocalTermsOnly(t *testing.T) {
	c := running()
	c.Terms = Terms{PlanMonths: 1, VisitGapDays: 14}
	if d := find(t, c, deadline.RulePlan, ""); d.Due != on("2025-09-30") {
		t.Errorf("plan due %s", d.Due)
	}
	if d := find(t, c, deadline.RuleVisitGap, ""); d.Due != on("2025-09-14") {
		t.Errorf("visit due %s", d.Due)
	}
}

func TestChildReviewInterval(t *testing.T) {
	c := running()
	c.Children = []Child{
		{Member: "small", BornOn: on("2024-01-10"), InCareSince: on("2025-10-01"), Coordinator: "co"},
		{Member: "big", BornOn: on("2015-01-10"), InCareSince: on("2025-10-01"), Coordinator: "co"},
		{Member: "turned3", BornOn: on("2022-10-01"), InCareSince: on("2025-10-01"), Coordinator: "co"},
		{Member: "home", BornOn: on("2020-01-10"), InCareSince: on("2025-01-01"), CareEndedOn: on("2025-06-01"), Returned: true},
	}
	for member, due := range map[string]string{"small": "2026-01-01", "big": "2026-04-01", "turned3": "2026-04-01"} {
		if d := find(t, c, deadline.RuleChildReview, member); d.Due != on(due) {
			t.Errorf("%s reviewed by %s, want %s", member, d.Due, due)
		}
	}
	for _, d := range Deadlines(c) {
		if d.Key == "home" {
			t.Errorf("a child at home has the term %s", d.Rule)
		}
	}
}

func TestNewChildPlanVersionReopensCoordination(t *testing.T) {
	c := running()
	c.Children = []Child{{Member: "k", InCareSince: on("2025-09-01"), Coordinator: "co", ChildPlan: "cp", ChildPlanVersion: 1,
		ChildPlanOn: on("2025-10-01"), CoordinatedOn: on("2025-10-20")}}
	if find(t, c, deadline.RuleCoordination, "k").Open {
		t.Error("coordinated, yet open")
	}
	c.Children[0].ChildPlanVersion, c.Children[0].ChildPlanOn = 2, on("2026-01-15")
	if d := find(t, c, deadline.RuleCoordination, "k"); !d.Open || d.Due != on("2026-02-14") {
		t.Errorf("after a new version: open %v, due %s", d.Open, d.Due)
	}
}

func TestFamilyWithoutAssistantHasAClock(t *testing.T) {
	c := Cover{State: AwaitingAssistant, Basis: BasisCourtOrder, Spells: []Spell{{From: on("2026-01-05")}}}
	if d := find(t, c, deadline.RuleCourtWait, ""); d.Due != on("2026-01-19") || d.Person != "" {
		t.Errorf("court order waits until %s, with %q", d.Due, d.Person)
	}
	c.Basis, c.AwaitingSince = BasisConsent, on("2026-02-01")
	if d := find(t, c, deadline.RuleAwaiting, ""); d.Due != on("2026-02-15") {
		t.Errorf("family waits until %s", d.Due)
	}
}

func TestClosureWaivesWhatIsOpenAndStartsMonitoring(t *testing.T) {
	c := running()
	c.State, c.ClosedOn, c.ClosureReason = Monitoring, on("2025-10-15"), "GOALS_ACHIEVED"
	c.MonitoredOn = []MonitorMark{{Month: 1, On: on("2025-11-10")}}
	today := on("2025-11-20")
	if d := find(t, c, deadline.RulePlan, ""); d.On(today) != deadline.Waived {
		t.Errorf("plan after closure: %s", d.On(today))
	}
	if d := find(t, c, deadline.RuleDocumentation, ""); d.On(today) != deadline.Met {
		t.Errorf("what was met stays met, got %s", d.On(today))
	}
	var open []string
	for _, d := range Deadlines(c) {
		if d.Open {
			open = append(open, d.Rule+" "+d.Key)
		}
	}
	if diff := cmp.Diff([]string{"monitoring 3", "monitoring 6", "monitoring 12"}, open); diff != "" {
		t.Error(diff)
	}
}

func TestCourtWaitsBeyondTheClosure(t *testing.T) {
	c := running()
	c.State, c.ClosedOn, c.ClosureReason = Monitoring, on("2025-10-15"), "GOALS_ACHIEVED"
	c.CourtReports = []CourtReport{{Matter: "m", Anchor: on("2025-11-01"), Due: on("2025-11-15")}}
	if d := find(t, c, deadline.RuleCourtReport, "m"); !d.Open || d.Due != on("2025-11-15") {
		t.Errorf("opinion asked for after the closure: open %v, due %s", d.Open, d.Due)
	}
	c.CourtReports[0].SentOn = on("2025-11-20")
	if d := find(t, c, deadline.RuleCourtReport, "m"); d.On(on("2025-12-01")) != deadline.MetLate {
		t.Errorf("sent late: %s", d.On(on("2025-12-01")))
	}
}

func TestDeadlinesAreTotalAndUnique(t *testing.T) {
	states := []State{AwaitingAssistant, Assigned, Cooperation, Monitoring, Ended, Fenced}
	day := rapid.Custom(func(t *rapid.T) calendar.Date {
		if rapid.Bool().Draw(t, "none") {
			return calendar.Date{}
		}
		return calendar.MustOf(2024, 1, 1).AddDays(rapid.IntRange(0, 1000).Draw(t, "day"))
	})
	rapid.Check(t, func(t *rapid.T) {
		c := Cover{State: rapid.SampledFrom(states).Draw(t, "state"), Day0: day.Draw(t, "day0"), ClosedOn: day.Draw(t, "closed"),
			PlanAdoptedOn: day.Draw(t, "plan"), LastVisitOn: day.Draw(t, "visit"), Spells: []Spell{{From: day.Draw(t, "from")}}}
		for i := range rapid.IntRange(0, 3).Draw(t, "assessments") {
			c.Assessments = append(c.Assessments, Assessed{Number: i + 1, PresentedOn: day.Draw(t, "presented")})
		}
		seen := map[string]bool{}
		for _, d := range Deadlines(c) {
			k := d.Rule + "/" + d.Key
			if seen[k] {
				t.Fatalf("two terms %s", k)
			}
			seen[k] = true
			if d.Open != d.ClosedOn.IsZero() && d.Waived == "" {
				t.Fatalf("%s: open %v but closed on %q", k, d.Open, d.ClosedOn)
			}
			if d.Explain() == "" || d.Basis == "" {
				t.Fatalf("%s explains nothing", k)
			}
		}
	})
}

func TestSearchKeysFoldPolishLetters(t *testing.T) {
	got := SearchKeys("Świątek-Żółć", "ul. Łąkowa 4/2, Września")
	want := []string{"2", "4", "lakowa", "swiatek", "ul", "wrzesnia", "zolc"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTermsOfAPastSpellAreKeptForReports(t *testing.T) {
	c := running()
	c.PlanAdoptedOn, c.State, c.ClosedOn = on("2025-10-15"), Ended, on("2026-01-10")
	c.KeepTerms()
	c.Spells[0].To = on("2026-01-10")
	c.Spells = append(c.Spells, Spell{From: on("2026-05-01")})
	c.State, c.Day0, c.PlanAdoptedOn, c.ClosedOn = Assigned, calendar.Date{}, calendar.Date{}, calendar.Date{}
	var got []string
	for _, d := range c.Measured(on("2026-06-30")) {
		got = append(got, d.Rule+" "+string(d.On(on("2026-06-01"))))
	}
	if diff := cmp.Diff([]string{"plan MET", "assessment WAIVED"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestALateAssessmentLeavesTheNextTermAhead: one presented after two terms were over does not leave the second of them to be written on the same day.
func TestALateAssessmentLeavesTheNextTermAhead(t *testing.T) {
	cases := []struct {
		presented string
		next      int
		due       string
	}{
		{"2026-08-30", 2, "2026-08-31"},
		{"2026-08-31", 3, "2027-02-28"}, // on the last day of the second it answers that one
		{"2026-09-01", 3, "2027-02-28"},
		{"2027-03-01", 4, "2027-08-31"},
	}
	for _, k := range cases {
		c := running()
		c.Assessments = []Assessed{{Number: 1, ID: "a1", PresentedOn: on(k.presented)}}
		if n := c.NextAssessment(); n != k.next || c.AssessmentDue(n) != on(k.due) {
			t.Errorf("presented %s: next %d due %s, want %d due %s", k.presented, n, c.AssessmentDue(n), k.next, k.due)
		}
	}
}

// TestEachHalfYearWithoutAssessmentIsMeasured: who writes none for two years misses four, not one.
func TestEachHalfYearWithoutAssessmentIsMeasured(t *testing.T) {
	due := func(c Cover, until string) (out []string) {
		for _, d := range c.Measured(on(until)) {
			if d.Rule == deadline.RuleAssessment {
				out = append(out, d.Due.String()+" "+string(d.On(on(until))))
			}
		}
		slices.Sort(out)
		return out
	}
	never, late, closed, paper := running(), running(), running(), running()
	late.Assessments = []Assessed{{Number: 1, ID: "a1", PresentedOn: on("2026-10-01")}}
	closed.State, closed.ClosedOn = Ended, on("2026-08-31")
	paper.TakenOver, paper.Assessments = true, []Assessed{{Number: 3, ID: "a1", PresentedOn: on("2027-02-01")}}
	for _, k := range []struct {
		name, until string
		c           Cover
		want        []string
	}{
		{"nobody wrote any", "2027-03-31", never, []string{"2026-02-28 OVERDUE", "2026-08-31 OVERDUE", "2027-02-28 OVERDUE"}},
		{"a late one left one out", "2027-01-31", late, []string{"2026-02-28 MET_LATE", "2026-08-31 OVERDUE", "2027-02-28 OPEN"}},
		{"the work ended on the second's last day", "2027-01-31", closed, []string{"2026-02-28 WAIVED"}},
		{"a paper case with its third", "2027-03-31", paper, []string{"2027-02-28 MET", "2027-08-31 OPEN"}},
	} {
		if diff := cmp.Diff(k.want, due(k.c, k.until)); diff != "" {
			t.Errorf("%s: %s", k.name, diff)
		}
	}
	closed.ClosedOn = on("2027-01-10")
	closed.KeepTerms()
	if n := len(closed.Spells[0].Kept); n != 3 {
		t.Errorf("kept of the ended spell: %d terms, want the plan's and two assessments'", n)
	}
}
