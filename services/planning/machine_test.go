package planning_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/services/planning"
)

var (
	today = calendar.MustOf(2026, 7, 31)
	day0  = calendar.MustOf(2026, 1, 31)
	env   = planning.Env{Today: today, Now: time.Date(2026, 7, 31, 10, 0, 0, 0, time.UTC), Staff: "as", Person: "co-a"}
)

// cooperating is a file in cooperation with a child in care for each coordinator.
func cooperating(coordinators ...string) planning.File {
	f := planning.File{Cover: familyfile.Cover{State: familyfile.Cooperation, Day0: day0, Assistant: "as", Spells: []familyfile.Spell{{From: day0, Day0: day0}},
		Label: familyfile.Label{Members: []familyfile.MemberName{{Member: "m1", Name: "Anna Świątek"}}}}}
	for _, c := range coordinators {
		f.Cover.Children = append(f.Cover.Children, familyfile.Child{Member: "child" + c, BornOn: calendar.MustOf(2019, 1, 1), InCareSince: day0, Coordinator: c})
	}
	return f
}

// full is a content that lacks nothing.
func full() planning.Content {
	return planning.Content{
		Reason: "zmiana", Diagnosis: []planning.Diagnosis{{LifeArea: "HOUSEHOLD", Problem: "długi"}},
		Goals:   []planning.Goal{{ID: "g1", Title: "spłata", Aims: []string{"AWARENESS"}}},
		Actions: []planning.Action{{ID: "a1", Goal: "g1", Description: "budżet", Responsible: planning.ByAssistant, Task: "3", Due: calendar.MustOf(2026, 12, 31), Effect: "brak długów"}},
	}
}

// spoil takes something out of a complete content.
var spoil = []func(*planning.Content){
	func(*planning.Content) {},
	func(c *planning.Content) { c.Reason = "" },
	func(c *planning.Content) { c.Diagnosis = nil },
	func(c *planning.Content) { c.Goals[0].Aims = nil },
	func(c *planning.Content) { c.Actions = nil },
	func(c *planning.Content) { c.Actions[0].Due = calendar.Date{} },
	func(c *planning.Content) { c.Actions[0].Effect = "" },
	func(c *planning.Content) { c.Actions[0].Task = "" },
	func(c *planning.Content) { c.Actions[0].Responsible = planning.ByOther },
	func(c *planning.Content) { c.Goals, c.Actions = nil, nil },
	func(c *planning.Content) { c.Goals[0].Title = "inny cel" },
}

// machine drives Apply with acts of everybody in any order, and keeps its own, simpler account of what must hold.
type machine struct {
	file  planning.File
	env   planning.Env
	marks map[string]string // kind/by -> content hash of the mark since the last edit
}

func (m *machine) run(t *rapid.T, c planning.Command, env planning.Env) bool {
	before := m.file
	next, ev, err := planning.Apply(m.file, c, env)
	if err != nil {
		if f, ok := fault.As(err); !errors.Is(err, planning.ErrAbsent) && (!ok || f.Polish == "") {
			t.Fatalf("%T: error without words: %v", c, err)
		}
		if !reflect.DeepEqual(before, next) {
			t.Fatalf("%T: refused, yet it changed the file", c)
		}
		return false
	}
	m.file = next
	if ev.Adopted != nil {
		m.checkAdopted(t, *ev.Adopted)
	}
	return true
}

func (m *machine) hash() string {
	if d := m.file.Section.Draft; d != nil {
		return d.Hash
	}
	return "none"
}

func (m *machine) version() int {
	if d := m.file.Section.Draft; d != nil {
		return d.Version
	}
	return m.file.Cover.PlanVersion
}

