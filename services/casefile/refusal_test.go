package casefile_test

import (
	"strings"
	"testing"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/services/casefile"
)

// TestAWithdrawalLeavesATermToTheHead: nobody is told to visit a family that must not be visited any more, or to write its plan; the head decides.
func TestAWithdrawalLeavesATermToTheHead(t *testing.T) {
	withdraw := casefile.RecordConsent{Consent: consent("m", casefile.Cooperation, casefile.Withdrawn, day(20))}
	again := casefile.RecordConsent{Consent: consent("m", casefile.Cooperation, casefile.Given, day(25))}
	coop := in(t, familyfile.Cooperation)
	stopped := do(t, coop, day(20), withdraw)
	closed := do(t, stopped, day(90), casefile.Close{Closure: closure(day(90), "FAMILY_WITHDREW")})
	bound := do(t, do(t, coop, day(12), casefile.AddOrder{Order: order("o", day(12))}), day(20), withdraw)
	state := func(f familyfile.Cover, rule string) string {
		for _, d := range familyfile.Deadlines(f) {
			if d.Rule == rule {
				return string(d.On(day(20))) + " " + d.Due.String() + d.Person
			}
		}
		return "none"
	}
	for name, tc := range map[string]struct {
		f               familyfile.Cover
		visit, plan, no string
	}{
		"consent holds":       {coop.Cover, "OPEN " + day(40).String() + "as-1", "OPEN " + day(10).AddMonths(2).String() + "as-1", "none"},
		"withdrawn":           {stopped.Cover, "none", "WAIVED " + day(10).AddMonths(2).String() + "as-1", "DUE_SOON " + day(34).String()},
		"given again":         {do(t, stopped, day(25), again).Cover, "OPEN " + day(40).String() + "as-1", "OPEN " + day(10).AddMonths(2).String() + "as-1", "none"},
		"closed":              {closed.Cover, "none", "WAIVED " + day(10).AddMonths(2).String() + "as-1", "none"},
		"under a court order": {bound.Cover, "OPEN " + day(40).String() + "as-1", "OPEN " + day(10).AddMonths(2).String() + "as-1", "none"},
	} {
		if v, p, n := state(tc.f, deadline.RuleVisitGap), state(tc.f, deadline.RulePlan), state(tc.f, deadline.RuleNoConsent); v != tc.visit || p != tc.plan || n != tc.no {
			t.Errorf("%s: visit %s, plan %s, no consent %s", name, v, p, n)
		}
	}
	for _, d := range familyfile.Deadlines(closed.Cover) {
		if d.Rule == deadline.RulePlan && d.ClosedOn != day(20) {
			t.Errorf("after the closure the plan is waived on %s, not on the withdrawal", d.ClosedOn)
		}
	}
}

// A family that did not consent lies with the head until it consents or the work ends: no file in service is without a term (steps 9 and 19).
func TestARefusalLeavesATermToTheHead(t *testing.T) {
	assigned := do(t, in(t, familyfile.Assigned), day(2), casefile.RecordDocumentationRead{On: day(2)})
	refused := do(t, assigned, day(5), casefile.RecordJointVisit{Visit: visit(day(5)), Consents: []casefile.Consent{consent("m", "", casefile.Refused, day(5))}})
	mended := do(t, in(t, familyfile.Cooperation), day(20), correctTo(2, consent("m", casefile.Cooperation, casefile.Refused, day(10))))
	paper := do(t, casefile.File{}, day(5), casefile.TakeOver{Opening: opening("as-1")})
	for name, tc := range map[string]struct {
		f    casefile.File
		rule string
		due  calendar.Date
		by   string
	}{
		"at the visit":                         {refused, deadline.RuleNoConsent, day(5).AddDays(14), ""},
		"by a correction":                      {mended, deadline.RuleNoConsent, day(10).AddDays(14), ""},
		"another assistant tries":              {do(t, refused, day(8), casefile.Reassign{Assistant: casefile.Assistant{Staff: "as-2", Person: "p-as-2"}, On: day(8)}), deadline.RuleNoConsent, day(8).AddDays(14), ""},
		"none is there to try":                 {do(t, refused, day(8), casefile.Unassign{To: day(8)}), deadline.RuleAwaiting, day(8).AddDays(14), ""},
		"a paper case before its joint visit":  {paper, deadline.RuleJointVisit, day(0).AddDays(14), "as-1"},
		"the work ends":                        {do(t, refused, day(9), casefile.Close{Closure: closure(day(9), "FAMILY_WITHDREW")}), "", calendar.Date{}, ""},
		"a consent after all: no term of this": {do(t, refused, day(9), casefile.RecordConsent{Consent: consent("f", casefile.Cooperation, casefile.Given, day(9))}), deadline.RuleVisitGap, day(9).AddDays(30), "as-1"},
	} {
		t.Run(name, func(t *testing.T) {
			var open []deadline.Deadline
			for _, d := range familyfile.Deadlines(tc.f.Cover) {
				if d.Open {
					open = append(open, d)
				}
			}
			if tc.rule == "" && len(open) == 0 {
				return
			}
			if len(open) == 0 || open[0].Rule != tc.rule || open[0].Due != tc.due || open[0].Person != tc.by {
				t.Errorf("open terms %+v", open)
			}
		})
	}
}

