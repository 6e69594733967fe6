package casefile_test

import (
	"slices"
	"strings"
	"testing"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/seal"
	"asysta.example/services/casefile"
)

// do applies a command that must succeed, in the first role of its line.
func do(t *testing.T, f casefile.File, today calendar.Date, cmds ...casefile.Command) casefile.File {
	t.Helper()
	for _, cmd := range cmds {
		o, err := try(f, cmd, today)
		if err != nil {
			t.Fatalf("%s: %v", cmd.Name(), err)
		}
		f = o.File
	}
	return f
}

func try(f casefile.File, cmd casefile.Command, today calendar.Date) (casefile.Outcome, error) {
	line, _ := casefile.Line(cmd.Name())
	return casefile.Apply(f, cmd, actors[line.Roles[0]], today)
}

// in gives a file in a state.
func in(t *testing.T, s familyfile.State) casefile.File {
	t.Helper()
	open := casefile.Open{Opening: opening("as-1"), Source: familyfile.SourceFamily, Referral: "r"}
	switch s {
	case casefile.None:
		return casefile.File{}
	case familyfile.Fenced:
		return do(t, casefile.File{}, day(0), casefile.Fence{})
	case familyfile.AwaitingAssistant:
		open.Assistant = casefile.Assistant{}
		return do(t, casefile.File{}, day(0), open)
	case familyfile.Assigned:
		return do(t, casefile.File{}, day(0), open)
	case familyfile.Cooperation:
		return do(t, in(t, familyfile.Assigned), day(10), casefile.RecordDocumentationRead{On: day(2)},
			casefile.RecordJointVisit{Visit: visit(day(10)), Consents: []casefile.Consent{consent("m", "", casefile.Given, day(10))}})
	case familyfile.Monitoring:
		return do(t, in(t, familyfile.Cooperation), day(400), casefile.Close{Closure: closure(day(400), "GOALS_ACHIEVED")})
	case familyfile.Ended:
		return do(t, in(t, familyfile.Monitoring), day(430), casefile.EndMonitoring{Reason: "wyjazd"})
	}
	t.Fatalf("no way to %s", s)
	return casefile.File{}
}

// every has one command of each line of the table that could succeed somewhere.
func every() []casefile.Command {
	on := day(430)
	who := casefile.Assistant{Staff: "as-2", Person: "p-as-2"}
	open := opening("as-1")
	return []casefile.Command{
		casefile.Open{Opening: open}, casefile.Fence{}, casefile.TakeOver{Opening: open}, casefile.Update{}, casefile.Assign{Assistant: who, From: on},
		casefile.Reassign{Assistant: who, On: on}, casefile.Unassign{To: on}, casefile.SetDifficulty{Weight: 1}, casefile.RecordDocumentationRead{On: on},
		casefile.AgreeJointVisit{On: on}, casefile.RecordJointVisit{Visit: visit(on)}, casefile.RecordConsent{}, casefile.UpdateMembers{}, casefile.RecordExpectations{},
		casefile.SetBlueCard{On: on}, casefile.AddOrder{Order: order("o", on)}, casefile.EndOrder{ID: "o", On: on}, casefile.LockOut{Person: "x"}, casefile.LiftLockOut{Person: "x"},
		casefile.ProposeDecision{On: on}, casefile.ConfirmDecision{On: on}, casefile.ProposeClosure{}, casefile.Close{}, casefile.RecordMonitoring{}, casefile.EndMonitoring{},
		casefile.Reopen{}, casefile.CorrectDay0{On: on}, casefile.CorrectConsent{}, casefile.CorrectAssignment{},
	}
}

var states = []familyfile.State{casefile.None, familyfile.AwaitingAssistant, familyfile.Assigned, familyfile.Cooperation, familyfile.Monitoring, familyfile.Ended, familyfile.Fenced}

// Whatever the table does not name is refused as out of order, with the rule and a Polish sentence; whatever it names is not refused for the state.
func TestIllegalOrder(t *testing.T) {
	cmds := every()
	if len(cmds) != len(casefile.Transitions) {
		t.Fatalf("%d commands tried, the table has %d", len(cmds), len(casefile.Transitions))
	}
	for _, s := range states {
		f := in(t, s)
		for _, cmd := range cmds {
			line, ok := casefile.Line(cmd.Name())
			if !ok {
				t.Fatalf("%s is not in the table", cmd.Name())
			}
			_, err := try(f, cmd, day(430))
			reason := ""
			if x, ok := fault.As(err); ok {
				reason = x.Reason
			}
			refused := reason == casefile.ReasonState || reason == casefile.ReasonFenced || s == casefile.None && reason == "NOT_FOUND"
			if allowed := slices.Contains(line.From, s); allowed == refused {
				t.Errorf("%s in state %q: allowed %t by the table, got %v", cmd.Name(), s, allowed, err)
			}
			if x, ok := fault.As(err); ok && refused && s != casefile.None && (x.Rule != line.Rule || !strings.HasPrefix(x.Polish, "Nie można teraz ")) {
				t.Errorf("%s in state %s: refusal without rule or words: %+v", cmd.Name(), s, x)
			}
		}
	}
}

