package casefile_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/seal"
	"asysta.example/services/casefile"
)

var (
	start = calendar.MustOf(2026, 1, 5)
	dates = cmpopts.EquateComparable(calendar.Date{})
)

func day(n int) calendar.Date { return start.AddDays(n) }

// actors of each role; the same person never stands for two of them.
var actors = map[access.Role]casefile.Actor{
	access.Head:           {Staff: "head", Person: "p-head", Role: access.Head},
	access.Assistant:      {Staff: "as-1", Person: "p-as-1", Role: access.Assistant},
	access.SocialWorker:   {Staff: "sw", Person: "p-sw", Role: access.SocialWorker},
	access.ContractedBody: {Staff: "body", Person: "p-body", Role: access.ContractedBody},
	access.System:         {Role: access.System},
}

func mother() casefile.Member {
	return casefile.Member{ID: "m", Role: casefile.Mother, GivenName: "Anna", FamilyName: "Nowak", Authority: true, BornOn: calendar.MustOf(1990, 1, 1)}
}

func father() casefile.Member {
	return casefile.Member{ID: "f", Role: casefile.Father, GivenName: "Jan", FamilyName: "Nowak", Authority: true, BornOn: calendar.MustOf(1988, 2, 2)}
}

func child() casefile.Member {
	return casefile.Member{ID: "c", Role: casefile.ChildRole, GivenName: "Ola", FamilyName: "Nowak", BornOn: calendar.MustOf(2020, 3, 3)}
}

func opening(assistant string) casefile.Opening {
	o := casefile.Opening{Number: "AR/1/2026", Basis: familyfile.BasisConsent, ClientKind: "FAMILY", Members: []casefile.Member{mother(), father(), child()},
		Address: casefile.Address{Place: "Radziłów", Street: "ul. Polna 4", PostalCode: "19-213"}, SocialWorker: "sw", Difficulty: 2, OpenedOn: start,
		Consents: []casefile.Consent{consent("m", casefile.Participation, casefile.Given, start.AddDays(-3))}}
	if assistant != "" {
		o.Assistant = casefile.Assistant{Staff: assistant, Person: "p-" + assistant}
	}
	return o
}

func consent(member, kind, decision string, on calendar.Date) casefile.Consent {
	return casefile.Consent{Member: member, Kind: kind, Decision: decision, SignedOn: on}
}

func order(id string, on calendar.Date) casefile.Order {
	return casefile.Order{ID: id, Court: "Sąd Rejonowy", CaseNumber: "III Nsm 1/26", OrderedOn: on, ReportEveryMonths: 3}
}

func visit(on calendar.Date) casefile.JointVisit {
	return casefile.JointVisit{On: on, SocialWorker: "sw", Members: []string{"m", "c"}, RulesDiscussed: true}
}

func closure(on calendar.Date, reason string) *casefile.Closure {
	return &casefile.Closure{On: on, Reason: reason, Text: "opis", Assessment: "ocena końcowa"}
}

