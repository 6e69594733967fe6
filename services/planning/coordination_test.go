package planning_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/services/planning"
)

const child = "childco-a"

// caring is a complete content with a goal for the child in care.
func caring(care planning.CareGoal, due calendar.Date) planning.Content {
	c := full()
	c.Goals = append(c.Goals, planning.Goal{ID: "g2", Title: "dziecko", Aims: []string{"REINTEGRATION"}, Children: []string{child}, Care: care})
	c.Actions = append(c.Actions, planning.Action{ID: "a2", Goal: "g2", Description: "odwiedziny", Responsible: planning.ByAssistant, Task: "2", Due: due, Effect: "więź"})
	return c
}

func TestConflicts(t *testing.T) {
	soon, late := calendar.MustOf(2026, 10, 31), calendar.MustOf(2027, 3, 31)
	plan := func(goal planning.CareGoal) planning.ChildPlan { return childPlan(t, child, goal) }
	with := func(p planning.ChildPlan, change func(*planning.ChildPlan)) planning.ChildPlan { change(&p); return p }
	linked := func(f planning.File) planning.File {
		return apply(t, f, planning.LinkGoals{Child: child, Side: planning.AssistantSide, Links: []planning.Link{{Goal: "g2", Task: "t1"}}})
	}
	agreed := func(c planning.Content) planning.File {
		return published(t, adopt(t, cooperating("co-a"), c), plan(planning.CareReturn))
	}
	for name, tc := range map[string]struct {
		file planning.File
		plan planning.ChildPlan
		want []planning.ConflictKind
	}{
		"none":                         {agreed(caring(planning.CareReturn, soon)), plan(planning.CareReturn), nil},
		"return and adoption":          {agreed(caring(planning.CareReturn, soon)), plan(planning.CareAdoption), []planning.ConflictKind{planning.ReturnVersusAdoption}},
		"adoption and return":          {agreed(caring(planning.CareAdoption, soon)), plan(planning.CareReturn), []planning.ConflictKind{planning.ReturnVersusAdoption}},
		"return and stay":              {agreed(caring(planning.CareReturn, soon)), plan(planning.CareStay), []planning.ConflictKind{planning.GoalsDiffer}},
		"no goal for the child":        {agreed(full()), plan(planning.CareReturn), []planning.ConflictKind{planning.NoMatchingGoal}},
		"no plan at all":               {cooperating("co-a"), planning.ChildPlan{}, []planning.ConflictKind{planning.NoMatchingGoal}},
		"linked terms in order":        {linked(agreed(caring(planning.CareReturn, soon))), plan(planning.CareReturn), nil},
		"linked goal ends after task":  {linked(agreed(caring(planning.CareReturn, late))), plan(planning.CareReturn), []planning.ConflictKind{planning.TermsContradict}},
		"late, but not linked":         {agreed(caring(planning.CareReturn, late)), plan(planning.CareReturn), nil},
		"goal of the child is earlier": {agreed(caring(planning.CareReturn, late)), with(plan(planning.CareReturn), func(p *planning.ChildPlan) { p.Content.GoalDue = soon }), []planning.ConflictKind{planning.TermsContradict}},
		"child plan on an old version": {adopt(t, agreed(caring(planning.CareReturn, soon)), caring(planning.CareReturn, soon)), with(plan(planning.CareReturn), func(p *planning.ChildPlan) { p.Content.FamilyPlanVersion = 1 }), []planning.ConflictKind{planning.StaleVersion}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []planning.ConflictKind
			for _, c := range planning.Conflicts(tc.file, child, tc.plan) {
				got = append(got, c.Kind)
				if c.Polish == "" {
					t.Errorf("%s without words", c.Kind)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlanCoordinatedWithAnOldVersionIsStale(t *testing.T) {
	first := childPlan(t, child, planning.CareReturn)
	f := published(t, cooperating("co-a"), first)
	c := caring(planning.CareReturn, calendar.MustOf(2026, 10, 31))
	c.ChildPlans = []planning.ChildPlanRef{{Child: child, Version: 1}}
	f = adopt(t, f, c)
	if on := f.Cover.Child(child).CoordinatedOn; on != today {
		t.Fatalf("adoption over the agreed content coordinated on %s", on)
	}
	content := first.Content
	content.Reason = "zmiana zadań"
	second, err := first.Publish(content, today, env)
	if err != nil {
		t.Fatal(err)
	}
	f = published(t, f, second)
	if on := f.Cover.Child(child).CoordinatedOn; !on.IsZero() {
		t.Errorf("a new version left the coordination of %s", on)
	}
	var kinds []planning.ConflictKind
	for _, k := range planning.Conflicts(f, child, second) {
		kinds = append(kinds, k.Kind)
	}
	if diff := cmp.Diff([]planning.ConflictKind{planning.StaleVersion, planning.SignOffVoid, planning.SignOffVoid}, kinds); diff != "" {
		t.Error(diff)
	}
	again := published(t, f, first) // an old message comes late
	if diff := cmp.Diff(f.Section.Coordination, again.Section.Coordination, cmp.Comparer(func(a, b calendar.Date) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestVoidSignOffNeverCountsAgain(t *testing.T) {
	f := published(t, adopt(t, cooperating("co-a"), caring(planning.CareReturn, today)), childPlan(t, child, planning.CareReturn))
	for _, side := range []planning.Side{planning.AssistantSide, planning.CoordinatorSide} {
		f = apply(t, f, planning.SignOffSide{Child: child, Side: side, Hash: f.Section.CoordinationHash(child), On: today})
	}
	if f.Cover.Child(child).CoordinatedOn != today {
		t.Fatal("not coordinated")
	}
	before := f.Section.CoordinationHash(child)
	f = apply(t, f, planning.LinkGoals{Child: child, Side: planning.AssistantSide, Links: []planning.Link{{Goal: "g1", Task: "t1"}}})
	if !f.Cover.Child(child).CoordinatedOn.IsZero() {
		t.Error("an edit left the coordination")
	}
	f = apply(t, f, planning.LinkGoals{Child: child, Side: planning.AssistantSide})
	if f.Section.CoordinationHash(child) != before {
		t.Fatal("the same content has another hash")
	}
	if _, ok := f.Section.Coordinated(child); ok || !f.Cover.Child(child).CoordinatedOn.IsZero() {
		t.Error("going back to the former content brought void marks back")
	}
}

func TestSliceHidesSiblings(t *testing.T) {
	f := cooperating("co-a", "co-b")
	c := caring(planning.CareReturn, today)
	c.Goals[1].Children = []string{child, "childco-b"}
	c.Goals = append(c.Goals, planning.Goal{ID: "g3", Title: "drugie dziecko", Children: []string{"childco-b"}, Care: planning.CareStay}, planning.Goal{ID: "g4", Main: "g3", Title: "szczegół"})
	c.Actions = append(c.Actions, planning.Action{ID: "a3", Goal: "g3", Description: "x"}, planning.Action{ID: "a4", Goal: "g1", Responsible: planning.ByMember, Who: "childco-b"})
	got := planning.SliceFor(c, f.Cover, "co-a")
	var goals, actions []string
	for _, g := range got.Goals {
		goals = append(goals, g.ID)
		if slices.Contains(g.Children, "childco-b") || g.Main == "g3" {
			t.Errorf("goal %+v", g)
		}
	}
	for _, a := range got.Actions {
		actions = append(actions, a.ID)
		if a.Who == "childco-b" {
			t.Errorf("action %+v", a)
		}
	}
	if diff := cmp.Diff([]string{"g1", "g2", "g4"}, goals); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a1", "a2", "a4"}, actions); diff != "" {
		t.Error(diff)
	}
	if got.Diagnosis != nil || got.Strengths != nil {
		t.Error("the slice holds the diagnosis")
	}
	if !slices.Contains(c.Goals[1].Children, "childco-b") {
		t.Error("slicing changed the plan")
	}
}

func TestSharedDate(t *testing.T) {
	for name, tc := range map[string]struct {
		review calendar.Date // last one; the next falls 6 months later
		want   calendar.Date
	}{
		"review 30 days before the assessment": {calendar.MustOf(2026, 1, 1), calendar.MustOf(2026, 7, 1)},
		"review 31 days before":                {calendar.MustOf(2025, 12, 31), calendar.Date{}},
		"review 28 days after":                 {calendar.MustOf(2026, 2, 28), calendar.MustOf(2026, 7, 31)},
		"review 32 days after":                 {calendar.MustOf(2026, 3, 1), calendar.Date{}},
	} {
		t.Run(name, func(t *testing.T) {
			c := familyfile.Cover{State: familyfile.Cooperation, Day0: day0, Spells: []familyfile.Spell{{From: day0, Day0: day0}},
				Children: []familyfile.Child{{Member: child, BornOn: calendar.MustOf(2015, 1, 1), InCareSince: calendar.MustOf(2025, 12, 1), Coordinator: "co-a", LastReviewOn: tc.review}}}
			got, ok := planning.SharedDate(c, child)
			if ok != !tc.want.IsZero() || (ok && got != tc.want) {
				t.Errorf("SharedDate = %s, %v, want %s", got, ok, tc.want)
			}
		})
	}
}