func TestRolesOfTheTable(t *testing.T) {
	for _, cmd := range every() {
		line, _ := casefile.Line(cmd.Name())
		for role, a := range actors {
			if slices.Contains(line.Roles, role) || len(line.From) == 0 {
				continue
			}
			if _, err := casefile.Apply(in(t, line.From[0]), cmd, a, day(430)); !fault.IsReason(err, "DENIED") {
				t.Errorf("%s by %s: %v", cmd.Name(), role, err)
			}
		}
	}
}

func TestAllowedIsNotRefusedForTheState(t *testing.T) {
	for _, s := range states {
		f := in(t, s)
		for _, n := range casefile.Allowed(f, []access.Role{access.Head, access.Assistant}) {
			line, _ := casefile.Line(casefile.Name(n))
			if !slices.Contains(line.From, s) || line.From[0] == casefile.None {
				t.Errorf("%s offered in state %q", n, s)
			}
		}
	}
	if got := casefile.Allowed(in(t, familyfile.Cooperation), []access.Role{access.Coordinator, access.Auditor}); got != nil {
		t.Errorf("offered to who has no part in it: %v", got)
	}
}

func TestMermaidShowsEveryMove(t *testing.T) {
	got := casefile.Mermaid()
	for _, want := range []string{"[*] --> ASSIGNED: OpenFamilyFile", "ASSIGNED --> COOPERATION: RecordJointVisit", "COOPERATION --> MONITORING: CloseFamilyFile",
		"MONITORING --> ENDED: RecordMonitoring", "ENDED --> ASSIGNED: ReopenFamilyFile", "COOPERATION --> AWAITING_ASSISTANT: UnassignAssistant"} {
		if !strings.Contains(got, want) {
			t.Errorf("diagram lacks %q:\n%s", want, got)
		}
	}
}