// invariant says what holds of every file that commands can make.
func invariant(f casefile.File) error {
	c, s := f.Cover, f.Section
	if c.State == familyfile.Fenced {
		if len(s.Members) > 0 || len(familyfile.Deadlines(c)) > 0 {
			return errors.New("a fenced file holds something")
		}
		return nil
	}
	last := familyfile.Assignment{To: start}
	if n := len(c.Assignments); n > 0 {
		last = c.Assignments[n-1]
	}
	works := c.State == familyfile.Assigned || c.State == familyfile.Cooperation
	for what, wrong := range map[string]bool{
		"spell open and active differ":    (c.SpellOpen() != nil) != c.State.Active(),
		"closed day and active differ":    c.ClosedOn.IsZero() != c.State.Active(),
		"assigned with day 0":             c.State == familyfile.Assigned && !c.Day0.IsZero(),
		"cooperation without day 0":       c.State == familyfile.Cooperation && c.Day0.IsZero(),
		"monitoring without cooperation":  c.State == familyfile.Monitoring && c.Day0.IsZero(),
		"works without assistant":         works && (c.Assistant == "" || !last.To.IsZero() || last.Staff != c.Assistant),
		"waits with assistant":            c.State == familyfile.AwaitingAssistant && (c.Assistant != "" || c.AwaitingSince.IsZero()),
		"assignment open without work":    !works && len(c.Assignments) > 0 && last.To.IsZero(),
		"assistant is locked out":         slices.Contains(c.LockedOut, c.AssistantPer) && c.AssistantPer != "",
		"day 0 of cover and spell differ": c.Spells[len(c.Spells)-1].Day0 != c.Day0,
		"day 0 before the joint visit":    !c.Day0.IsZero() && s.JointVisit != nil && c.Day0.Before(s.JointVisit.On),
		"day 0 before the spell":          !c.Day0.IsZero() && c.Day0.Before(c.Spells[len(c.Spells)-1].From),
		"no adult":                        c.Adults == 0,
		"stopped before the order's last day": c.Basis == familyfile.BasisCourtOrder && !c.StoppedOn.IsZero() && slices.ContainsFunc(s.Orders, func(o casefile.Order) bool {
			return o.EndedOn.IsZero() && (o.ValidUntil.IsZero() || o.ValidUntil.After(c.StoppedOn))
		}),
		"stopped before cooperation":          !c.StoppedOn.IsZero() && c.Day0.IsZero(),
		"blue card of cover and section":      c.BlueCard != (s.BlueCard != nil),
		"orders of cover and section":         len(c.CourtOrders) != len(s.Orders),
		"closures and closed spells":          len(s.Closures) != len(c.Spells)-btoi(c.State.Active()),
		"monitoring of cover and section":     len(c.MonitoredOn) != len(s.Monitoring),
		"difficulty out of range":             c.Difficulty < 1 || c.Difficulty > 3,
		"a child of the family without facts": slices.ContainsFunc(s.Members, func(m casefile.Member) bool { return !m.Adult() && c.Child(m.ID) == nil }),
	} {
		if wrong {
			return fmt.Errorf("%s in state %s", what, c.State)
		}
	}
	for i := 1; i < len(c.Assignments); i++ {
		if c.Assignments[i].From.Before(c.Assignments[i-1].To) || c.Assignments[i-1].To.IsZero() {
			return errors.New("assignments overlap")
		}
	}
	return nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// drawCommand draws any command with days around today, fitting or not.
func drawCommand(t *rapid.T, f casefile.File, today calendar.Date) casefile.Command {
	on := today.AddDays(-rapid.IntRange(-1, 40).Draw(t, "ago"))
	member := rapid.SampledFrom([]string{"m", "f", "c", "x"}).Draw(t, "member")
	staff := rapid.SampledFrom([]string{"as-1", "as-2", "as-3"}).Draw(t, "assistant")
	who := casefile.Assistant{Staff: staff, Person: "p-" + staff}
	kind := rapid.SampledFrom([]string{casefile.Participation, casefile.Cooperation}).Draw(t, "kind")
	decision := rapid.SampledFrom([]string{casefile.Given, casefile.Refused, casefile.Withdrawn}).Draw(t, "decision")
	yes := rapid.Bool().Draw(t, "yes")
	code := rapid.SampledFrom([]string{casefile.DecideContinue, casefile.DecideEndEarly}).Draw(t, "code")
	reason := rapid.SampledFrom([]string{"GOALS_ACHIEVED", casefile.ReasonLackOfCooperation, casefile.ReasonOther}).Draw(t, "reason")
	var proposed *casefile.Closure
	if yes {
		proposed = closure(on, reason)
	}
	var corrected *casefile.Consent
	if yes {
		c := consent(member, kind, decision, on)
		corrected = &c
	}
	changes := []casefile.MemberChange{
		casefile.AddMember{Member: casefile.Member{ID: "x", Role: casefile.OtherAdult, GivenName: "Ewa", FamilyName: "Kos"}}, casefile.Leave{Member: member, On: on},
		casefile.PlaceInCare{Member: member, Since: on, Coordinator: "co"}, casefile.EndCare{Member: member, On: on, End: casefile.CareReturned},
		casefile.AssignCoordinator{Member: member, Coordinator: "co-2"}, casefile.ChangeMember{Member: child(), KeepPesel: true},
	}
	n := rapid.IntRange(1, 4).Draw(t, "n")
	v := visit(on)
	return rapid.SampledFrom([]casefile.Command{
		casefile.Open{Opening: opening(rapid.SampledFrom([]string{"", "as-1"}).Draw(t, "first")), Source: familyfile.SourceFamily, Referral: "r"},
		casefile.Fence{},
		casefile.Assign{Assistant: who, From: on}, casefile.Reassign{Assistant: who, On: on, Reason: "urlop"}, casefile.Unassign{To: on, Reason: "urlop"},
		casefile.SetDifficulty{Weight: n}, casefile.RecordDocumentationRead{On: on}, casefile.AgreeJointVisit{On: on},
		casefile.RecordJointVisit{Visit: v, Consents: []casefile.Consent{consent("m", "", decision, on)}},
		casefile.RecordConsent{Consent: consent(member, kind, decision, on)},
		casefile.UpdateMembers{Changes: []casefile.MemberChange{rapid.SampledFrom(changes).Draw(t, "change")}},
		casefile.RecordExpectations{Picture: casefile.Picture{KnownOn: on, Members: []casefile.MemberPicture{{Member: member, Expectations: "spokój"}}}},
		casefile.SetBlueCard{Reference: seal.Value{Cipher: []byte{byte(n)}}, On: on}, casefile.SetBlueCard{On: on},
		casefile.AddOrder{Order: order(fmt.Sprint("o", n), on)}, casefile.AddOrder{Order: *expired(on, today.AddDays(n))}, casefile.EndOrder{ID: fmt.Sprint("o", n), On: on},
		casefile.LockOut{Person: who.Person, SocialWorkerPerson: "p-sw"}, casefile.LiftLockOut{Person: who.Person, Reason: "pomyłka"},
		casefile.ProposeDecision{ID: "d", Obstacle: "brak kontaktu", Decision: code, On: on}, casefile.ConfirmDecision{Decision: code, Reasons: "wspólnie", On: on},
		casefile.ProposeClosure{Closure: *closure(on, reason)}, casefile.Close{Closure: proposed},
		casefile.RecordMonitoring{Month: rapid.SampledFrom([]int{1, 3, 6, 12}).Draw(t, "month"), On: on, Note: "dobrze"}, casefile.EndMonitoring{Reason: "wyjazd"},
		casefile.Reopen{Source: familyfile.SourceFamily, Basis: familyfile.BasisConsent, Reason: "kryzys", OpenedOn: on, Assistant: who,
			Consents: []casefile.Consent{consent("m", casefile.Participation, casefile.Given, on)}},
		casefile.CorrectDay0{On: on, Reason: "pomyłka"}, casefile.CorrectConsent{Number: n, Consent: corrected, Reason: "pomyłka"},
		casefile.CorrectAssignment{Number: n, From: on, Reason: "pomyłka"}, casefile.CorrectAssignment{Number: n, From: on, To: on.AddDays(3), Reason: "pomyłka"},
		casefile.Update{Address: &casefile.Address{Place: "Wąsosz"}, Preventive: &yes},
	}).Draw(t, "command")
}

// onward is the next act of the procedure, so that runs come further than chance would take them. A file is opened with the assistant that first names, or with none.
func onward(f casefile.File, first string, today calendar.Date) casefile.Command {
	as := casefile.Assistant{Staff: "as-9", Person: "p-as-9"}
	switch s := f.Cover.State; {
	case s == casefile.None:
		o := opening(first)
		o.OpenedOn = today
		return casefile.Open{Opening: o, Source: familyfile.SourceFamily, Referral: "r"}
	case s == familyfile.AwaitingAssistant:
		return casefile.Assign{Assistant: as, From: today}
	case s == familyfile.Assigned && f.Cover.DocsReadOn.IsZero():
		return casefile.RecordDocumentationRead{On: today}
	case s == familyfile.Assigned:
		v := visit(today)
		v.Members = nil
		for _, m := range f.Section.Members {
			if m.Present() && m.Adult() {
				v.Members = append(v.Members, m.ID)
			}
		}
		var cs []casefile.Consent
		for _, id := range v.Members {
			cs = append(cs, consent(id, "", casefile.Given, today))
		}
		return casefile.RecordJointVisit{Visit: v, Consents: cs}
	case s == familyfile.Cooperation && slices.ContainsFunc(f.Section.Decisions, func(d casefile.Decision) bool { return d.Decided == "" }):
		return casefile.ConfirmDecision{Decision: casefile.DecideContinue, Reasons: "wspólnie", On: today}
	case s == familyfile.Cooperation && len(f.Section.Decisions) > 0:
		return casefile.Close{Closure: closure(today, "GOALS_ACHIEVED")}
	case s == familyfile.Cooperation:
		return casefile.ProposeDecision{ID: "d", Obstacle: "brak kontaktu", Decision: casefile.DecideContinue, On: today}
	case s == familyfile.Monitoring:
		if len(f.Cover.MonitoredOn) > 0 {
			return casefile.EndMonitoring{Reason: "wyjazd"}
		}
		return casefile.RecordMonitoring{Month: 1, On: today, Note: "dobrze"}
	}
	return casefile.Reopen{Source: familyfile.SourceFamily, Basis: familyfile.BasisConsent, Referral: "r2", Grounded: true, OpenedOn: today, Assistant: as}
}

// straightActs are enough acts of the procedure for a file to be opened, to end with its monitoring, and to be opened again.
const straightActs = 12

// TestApplyKeepsTheLaw draws runs of two kinds: in one of four each act is the procedure's next one, which none may refuse, so that every state is reached whatever
// chance brings; the others mix it with any command.
func TestApplyKeepsTheLaw(t *testing.T) {
	reached := map[familyfile.State]int{}
	rapid.Check(t, func(t *rapid.T) {
		f, today, seen := casefile.File{}, start, map[familyfile.State]bool{}
		straight := rapid.IntRange(0, 3).Draw(t, "straight") == 0
		first, steps := rapid.SampledFrom([]string{"as-1", ""}).Draw(t, "first"), straightActs
		if !straight {
			steps = rapid.IntRange(5, 60).Draw(t, "steps")
			if rapid.IntRange(0, 4).Draw(t, "fenced") == 0 {
				f, _ = step(t, f, casefile.Fence{}, today)
				seen[f.Cover.State] = true
			}
		}
		for range steps {
			today = today.AddDays(rapid.IntRange(0, 25).Draw(t, "later"))
			cmd := drawCommand(t, f, today)
			if straight || rapid.IntRange(0, 2).Draw(t, "onward") == 0 {
				cmd = onward(f, first, today)
			}
			var err error
			if f, err = step(t, f, cmd, today); err != nil && straight {
				t.Fatalf("%s, the procedure's next act in state %q, was refused: %v", cmd.Name(), f.Cover.State, err)
			}
			seen[f.Cover.State] = true
		}
		for s := range seen {
			reached[s]++
		}
	})
	t.Logf("runs that reached a state: %v", reached)
	for _, s := range []familyfile.State{familyfile.AwaitingAssistant, familyfile.Assigned, familyfile.Cooperation, familyfile.Monitoring, familyfile.Ended, familyfile.Fenced} {
		if reached[s] == 0 {
			t.Errorf("no run reached %s: the machine proves nothing of it", s)
		}
	}
}

// step applies a command in a role that the table allows and checks what holds whatever comes of it; with a refusal the file is as it was.
func step(t *rapid.T, f casefile.File, cmd casefile.Command, today calendar.Date) (casefile.File, error) {
	line, _ := casefile.Line(cmd.Name())
	a := actors[line.Roles[0]]
	before := snapshot(f)
	o, err := casefile.Apply(f, cmd, a, today)
	if diff := cmp.Diff(before, snapshot(f), dates); diff != "" {
		t.Fatalf("%s changed the file it was given: %s", cmd.Name(), diff)
	}
	again, errAgain := casefile.Apply(f, cmd, a, today)
	if diff := cmp.Diff(snapshot(o.File), snapshot(again.File), dates); diff != "" || (err == nil) != (errAgain == nil) {
		t.Fatalf("%s is not a function: %s", cmd.Name(), diff)
	}
	if err != nil {
		if x, ok := fault.As(err); !ok || x.Kind != fault.KindNotFound && x.Polish == "" {
			t.Fatalf("%s refused without a fault: %v", cmd.Name(), err)
		}
		return f, err
	}
	if err := invariant(o.File); err != nil {
		t.Fatalf("%s: %v", cmd.Name(), err)
	}
	familyfile.Deadlines(o.File.Cover)
	return o.File, nil
}

// snapshot is a copy that shares nothing with the file.
func snapshot(f casefile.File) casefile.File {
	c, s := &f.Cover, &f.Section
	c.Assignments, c.Spells, c.Children = slices.Clone(c.Assignments), slices.Clone(c.Spells), slices.Clone(c.Children)
	c.LockedOut, c.CourtOrders, c.CourtReports = slices.Clone(c.LockedOut), slices.Clone(c.CourtOrders), slices.Clone(c.CourtReports)
	s.Members, s.Consents, s.Orders, s.Decisions = slices.Clone(s.Members), slices.Clone(s.Consents), slices.Clone(s.Orders), slices.Clone(s.Decisions)
	if s.JointVisit != nil {
		v := *s.JointVisit
		s.JointVisit = &v
	}
	return f
}