// A step that follows the closure lies ahead while the family is served, and the refusal says so; a corrected day 0 is refused with the limit, once.
func TestRefusalsSayWhatToDo(t *testing.T) {
	coop := in(t, familyfile.Cooperation)
	planned := coop
	planned.Cover.PlanAdoptedOn, planned.Cover.Assessments = day(12), []familyfile.Assessed{{Number: 1, PresentedOn: day(13)}}
	for name, tc := range map[string]struct {
		f    casefile.File
		cmd  casefile.Command
		want string
	}{
		"monitored while served":    {coop, casefile.RecordMonitoring{Month: 1, On: day(20), Note: "x"}, "Najpierw kierownik musi ją zakończyć"},
		"ended while served":        {coop, casefile.EndMonitoring{Reason: "x"}, "Najpierw kierownik musi ją zakończyć"},
		"reopened while assigned":   {in(t, familyfile.Assigned), casefile.Reopen{}, "Najpierw kierownik musi ją zakończyć"},
		"a second joint visit":      {coop, casefile.RecordJointVisit{}, "współpraca z rodziną już trwa"},
		"day 0 after plan and more": {planned, casefile.CorrectDay0{On: day(15), Reason: "x"}, "nie może być późniejszy niż dzień przyjęcia planu pracy (" + day(12).Polish() + ")."},
		"day 0 before the consent":  {coop, casefile.CorrectDay0{On: day(8), Reason: "x"}, "wcześniejszy niż zgoda rodziny na współpracę (" + day(10).Polish() + "). Jeżeli błędna jest data zgody, najpierw popraw zgodę."},
		"day 0 in the future":       {coop, casefile.CorrectDay0{On: day(21), Reason: "x"}, "późniejszy niż dzisiejszy (" + day(20).Polish() + ")."},
		"monitored before its time": {in(t, familyfile.Monitoring), casefile.RecordMonitoring{Month: 3, On: day(401), Note: "x"}, "najwcześniej " + day(400).AddMonths(1).Polish()},
	} {
		today := day(20)
		if tc.f.Cover.State == familyfile.Monitoring {
			today = day(405)
		}
		_, err := try(tc.f, tc.cmd, today)
		x, ok := fault.As(err)
		if !ok || len(x.Fields) > 1 || !strings.Contains(x.Polish+fieldWords(x), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The work card begins with the cooperation: the last visit of a paper case does not lie before it, and the refusal names that day alone.
func TestTheLastVisitOfAPaperCaseIsNotBeforeItsCooperation(t *testing.T) {
	o := opening("as-1")
	o.Consents = append(o.Consents, consent("m", casefile.Cooperation, casefile.Given, day(10)))
	for _, tc := range []struct {
		last calendar.Date
		want string
	}{
		{day(9), "dzień rozpoczęcia współpracy"}, {day(-1), "dzień objęcia rodziny pomocą"}, {day(10), ""}, {calendar.Date{}, ""},
	} {
		_, err := try(casefile.File{}, casefile.TakeOver{Opening: o, Day0: day(10), LastVisitOn: tc.last}, day(20))
		x, _ := fault.As(err)
		if (err == nil) != (tc.want == "") || x != nil && (len(x.Fields) != 1 || x.Fields[0].Path != "last_visit_on" || !strings.Contains(x.Polish, tc.want)) {
			t.Errorf("last visit %v: %v", tc.last, err)
		}
	}
}

func fieldWords(x *fault.Error) string {
	words := ""
	for _, f := range x.Fields {
		words += f.Polish
	}
	return words
}

// TestWhoComesOfAgeIsAnAdultOfTheFamily: a child who was in foster care signs like every other adult at 18, and the stay remains for the reports.
func TestWhoComesOfAgeIsAnAdultOfTheFamily(t *testing.T) {
	birthday := calendar.MustOf(2026, 2, 27)
	child := casefile.Member{ID: "k", Role: casefile.ChildRole, GivenName: "Ewa", FamilyName: "Nowak", BornOn: calendar.MustOf(2008, 2, 27)}
	grown := child
	grown.Role = casefile.OtherAdult
	change := func(c ...casefile.MemberChange) casefile.Command { return casefile.UpdateMembers{Changes: c} }
	adult := change(casefile.ChangeMember{Member: grown})
	f := do(t, in(t, familyfile.Cooperation), day(20), change(casefile.AddMember{Member: child}, casefile.PlaceInCare{Member: "k", Since: day(12)}))
	if _, err := try(f, adult, birthday); !fault.IsReason(err, "INVALID_FIELDS") {
		t.Errorf("while in care: %v", err)
	}
	f = do(t, f, birthday, change(casefile.EndCare{Member: "k", On: day(20), End: casefile.CareReturned}))
	if _, err := try(f, adult, birthday.AddDays(-1)); !fault.IsReason(err, "INVALID_FIELDS") {
		t.Errorf("the day before the birthday: %v", err)
	}
	f = do(t, f, birthday, adult, casefile.RecordConsent{Consent: consent("k", casefile.Cooperation, casefile.Given, birthday)})
	if ch := f.Cover.Child("k"); ch == nil || !ch.Grown || !ch.Returned || ch.InCareSince != day(12) {
		t.Errorf("what is left of the child: %+v", ch)
	}
	if f = do(t, f, birthday, change(casefile.ChangeMember{Member: child})); f.Cover.Child("k").Grown {
		t.Error("recorded as a child again, and grown")
	}
}
