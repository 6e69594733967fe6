package planning_test

import (
	"slices"
	"strings"
	"testing"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/services/planning"
)

// apply carries acts out that must succeed.
func apply(t *testing.T, f planning.File, cmds ...planning.Command) planning.File {
	t.Helper()
	for _, c := range cmds {
		next, _, err := planning.Apply(f, c, env)
		if err != nil {
			t.Fatalf("%T: %v", c, err)
		}
		f = next
	}
	return f
}

// adopt puts the next version in force, with all marks it needs.
func adopt(t *testing.T, f planning.File, c planning.Content) planning.File {
	t.Helper()
	f = apply(t, f, planning.CreateDraft{Content: &c})
	v, h := f.Section.Draft.Version, f.Section.Draft.Hash
	f = apply(t, f, planning.Marking{Kind: planning.Consultation, Version: v, Hash: h, On: today},
		planning.Sign{Version: v, Hash: h, Signatures: []planning.SignOff{{By: "m1", On: today}}})
	for _, who := range f.Cover.Coordinators() {
		e := env
		e.Person = who
		next, _, err := planning.Apply(f, planning.Marking{Kind: planning.Agreement, Version: v, Hash: h, On: today}, e)
		if err != nil {
			t.Fatal(err)
		}
		f = next
	}
	return apply(t, f, planning.Adopt{Version: v, Hash: h, On: today})
}

// published tells the file of a version of a child's help plan.
func published(t *testing.T, f planning.File, p planning.ChildPlan) planning.File {
	t.Helper()
	return apply(t, f, planning.ChildPublished{Plan: p})
}