// checkAdopted holds an adoption against what the law asks for.
func (m *machine) checkAdopted(t *rapid.T, v planning.VersionRecord) {
	for _, a := range v.Content.Actions {
		if a.Due.IsZero() || a.Effect == "" || a.Task == "" || !a.Complete() {
			t.Fatalf("adopted with the action %+v", a)
		}
	}
	if len(v.Content.Actions) == 0 || len(v.Content.Diagnosis) == 0 || (v.Version.Version > 1 && v.Content.Reason == "") {
		t.Fatalf("adopted incomplete: %+v", v.Content)
	}
	need := []string{"CONSULTATION/sw", "FAMILY/m1"}
	for _, c := range m.file.Cover.Coordinators() {
		need = append(need, "COORDINATOR/"+c)
	}
	if m.env.HeadApproves {
		need = append(need, "HEAD/head")
	}
	for _, n := range need {
		if m.marks[n] != v.Hash {
			t.Fatalf("version %d adopted without %s over its content", v.Version.Version, n)
		}
	}
}

func TestPlanMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coordinators := rapid.SampledFrom([][]string{nil, {"co-a"}, {"co-a", "co-b"}}).Draw(t, "coordinators")
		m := &machine{file: cooperating(coordinators...), env: env, marks: map[string]string{}}
		m.env.HeadApproves = rapid.Bool().Draw(t, "head approves")
		day := rapid.Custom(func(t *rapid.T) calendar.Date { return day0.AddDays(rapid.IntRange(-5, 200).Draw(t, "day")) })
		mark := func(t *rapid.T, kind planning.SignOffKind, staff, person string) {
			e := m.env
			e.Staff, e.Person = staff, person
			hash := rapid.SampledFrom([]string{m.hash(), full().Hash()}).Draw(t, "hash")
			if m.run(t, planning.Marking{Kind: kind, Version: m.version(), Hash: hash, On: day.Draw(t, "on")}, e) {
				by := staff
				if kind == planning.Agreement {
					by = person
				}
				m.marks[string(kind)+"/"+by] = hash
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"create": func(t *rapid.T) {
				c := full()
				if m.run(t, planning.CreateDraft{Content: rapid.SampledFrom([]*planning.Content{nil, &c}).Draw(t, "content")}, m.env) {
					clear(m.marks)
				}
			},
			"update": func(t *rapid.T) {
				c := full()
				rapid.SampledFrom(spoil).Draw(t, "spoil")(&c)
				before := m.hash()
				if m.run(t, planning.UpdatePlan{Version: m.version(), Content: c}, m.env) && before != m.hash() {
					clear(m.marks)
				}
			},
			"discard": func(t *rapid.T) { m.run(t, planning.DiscardDraft{Version: m.version()}, m.env) },
			"consult": func(t *rapid.T) { mark(t, planning.Consultation, "sw", "") },
			"approve": func(t *rapid.T) { mark(t, planning.HeadApproval, "head", "") },
			"agree": func(t *rapid.T) {
				mark(t, planning.Agreement, "", rapid.SampledFrom([]string{"co-a", "co-b"}).Draw(t, "who"))
			},
			"stranger": func(t *rapid.T) { mark(t, planning.Agreement, "", "co-z") },
			"sign": func(t *rapid.T) {
				hash := m.hash()
				if m.run(t, planning.Sign{Version: m.version(), Hash: hash, Signatures: []planning.SignOff{{By: "m1", On: day.Draw(t, "on"), Refused: rapid.Bool().Draw(t, "refused")}}}, m.env) {
					m.marks["FAMILY/m1"] = hash
				}
			},
			"adopt": func(t *rapid.T) {
				m.run(t, planning.Adopt{Version: m.version(), Hash: m.hash(), On: day.Draw(t, "on")}, m.env)
			},
			"progress": func(t *rapid.T) {
				m.run(t, planning.RecordProgress{Version: m.file.Cover.PlanVersion, Marks: []planning.Mark{{Target: "g1", Status: planning.Achieved, On: today}}}, m.env)
			},
			"all but one": func(t *rapid.T) { m.allButOne(t, spoil) },
			"":            func(t *rapid.T) { m.invariants(t) },
		})
	})
}