// TestWays goes through what the procedure says about single cases.
func TestWays(t *testing.T) {
	coop := in(t, familyfile.Cooperation)
	assigned := do(t, in(t, familyfile.Assigned), day(2), casefile.RecordDocumentationRead{On: day(2)})
	withdraw := casefile.RecordConsent{Consent: consent("m", casefile.Cooperation, casefile.Withdrawn, day(20))}
	court := opening("as-1")
	court.Basis, court.Consents = familyfile.BasisCourtOrder, nil
	o := order("o1", day(-5))
	court.Order = &o
	ordered := do(t, casefile.File{}, day(2), casefile.Open{Opening: court}, casefile.RecordDocumentationRead{On: day(1)})
	court.Order = expired(day(-5), day(40))
	term := do(t, casefile.File{}, day(2), casefile.Open{Opening: court}, casefile.RecordDocumentationRead{On: day(1)})
	bound := do(t, term, day(5), casefile.RecordJointVisit{Visit: visit(day(5))})
	refusedVisit := casefile.RecordJointVisit{Visit: visit(day(5)), Consents: []casefile.Consent{consent("m", "", casefile.Refused, day(5))}}
	for name, tc := range map[string]struct {
		f      casefile.File
		do     []casefile.Command
		today  calendar.Date
		reason string
		check  func(c familyfile.Cover) bool
	}{
		"every adult refuses: recorded, no cooperation": {assigned, []casefile.Command{refusedVisit}, day(5), "", func(c familyfile.Cover) bool {
			return c.State == familyfile.Assigned && c.Day0.IsZero() && c.JointVisitOn == day(5)
		}},
		"consent after the visit begins it": {assigned, []casefile.Command{refusedVisit, casefile.RecordConsent{Consent: consent("f", casefile.Cooperation, casefile.Given, day(8))}}, day(8), "",
			func(c familyfile.Cover) bool { return c.State == familyfile.Cooperation && c.Day0 == day(8) }},
		"court order needs no consent":             {ordered, []casefile.Command{casefile.RecordJointVisit{Visit: visit(day(5))}}, day(5), "", func(c familyfile.Cover) bool { return c.Day0 == day(5) }},
		"an order over by the visit needs consent": {term, []casefile.Command{casefile.RecordJointVisit{Visit: visit(day(41))}}, day(41), "CONSENT_MISSING", nil},
		"an order over by the visit, consent given": {term, []casefile.Command{casefile.RecordJointVisit{Visit: visit(day(41)), Consents: []casefile.Consent{consent("m", "", casefile.Given, day(41))}}}, day(41), "",
			func(c familyfile.Cover) bool { return c.Day0 == day(41) && !c.Stopped(day(99)) }},
		"an order over by the visit, refused": {term, []casefile.Command{casefile.RecordJointVisit{Visit: visit(day(41)), Consents: []casefile.Consent{consent("m", "", casefile.Refused, day(41))}}}, day(41), "",
			func(c familyfile.Cover) bool { return c.State == familyfile.Assigned }},
		"an order's term stops the work, ended or not": {bound, nil, day(5), "", func(c familyfile.Cover) bool {
			return !c.Stopped(day(40)) && c.Stopped(day(41)) && !c.StoppedNow(day(40)) && c.StoppedNow(day(41))
		}},
		"the end recorded late does not prolong it": {bound, []casefile.Command{casefile.EndOrder{ID: "o-term", On: day(50)}}, day(50), "",
			func(c familyfile.Cover) bool { return c.StoppedOn == day(40) && c.Basis == familyfile.BasisConsent }},
		"the end before the term cuts it": {bound, []casefile.Command{casefile.EndOrder{ID: "o-term", On: day(30)}}, day(30), "",
			func(c familyfile.Cover) bool { return c.StoppedOn == day(30) }},
		"consent 2 carries on after the term": {bound, []casefile.Command{casefile.RecordConsent{Consent: consent("m", casefile.Cooperation, casefile.Given, day(45))}}, day(45), "",
			func(c familyfile.Cover) bool { return !c.Stopped(day(99)) }},
		"another order carries on after the term": {bound, []casefile.Command{casefile.AddOrder{Order: order("o9", day(44))}}, day(45), "", func(c familyfile.Cover) bool { return !c.Stopped(day(99)) }},
		"withdrawn under an order: until its last day": {do(t, coop, day(15), casefile.AddOrder{Order: *expired(day(15), day(40))}), []casefile.Command{withdraw}, day(20), "",
			func(c familyfile.Cover) bool { return c.StoppedOn == day(40) }},
		"the picture of the family after the term": {bound, []casefile.Command{casefile.RecordExpectations{Picture: casefile.Picture{KnownOn: day(41),
			Members: []casefile.MemberPicture{{Member: "m", Expectations: "spokój"}}}}}, day(41), "VOLUNTARY_WORK_STOPPED", nil},
		"a threat after the term is a fact": {bound, []casefile.Command{casefile.SetBlueCard{Reference: seal.Value{Cipher: []byte{1}}, On: day(41)}}, day(41), "", nil},
		"court's report is a term": {ordered, nil, day(5), "", func(c familyfile.Cover) bool {
			return reportDue(c) == day(-5).AddMonths(3)
		}},
		"adult without a decision":       {assigned, []casefile.Command{casefile.RecordJointVisit{Visit: visit(day(5))}}, day(5), "CONSENT_MISSING", nil},
		"visit before the documentation": {in(t, familyfile.Assigned), []casefile.Command{refusedVisit}, day(5), "DOCUMENTATION_FIRST", nil},
		"consent of another day":         {assigned, []casefile.Command{casefile.RecordJointVisit{Visit: visit(day(5)), Consents: []casefile.Consent{consent("m", "", casefile.Given, day(4))}}}, day(5), "INVALID_FIELDS", nil},
		"consent of who was not there":   {assigned, []casefile.Command{casefile.RecordJointVisit{Visit: visit(day(5)), Consents: []casefile.Consent{consent("f", "", casefile.Given, day(5))}}}, day(5), "INVALID_FIELDS", nil},
		"rules not discussed":            {assigned, []casefile.Command{silentVisit(day(5))}, day(5), "RULES_NOT_DISCUSSED", nil},
		"visit in the future":            {assigned, []casefile.Command{refusedVisit}, day(4), "INVALID_FIELDS", nil},
		"withdrawal stops voluntary work": {coop, []casefile.Command{withdraw}, day(20), "", func(c familyfile.Cover) bool {
			return c.StoppedOn == day(20) && c.State == familyfile.Cooperation && c.Day0 == day(10)
		}},
		"withdrawal of what was not given":  {coop, []casefile.Command{withdraw, withdraw}, day(20), "NOTHING_TO_WITHDRAW", nil},
		"an order overrules the withdrawal": {coop, []casefile.Command{withdraw, casefile.AddOrder{Order: order("o2", day(21))}}, day(21), "", func(c familyfile.Cover) bool { return c.StoppedOn.IsZero() }},
		"the order ends, the stop is back": {coop, []casefile.Command{withdraw, casefile.AddOrder{Order: order("o2", day(21))}, casefile.EndOrder{ID: "o2", On: day(30)}}, day(30), "",
			func(c familyfile.Cover) bool {
				return c.StoppedOn == day(30) && c.Basis == familyfile.BasisConsent && reportDue(c).IsZero()
			}},
		"who consented leaves": {coop, []casefile.Command{casefile.UpdateMembers{Changes: []casefile.MemberChange{casefile.Leave{Member: "m", On: day(20)}}}}, day(20), "",
			func(c familyfile.Cover) bool { return c.StoppedOn == day(20) && c.Adults == 1 }},
		"the last adult leaves": {coop, []casefile.Command{casefile.UpdateMembers{Changes: []casefile.MemberChange{casefile.Leave{Member: "m", On: day(20)}, casefile.Leave{Member: "f", On: day(20)}}}}, day(20), "LAST_ADULT", nil},
		"placed in care, returned": {coop, []casefile.Command{casefile.UpdateMembers{Changes: []casefile.MemberChange{casefile.PlaceInCare{Member: "c", Since: day(15), Coordinator: "co"}}},
			casefile.UpdateMembers{Changes: []casefile.MemberChange{casefile.EndCare{Member: "c", On: day(40), End: casefile.CareReturned}}}}, day(40), "",
			func(c familyfile.Cover) bool {
				return c.Children[0].Returned && len(c.Coordinators()) == 0 && c.Children[0].InCareSince == day(15)
			}},
		"placed in care again": {coop, []casefile.Command{casefile.UpdateMembers{Changes: []casefile.MemberChange{casefile.PlaceInCare{Member: "c", Since: day(15)},
			casefile.EndCare{Member: "c", On: day(40), End: casefile.CareReturned}, casefile.PlaceInCare{Member: "c", Since: day(60)}}}}, day(70), "",
			func(c familyfile.Cover) bool {
				stays := c.Children[0].CareStays()
				return len(stays) == 2 && stays[0] == familyfile.CareStay{Since: day(15), EndedOn: day(40), Returned: true} && stays[1] == familyfile.CareStay{Since: day(60)}
			}},
		"the same assistant again":      {coop, []casefile.Command{casefile.Reassign{Assistant: casefile.Assistant{Staff: "as-1", Person: "p-as-1"}, On: day(20)}}, day(20), "SAME_ASSISTANT", nil},
		"to somebody locked out":        {coop, []casefile.Command{casefile.LockOut{Person: "p-as-2"}, casefile.Reassign{Assistant: casefile.Assistant{Staff: "as-2", Person: "p-as-2"}, On: day(20)}}, day(20), "LOCKED_OUT", nil},
		"locked out while working":      {coop, []casefile.Command{casefile.LockOut{Person: "p-as-1"}}, day(20), "LOCKED_OUT_WORKS", nil},
		"taken off and given another":   {coop, []casefile.Command{casefile.Unassign{To: day(20)}, casefile.Assign{Assistant: casefile.Assistant{Staff: "as-2", Person: "p-as-2"}, From: day(22)}}, day(22), "", func(c familyfile.Cover) bool { return c.State == familyfile.Cooperation && c.Day0 == day(10) }},
		"lack of cooperation undecided": {coop, []casefile.Command{casefile.Close{Closure: closure(day(30), casefile.ReasonLackOfCooperation)}}, day(30), "NO_JOINT_DECISION", nil},
		"lack of cooperation decided": {coop, []casefile.Command{casefile.ProposeDecision{ID: "d", Obstacle: "brak", Decision: casefile.DecideEndEarly, On: day(25)},
			casefile.ConfirmDecision{Decision: casefile.DecideEndEarly, On: day(26)}, casefile.Close{Closure: closure(day(30), casefile.ReasonLackOfCooperation)}}, day(30), "",
			func(c familyfile.Cover) bool {
				return c.State == familyfile.Monitoring && c.ClosureReason == casefile.ReasonLackOfCooperation
			}},
		"closed while a decision waits":          {coop, []casefile.Command{casefile.ProposeDecision{ID: "d", Obstacle: "brak", Decision: casefile.DecideEndEarly, On: day(25)}, casefile.Close{Closure: closure(day(30), "NO_EFFECTS")}}, day(30), "DECISION_OPEN", nil},
		"closed without assessment":              {coop, []casefile.Command{casefile.Close{}}, day(30), "NO_FINAL_ASSESSMENT", nil},
		"closed as proposed":                     {coop, []casefile.Command{casefile.ProposeClosure{Closure: *closure(day(30), "NO_EFFECTS")}, casefile.Close{}}, day(31), "", func(c familyfile.Cover) bool { return c.ClosedOn == day(30) && c.Assignments[0].To == day(30) }},
		"closed before it began":                 {assigned, []casefile.Command{casefile.Close{Closure: closure(day(5), "FAMILY_WITHDREW")}}, day(5), "", func(c familyfile.Cover) bool { return c.State == familyfile.Ended }},
		"monitored off schedule":                 {in(t, familyfile.Monitoring), []casefile.Command{casefile.RecordMonitoring{Month: 2, On: day(430), Note: "x"}}, day(430), "NOT_SCHEDULED", nil},
		"monitored twice":                        {in(t, familyfile.Monitoring), []casefile.Command{casefile.RecordMonitoring{Month: 1, On: day(430), Note: "x"}, casefile.RecordMonitoring{Month: 1, On: day(430), Note: "x"}}, day(430), "MONITORING_DONE", nil},
		"the last monitoring on the first day":   {in(t, familyfile.Monitoring), []casefile.Command{casefile.RecordMonitoring{Month: 12, On: day(400), Note: "x"}}, day(430), "MONITORING_TOO_EARLY", nil},
		"before the term of the one before":      {in(t, familyfile.Monitoring), []casefile.Command{casefile.RecordMonitoring{Month: 6, On: day(400).AddMonths(3).AddDays(-1), Note: "x"}}, day(600), "MONITORING_TOO_EARLY", nil},
		"on the term of the one before":          {in(t, familyfile.Monitoring), []casefile.Command{casefile.RecordMonitoring{Month: 6, On: day(400).AddMonths(3), Note: "x"}}, day(600), "", func(c familyfile.Cover) bool { return c.State == familyfile.Monitoring }},
		"the last monitoring ends":               {in(t, familyfile.Monitoring), []casefile.Command{casefile.RecordMonitoring{Month: 12, On: day(600), Note: "x"}}, day(600), "", func(c familyfile.Cover) bool { return c.State == familyfile.Ended }},
		"reopened without ground":                {in(t, familyfile.Ended), []casefile.Command{casefile.Reopen{Basis: familyfile.BasisConsent, Reason: "kryzys", OpenedOn: day(500)}}, day(500), "CONSENT_MISSING", nil},
		"reopened on a referral without consent": {in(t, familyfile.Ended), []casefile.Command{casefile.Reopen{Basis: familyfile.BasisConsent, Referral: "r2", OpenedOn: day(500)}}, day(500), "CONSENT_MISSING", nil},
		"reopened on an order that is over":      {do(t, in(t, familyfile.Ended), day(430)), []casefile.Command{casefile.Reopen{Basis: familyfile.BasisCourtOrder, Reason: "kryzys", OpenedOn: day(500), Order: expired(day(20), day(90))}}, day(500), "INVALID_FIELDS", nil},
		"reopened on the order of the last spell, which is over": {do(t, do(t, do(t, coop, day(30), casefile.AddOrder{Order: *expired(day(20), day(90))}), day(400), casefile.Close{Closure: closure(day(400), "GOALS_ACHIEVED")}), day(430), casefile.EndMonitoring{Reason: "wyjazd"}),
			[]casefile.Command{casefile.Reopen{Basis: familyfile.BasisConsent, Reason: "kryzys", OpenedOn: day(500)}}, day(500), "CONSENT_MISSING", nil},
		"an order that is over": {coop, []casefile.Command{casefile.AddOrder{Order: *expired(day(2), day(9))}}, day(20), "INVALID_FIELDS", nil},
		"reopened on a consent that does not count": {do(t, in(t, familyfile.Monitoring), day(430), casefile.UpdateMembers{Changes: []casefile.MemberChange{casefile.AddMember{Member: casefile.Member{ID: "a", Role: casefile.OtherAdult, GivenName: "Ewa", FamilyName: "Nowak"}}}}),
			[]casefile.Command{casefile.Reopen{Basis: familyfile.BasisConsent, Reason: "kryzys", OpenedOn: day(500), Consents: []casefile.Consent{consent("a", casefile.Participation, casefile.Given, day(490))}}}, day(500), "CONSENT_MISSING", nil},
		"reopened before a monitoring": {do(t, in(t, familyfile.Monitoring), day(450), casefile.RecordMonitoring{Month: 1, On: day(440), Note: "dobrze"}), []casefile.Command{casefile.Reopen{Basis: familyfile.BasisConsent, Referral: "r2", Grounded: true, OpenedOn: day(439)}}, day(500), "INVALID_FIELDS", nil},
		"reopened: a new spell": {in(t, familyfile.Ended), []casefile.Command{casefile.Reopen{Basis: familyfile.BasisConsent, Referral: "r2", Grounded: true, OpenedOn: day(500), Assistant: casefile.Assistant{Staff: "as-1", Person: "p-as-1"}}}, day(500), "",
			func(c familyfile.Cover) bool {
				return c.State == familyfile.Assigned && len(c.Spells) == 2 && c.Day0.IsZero() && c.Spells[0].Day0 == day(10) && c.DocsReadOn.IsZero()
			}},
		"day 0 corrected":               {coop, []casefile.Command{casefile.CorrectDay0{On: day(12), Reason: "pomyłka"}}, day(20), "", func(c familyfile.Cover) bool { return c.Day0 == day(12) && c.JointVisitOn == day(12) }},
		"day 0 before the only consent": {coop, []casefile.Command{casefile.CorrectDay0{On: day(8), Reason: "pomyłka"}}, day(20), "DAY0_OUT_OF_ORDER", nil},
		"under an order before a consent": {do(t, bound, day(20), casefile.RecordConsent{Consent: consent("m", casefile.Cooperation, casefile.Given, day(12))}), []casefile.Command{casefile.CorrectDay0{On: day(4), Reason: "pomyłka"}}, day(20), "",
			func(c familyfile.Cover) bool { return c.Day0 == day(4) && c.JointVisitOn == day(4) }},
		"under an order, before the visit": {ordered, []casefile.Command{casefile.RecordJointVisit{Visit: visit(day(5))}, casefile.CorrectDay0{On: day(3), Reason: "pomyłka"}}, day(20), "", func(c familyfile.Cover) bool { return c.Day0 == day(3) }},
		"day 0 before the file":            {coop, []casefile.Command{casefile.CorrectDay0{On: day(-1), Reason: "pomyłka"}}, day(20), "DAY0_OUT_OF_ORDER", nil},
		"day 0 corrected to itself":        {coop, []casefile.Command{casefile.CorrectDay0{On: day(10), Reason: "pomyłka"}}, day(20), "INVALID", nil},
		"the only consent annulled":        {coop, []casefile.Command{casefile.CorrectConsent{Number: 2, Reason: "inna osoba"}}, day(20), "", func(c familyfile.Cover) bool { return c.State == familyfile.Assigned && c.Day0.IsZero() }},
		"a consent's day moves day 0":      {coop, []casefile.Command{correctTo(2, consent("m", casefile.Cooperation, casefile.Given, day(12)))}, day(20), "", func(c familyfile.Cover) bool { return c.Day0 == day(12) }},
		"a consent of the visit takes it along": {coop, []casefile.Command{correctTo(2, consent("m", casefile.Cooperation, casefile.Given, day(7)))}, day(20), "",
			func(c familyfile.Cover) bool { return c.Day0 == day(7) && c.JointVisitOn == day(7) }},
		"a consent of the visit before any assistant": {do(t, coop, day(20), casefile.CorrectAssignment{Number: 1, From: day(5), Reason: "x"}), []casefile.Command{correctTo(2, consent("m", casefile.Cooperation, casefile.Given, day(4)))}, day(20), "BEFORE_JOINT_VISIT", nil},
		"a consent before the visit":                  {do(t, assigned, day(12), refusedVisit, casefile.RecordConsent{Consent: consent("f", casefile.Cooperation, casefile.Given, day(12))}), []casefile.Command{correctTo(3, consent("f", casefile.Cooperation, casefile.Given, day(4)))}, day(20), "BEFORE_JOINT_VISIT", nil},
		"a refusal was an early consent":              {do(t, assigned, day(5), refusedVisit), []casefile.Command{correctTo(2, consent("m", casefile.Cooperation, casefile.Given, day(3)))}, day(6), "BEFORE_JOINT_VISIT", nil},
		"consent 1 annulled, work goes on":            {coop, []casefile.Command{casefile.CorrectConsent{Number: 1, Reason: "pomyłka"}}, day(20), "CONSENT_MISSING", nil},
		"consent 1 was somebody else's":               {coop, []casefile.Command{correctTo(1, consent("f", casefile.Participation, casefile.Given, day(-3)))}, day(20), "", nil},
		"day 0 before the visit": {do(t, coop, day(20), correctTo(2, consent("m", casefile.Cooperation, casefile.Given, day(12)))), []casefile.Command{casefile.CorrectDay0{On: day(9), Reason: "pomyłka"}}, day(20),
			"DAY0_OUT_OF_ORDER", nil},
		"day 0 and visit before any assistant": {do(t, coop, day(20), casefile.CorrectAssignment{Number: 1, From: day(5), Reason: "x"}), []casefile.Command{casefile.CorrectDay0{On: day(4), Reason: "pomyłka"}}, day(20),
			"DAY0_OUT_OF_ORDER", nil},
		"a refusal that was a consent":                   {do(t, assigned, day(5), refusedVisit), []casefile.Command{correctTo(2, consent("m", casefile.Cooperation, casefile.Given, day(5)))}, day(6), "", func(c familyfile.Cover) bool { return c.Day0 == day(5) }},
		"an assignment ended by mending":                 {coop, []casefile.Command{casefile.CorrectAssignment{Number: 1, From: day(1), To: day(9), Reason: "x"}}, day(20), "INVALID_FIELDS", nil},
		"an assignment's first day past the joint visit": {coop, []casefile.Command{casefile.CorrectAssignment{Number: 1, From: day(11), Reason: "x"}}, day(20), "INVALID_FIELDS", nil},
		"an assignment's first day past day 0": {do(t, assigned, day(8), refusedVisit, casefile.RecordConsent{Consent: consent("f", casefile.Cooperation, casefile.Given, day(8))}), []casefile.Command{casefile.Unassign{To: day(20)},
			casefile.CorrectAssignment{Number: 1, From: day(6), To: day(20), Reason: "x"}}, day(20), "INVALID_FIELDS", nil},
		"an assignment's first day past a visit": {coop, []casefile.Command{casefile.CorrectAssignment{Number: 1, From: day(9), Reason: "x", FirstVisit: day(7), LastVisit: day(15)}}, day(20), "INVALID_FIELDS", nil},
		"an assignment's last day before a visit": {coop, []casefile.Command{casefile.Unassign{To: day(20)}, casefile.CorrectAssignment{Number: 1, From: day(0), To: day(14), Reason: "x", FirstVisit: day(12),
			LastVisit: day(15)}}, day(20), "INVALID_FIELDS", nil},
		"another's assignment does not hold them": {coop, []casefile.Command{casefile.Reassign{Assistant: casefile.Assistant{Staff: "as-2", Person: "p-as-2"}, On: day(12)}, casefile.CorrectAssignment{Number: 2, From: day(15), Reason: "x"}}, day(20), "", nil},
		"an assignment's first day moves":         {coop, []casefile.Command{casefile.CorrectAssignment{Number: 1, From: day(1), Reason: "x"}}, day(20), "", func(c familyfile.Cover) bool { return c.Assignments[0].From == day(1) }},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := tc.f, error(nil)
			for _, cmd := range tc.do {
				var out casefile.Outcome
				if out, err = try(f, cmd, tc.today); err != nil {
					break
				}
				f = out.File
			}
			x, _ := fault.As(err)
			switch {
			case tc.reason == "" && err != nil:
				t.Fatal(err)
			case tc.reason == "INVALID" && (x == nil || x.Kind != fault.KindInvalid), tc.reason != "INVALID" && tc.reason != "" && (x == nil || x.Reason != tc.reason):
				t.Fatalf("got %v, want %s", err, tc.reason)
			case tc.check != nil && !tc.check(f.Cover):
				t.Errorf("cover is %+v", f.Cover)
			}
		})
	}
}