// childPlan is a first version with one task.
func childPlan(t *testing.T, child string, goal planning.CareGoal) planning.ChildPlan {
	t.Helper()
	p, err := planning.ChildPlan{ID: "plan-" + child, Child: child}.Publish(planning.ChildContent{Goal: goal, Tasks: []planning.ChildTask{{ID: "t1", Description: "kontakt", Responsible: "PCPR", Due: calendar.MustOf(2026, 12, 31)}}}, today, env)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Who works with the family as its assistant does not decide on the own work as deputy of the head.
func TestNobodyDecidesOnTheirOwnWork(t *testing.T) {
	draft := apply(t, cooperating(), planning.CreateDraft{})
	deputy, e := env, env
	draft.Cover.Assistant, deputy.HeadApproves, e.HeadApproves, e.Staff = deputy.Staff, true, true, "head"
	if _, _, err := planning.Apply(draft, marking(draft, planning.HeadApproval), deputy); !fault.IsReason(err, "SAME_PERSON") {
		t.Errorf("own plan approved: %v", err)
	}
	if _, _, err := planning.Apply(draft, marking(draft, planning.HeadApproval), e); err != nil {
		t.Errorf("approved by the head: %v", err)
	}
	presented := cooperating()
	presented.Section.Assessments = []planning.Assessment{{ID: "a1", Number: 1, Stage: planning.Presented, PresentedOn: today, PresentedBy: deputy.Staff}}
	if _, _, err := planning.Apply(presented, planning.Receive{ID: "a1", On: today}, deputy); !fault.IsReason(err, "SAME_PERSON") {
		t.Errorf("own assessment received: %v", err)
	}
	if _, _, err := planning.Apply(presented, planning.Receive{ID: "a1", On: today}, e); err != nil {
		t.Errorf("received by the head: %v", err)
	}
}

func TestOrderOfActs(t *testing.T) {
	none := cooperating("co-a")
	draft := apply(t, none, planning.CreateDraft{})
	inForce := published(t, adopt(t, none, full()), childPlan(t, "childco-a", planning.CareReturn))
	revision := apply(t, inForce, planning.CreateDraft{})
	stages := map[planning.Stage]planning.File{planning.None: none, planning.Drafting: draft, planning.InForce: inForce, planning.Revising: revision}
	command := map[planning.Act]func(f planning.File) planning.Command{
		planning.ActCreate: func(planning.File) planning.Command { return planning.CreateDraft{} },
		planning.ActUpdate: func(f planning.File) planning.Command {
			return planning.UpdatePlan{Version: draftOf(f), Content: full()}
		},
		planning.ActDiscard: func(f planning.File) planning.Command { return planning.DiscardDraft{Version: draftOf(f)} },
		planning.ActConsult: func(f planning.File) planning.Command { return marking(f, planning.Consultation) },
		planning.ActAgree:   func(f planning.File) planning.Command { return marking(f, planning.Agreement) },
		planning.ActApprove: func(f planning.File) planning.Command { return marking(f, planning.HeadApproval) },
		planning.ActSign: func(f planning.File) planning.Command {
			return planning.Sign{Version: draftOf(f), Hash: hashOf(f), Signatures: []planning.SignOff{{By: "m1", On: today}}}
		},
		planning.ActProgress: func(planning.File) planning.Command {
			return planning.RecordProgress{Version: 1, Marks: []planning.Mark{{Target: "g1", Status: planning.Achieved, On: today}}}
		},
		planning.ActLink: func(planning.File) planning.Command {
			return planning.LinkGoals{Child: "childco-a", Side: planning.AssistantSide, Links: []planning.Link{{Goal: "g1", Task: "t1"}}}
		},
		planning.ActSignOff: func(f planning.File) planning.Command {
			return planning.SignOffSide{Child: "childco-a", Side: planning.AssistantSide, Hash: f.Section.CoordinationHash("childco-a"), On: today}
		},
	}
	for _, line := range planning.PlanTransitions {
		e := env
		e.HeadApproves = true
		if slices.Equal(line.Roles, []access.Role{access.Head}) {
			e.Staff = "head"
		}
		make, ok := command[line.Act]
		if !ok {
			continue // adoption has its own requirements, publication and review are allowed always
		}
		for stage, f := range stages {
			legal := slices.ContainsFunc(planning.PlanTransitions, func(l planning.Transition) bool { return l.Act == line.Act && slices.Contains(l.From, stage) })
			next, _, err := planning.Apply(f, make(f), e)
			if legal != (err == nil) {
				t.Errorf("%s in %s: legal %v, err %v", line.Act, stage, legal, err)
			}
			if err == nil && line.To != "" && slices.Contains(line.From, stage) && next.Section.Stage() != line.To {
				t.Errorf("%s in %s leads to %s, want %s", line.Act, stage, next.Section.Stage(), line.To)
			}
			closed := f
			closed.Cover.State = familyfile.Monitoring
			if _, _, err := planning.Apply(closed, make(closed), e); legal && !fault.IsReason(err, "FILE_NOT_IN_COOPERATION") {
				t.Errorf("%s in %s of a closed file: %v", line.Act, stage, err)
			}
		}
	}
}

func draftOf(f planning.File) int {
	if f.Section.Draft != nil {
		return f.Section.Draft.Version
	}
	return max(f.Cover.PlanVersion, 1)
}

func hashOf(f planning.File) string {
	if f.Section.Draft != nil {
		return f.Section.Draft.Hash
	}
	return ""
}

func marking(f planning.File, kind planning.SignOffKind) planning.Command {
	return planning.Marking{Kind: kind, Version: draftOf(f), Hash: hashOf(f), On: today}
}

func TestContentsThatAreNeverRight(t *testing.T) {
	for name, spoil := range map[string]func(*planning.Content){
		"unknown life area":           func(c *planning.Content) { c.Diagnosis[0].LifeArea = "X" },
		"life area twice":             func(c *planning.Content) { c.Diagnosis = append(c.Diagnosis, c.Diagnosis[0]) },
		"unknown aim":                 func(c *planning.Content) { c.Goals[0].Aims = []string{"X"} },
		"unknown task":                func(c *planning.Content) { c.Actions[0].Task = "20" },
		"goal twice":                  func(c *planning.Content) { c.Goals = append(c.Goals, c.Goals[0]) },
		"longer than a plan may be":   func(c *planning.Content) { c.Diagnosis[0].Problem = strings.Repeat("x", 40<<10) },
		"goal under itself":           func(c *planning.Content) { c.Goals[0].Main = "g1" },
		"action of no goal":           func(c *planning.Content) { c.Actions[0].Goal = "g9" },
		"action named like a goal":    func(c *planning.Content) { c.Actions[0].ID = "g1" },
		"child that is not in care":   func(c *planning.Content) { c.Goals[0].Children, c.Goals[0].Care = []string{"m9"}, planning.CareReturn },
		"child without what is to be": func(c *planning.Content) { c.Goals[0].Children = []string{"childco-a"} },
		"care goal without a child":   func(c *planning.Content) { c.Goals[0].Care = planning.CareReturn },
		"unpublished child plan":      func(c *planning.Content) { c.ChildPlans = []planning.ChildPlanRef{{Child: "childco-a", Version: 1}} },
		"member's strength of nobody": func(c *planning.Content) { c.Strengths = []planning.Strength{{Holder: planning.OfMember, Text: "x"}} },
		"unknown form of family work": func(c *planning.Content) { c.WorkForms = []string{"X"} },
		"unknown source of help":      func(c *planning.Content) { c.HelpSources = []string{"X"} },
		"unknown form of support":     func(c *planning.Content) { c.SupportForms = []string{"X"} },
		"detailed goal under detailed": func(c *planning.Content) {
			c.Goals = append(c.Goals, planning.Goal{ID: "g2", Main: "g1"}, planning.Goal{ID: "g3", Main: "g2"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := full()
			spoil(&c)
			_, _, err := planning.Apply(cooperating("co-a"), planning.CreateDraft{Content: &c}, env)
			if f, ok := fault.As(err); !ok || f.Kind != fault.KindInvalid || len(f.Fields) == 0 {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestAssessmentNumbers(t *testing.T) {
	due := map[int]string{1: "2026-07-31", 2: "2027-01-31", 3: "2027-07-31"}
	for n, want := range due {
		if got := cooperating().Cover.AssessmentDue(n); got.String() != want {
			t.Errorf("term %d = %s, want %s", n, got, want)
		}
	}
	clamped := cooperating().Cover
	clamped.Day0 = calendar.MustOf(2026, 8, 31)
	if got := clamped.AssessmentDue(1); got.String() != "2027-02-28" {
		t.Errorf("clamped term = %s", got)
	}
	early := cooperating()
	early.Cover.Assessments = []familyfile.Assessed{{Number: 1, ID: "a", PresentedOn: day0.AddDays(10)}}
	draft := apply(t, early, planning.Assessing{New: true, Draft: planning.Assessment{ID: "y"}}).Section.Assessments[0]
	if draft.Number != 2 || draft.Due != early.Cover.AssessmentDue(2) || draft.Due != day0.AddDays(10).AddMonths(6) {
		t.Errorf("after an early one: %+v", draft)
	}
	skip := planning.Assessing{New: true, Draft: planning.Assessment{ID: "x", Number: 3}}
	if _, _, err := planning.Apply(cooperating(), skip, env); !fault.IsReason(err, "ASSESSMENT_NUMBER") {
		t.Errorf("a skipped half year: %v", err)
	}
	taken := cooperating()
	taken.Cover.TakenOver = true
	f := apply(t, taken, skip)
	if a := f.Section.Assessments[0]; a.Number != 3 || a.Due.String() != "2027-07-31" {
		t.Errorf("taken over from paper: %+v", a)
	}
}

// TestALateAssessmentAnswersTheLastHalfYear: begun for the first half year and presented after the second was over, it is late for the second; the first was missed.
func TestALateAssessmentAnswersTheLastHalfYear(t *testing.T) {
	for presented, want := range map[string]int{"2027-01-30": 1, "2027-01-31": 2, "2027-02-14": 2, "2027-08-01": 3} {
		late := env
		late.Today = calendar.MustParse(presented)
		f := apply(t, cooperating(), planning.Assessing{New: true, Draft: planning.Assessment{
			ID: "x", PeriodFrom: day0, PeriodTo: day0.AddDays(20), Situation: "s", Conclusions: "w", Recommendation: planning.Continue}})
		f, _, err := planning.Apply(f, planning.Present{ID: "x", On: late.Today}, late)
		if err != nil {
			t.Fatal(err)
		}
		if a := f.Section.Assessments[0]; a.Number != want || a.Due != f.Cover.AssessmentDue(want) || f.Cover.Assessments[0].Number != want || f.Cover.NextAssessment() != want+1 {
			t.Errorf("presented %s: number %d due %s, next %d", presented, a.Number, a.Due, f.Cover.NextAssessment())
		}
	}
}

func TestWithdrawnConsentStopsThePlan(t *testing.T) {
	f := adopt(t, cooperating(), full())
	f.Cover.StoppedOn = today.AddDays(-1)
	if _, _, err := planning.Apply(f, planning.CreateDraft{}, env); !fault.IsReason(err, "VOLUNTARY_WORK_STOPPED") {
		t.Errorf("a new draft: %v", err)
	}
	f.Cover.StoppedOn = today // the day itself still counts
	apply(t, f, planning.CreateDraft{})
	apply(t, f, planning.Assessing{New: true, Draft: planning.Assessment{ID: "x"}})
}

// TestOnlyMembersSign: a signature is that of somebody in the family.
func TestOnlyMembersSign(t *testing.T) {
	f := cooperating()
	f, _, err := planning.Apply(f, planning.CreateDraft{}, env)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = planning.Apply(f, planning.Sign{Version: draftOf(f), Hash: hashOf(f), Signatures: []planning.SignOff{{By: "m9", On: today}}}, env)
	if !fault.IsReason(err, "SIGNER_UNKNOWN") {
		t.Errorf("a stranger signed: %v", err)
	}
}