// allButOne does everything that an adoption needs, in order, leaves one thing out or spoils the content, and tries to adopt.
func (m *machine) allButOne(t *rapid.T, spoil []func(*planning.Content)) {
	c := full()
	spoil[rapid.IntRange(0, 2*len(spoil)).Draw(t, "spoil")%len(spoil)](&c)
	m.run(t, planning.CreateDraft{}, m.env)
	before := m.hash()
	if m.run(t, planning.UpdatePlan{Version: m.version(), Content: c}, m.env) && before != m.hash() {
		clear(m.marks)
	}
	as := func(staff, person string) planning.Env {
		e := m.env
		e.Staff, e.Person = staff, person
		return e
	}
	steps := []struct {
		mark string
		cmd  planning.Command
		env  planning.Env
	}{
		{"CONSULTATION/sw", planning.Marking{Kind: planning.Consultation, Version: m.version(), Hash: m.hash(), On: today}, as("sw", "")},
		{"FAMILY/m1", planning.Sign{Version: m.version(), Hash: m.hash(), Signatures: []planning.SignOff{{By: "m1", On: today}}}, m.env},
		{"COORDINATOR/co-a", planning.Marking{Kind: planning.Agreement, Version: m.version(), Hash: m.hash(), On: today}, as("", "co-a")},
		{"COORDINATOR/co-b", planning.Marking{Kind: planning.Agreement, Version: m.version(), Hash: m.hash(), On: today}, as("", "co-b")},
		{"HEAD/head", planning.Marking{Kind: planning.HeadApproval, Version: m.version(), Hash: m.hash(), On: today}, as("head", "")},
	}
	left := rapid.IntRange(0, len(steps)).Draw(t, "left out")
	for i, step := range steps {
		if i != left && m.run(t, step.cmd, step.env) {
			m.marks[step.mark] = m.hash()
		}
	}
	m.run(t, planning.Adopt{Version: m.version(), Hash: m.hash(), On: today}, m.env)
}

// invariants hold after every act.
func (m *machine) invariants(t *rapid.T) {
	s, c := m.file.Section, m.file.Cover
	if s.Draft != nil {
		if s.Draft.Hash != s.Draft.Content.Hash() || s.Draft.Version != c.PlanVersion+1 {
			t.Fatalf("draft %+v beside version %d", s.Draft, c.PlanVersion)
		}
		for _, o := range s.Draft.SignOffs {
			if o.Counts(s.Draft.Hash) != (m.marks[string(o.Kind)+"/"+o.By] == s.Draft.Hash && o.VoidedOn.IsZero()) {
				t.Fatalf("mark %+v over %s", o, s.Draft.Hash)
			}
			if !o.Counts(s.Draft.Hash) && o.VoidedOn.IsZero() {
				t.Fatalf("a mark over another content is not void: %+v", o)
			}
		}
	}
	if (s.InForce == nil) != (c.PlanVersion == 0) {
		t.Fatal("cover and section differ on the plan in force")
	}
	if s.InForce != nil && (c.PlanHash != s.InForce.Hash || c.PlanRevisedOn != s.InForce.AdoptedOn || c.PlanAdoptedOn.After(c.PlanRevisedOn) || c.GoalsAchieved > c.GoalsTotal) {
		t.Fatalf("cover %+v", c)
	}
}

func TestHashTellsContentsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gen := rapid.Custom(func(t *rapid.T) planning.Content {
			c := full()
			for range rapid.IntRange(0, 3).Draw(t, "n") {
				c = full()
				rapid.SampledFrom(spoil).Draw(t, "spoil")(&c)
				c.Actions = append(c.Actions, planning.Action{ID: rapid.StringMatching(`[a-z]{1,3}`).Draw(t, "id"), Due: day0.AddDays(rapid.IntRange(0, 9).Draw(t, "due"))})
			}
			return c
		})
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		if (a.Hash() == b.Hash()) != reflect.DeepEqual(a, b) {
			t.Fatalf("%v and %v: %s, %s", a, b, a.Hash(), b.Hash())
		}
		empty := a
		empty.Strengths, empty.WorkForms = []planning.Strength{}, []string{}
		if empty.Hash() != a.Hash() {
			t.Fatal("empty lists and absent ones differ")
		}
		if !slices.Equal(a.Actions, empty.Actions) {
			t.Fatal("hashing changed the content")
		}
	})
}