func silentVisit(on calendar.Date) casefile.Command {
	v := visit(on)
	v.RulesDiscussed = false
	return casefile.RecordJointVisit{Visit: v, Consents: []casefile.Consent{consent("m", "", casefile.Given, on)}}
}

// reportDue is the day of the open report to a court, zero for none.
func reportDue(c familyfile.Cover) calendar.Date {
	for _, d := range familyfile.Deadlines(c) {
		if d.Rule == deadline.RuleCourtReport && d.Open {
			return d.Due
		}
	}
	return calendar.Date{}
}

// expired is an order with a term of its own.
func expired(on, until calendar.Date) *casefile.Order {
	o := order("o-term", on)
	o.ValidUntil = until
	return &o
}

func correctTo(n int, c casefile.Consent) casefile.Command {
	return casefile.CorrectConsent{Number: n, Consent: &c, Reason: "pomyłka"}
}

// The deputy of the head who is the family's assistant neither ends the work alone (step 20) nor decides with themselves (step 19).
func TestDeputyWhoIsTheAssistant(t *testing.T) {
	coop := in(t, familyfile.Cooperation)
	assistant := actors[access.Assistant]
	deputy := assistant
	deputy.Role = access.Head
	proposed := func(f casefile.File, cmd casefile.Command) casefile.File {
		o, err := casefile.Apply(f, cmd, assistant, day(30))
		if err != nil {
			t.Fatal(err)
		}
		return o.File
	}
	handed := do(t, proposed(coop, casefile.ProposeClosure{Closure: *closure(day(30), "NO_EFFECTS")}), day(30), casefile.Reassign{Assistant: casefile.Assistant{Staff: "as-2", Person: "p-as-2"}, On: day(30), Reason: "urlop"})
	obstacle := casefile.ProposeDecision{ID: "d", Obstacle: "brak", Decision: casefile.DecideContinue, On: day(25)}
	byBody, err := casefile.Apply(coop, obstacle, actors[access.ContractedBody], day(30))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		f   casefile.File
		cmd casefile.Command
	}{
		"own final assessment":           {coop, casefile.Close{Closure: closure(day(30), "NO_EFFECTS")}},
		"as proposed by themselves":      {proposed(coop, casefile.ProposeClosure{Closure: *closure(day(30), "NO_EFFECTS")}), casefile.Close{}},
		"as proposed before a handover":  {handed, casefile.Close{}},
		"obstacle of their own":          {proposed(coop, obstacle), casefile.ConfirmDecision{Decision: casefile.DecideContinue, On: day(30)}},
		"obstacle that the body reports": {byBody.File, casefile.ConfirmDecision{Decision: casefile.DecideContinue, On: day(30)}},
	} {
		if _, err := casefile.Apply(tc.f, tc.cmd, deputy, day(30)); !fault.IsReason(err, "SAME_PERSON") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := casefile.Apply(tc.f, tc.cmd, actors[access.Head], day(30)); err != nil {
			t.Errorf("%s, by the head: %v", name, err)
		}
	}
}

// A case that stood on paper for a year has the clocks of its past.
func TestTakeOver(t *testing.T) {
	today := day(400)
	o := opening("as-1")
	o.Consents = append(o.Consents, consent("m", casefile.Cooperation, casefile.Given, day(10)))
	cmd := casefile.TakeOver{Opening: o, AssistantSince: day(0), Day0: day(10), PlanAdoptedOn: day(50), Visits: 40, LastVisitOn: day(390),
		Assessments: []familyfile.Assessed{{PresentedOn: day(180), ReceivedOn: day(185)}, {PresentedOn: day(370)}}}
	f := do(t, casefile.File{}, today, cmd)
	if f.Cover.State != familyfile.Cooperation || !f.Cover.TakenOver || f.Cover.Source != familyfile.SourceTakenOver || f.Cover.PaperVisits != 40 {
		t.Errorf("cover is %+v", f.Cover)
	}
	var open []string
	for _, d := range familyfile.Deadlines(f.Cover) {
		if d.Open {
			open = append(open, d.Rule+d.Key)
		}
	}
	for _, want := range []string{deadline.RuleAssessment + "3", deadline.RuleReceipt + "2", deadline.RuleVisitGap} {
		if !slices.Contains(open, want) {
			t.Errorf("open terms %v lack %s", open, want)
		}
	}
	once := cmd
	once.Assessments = []familyfile.Assessed{{PresentedOn: day(390)}}
	if c := do(t, casefile.File{}, today, once).Cover; c.Assessments[0].Number != 2 || c.NextAssessment() != 3 {
		t.Errorf("the only assessment, presented after a year: number %d, next %d", c.Assessments[0].Number, c.NextAssessment())
	}
	late := cmd
	late.PlanAdoptedOn = day(5)
	if _, err := try(casefile.File{}, late, today); !fault.IsReason(err, "INVALID_FIELDS") {
		t.Errorf("a plan before day 0: %v", err)
	}
	groundless := cmd
	groundless.Consents = nil
	if _, err := try(casefile.File{}, groundless, today); !fault.IsReason(err, "CONSENT_MISSING") {
		t.Errorf("work without consent: %v", err)
	}
	aunt := cmd
	aunt.Members = append(slices.Clone(cmd.Members), casefile.Member{ID: "a", Role: casefile.OtherAdult, GivenName: "Ewa", FamilyName: "Nowak"})
	aunt.Consents = []casefile.Consent{consent("a", casefile.Participation, casefile.Given, day(-3)), consent("a", casefile.Cooperation, casefile.Given, day(10))}
	if _, err := try(casefile.File{}, aunt, today); !fault.IsReason(err, "CONSENT_MISSING") {
		t.Errorf("work on the consent of an adult without parental authority: %v", err)
	}
	aunt.ClientKind = "CARE_LEAVER"
	if _, err := try(casefile.File{}, aunt, today); err != nil {
		t.Errorf("a care leaver's own consent: %v", err)
	}
}
