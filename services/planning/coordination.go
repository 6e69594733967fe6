package planning

import (
	"cmp"
	"slices"

	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
)

// Side is a side of the coordination.
type Side string

// The sides.
const (
	AssistantSide   Side = "ASSISTANT"
	CoordinatorSide Side = "COORDINATOR"
)

// Link says that a goal of the plan of work serves a task of the child's help plan.
type Link struct {
	Goal string `bson:"goal"`
	Task string `bson:"task"`
}

// SideMark is one side's sign-off of the coordination, over one content.
type SideMark struct {
	Side     Side          `bson:"side"`
	By       string        `bson:"by"` // staff id of the assistant, person id of the coordinator
	On       calendar.Date `bson:"on"`
	Hash     string        `bson:"hash"`
	VoidedOn calendar.Date `bson:"voided_on,omitempty"`
}

// Counts says that the mark is over this content and was not voided since.
func (m SideMark) Counts(hash string) bool {
	return hash != "" && m.VoidedOn.IsZero() && m.Hash == hash
}

// Coordinating is what both sides coordinate for one child: what the family file knows of the child's help plan, links and marks.
type Coordinating struct {
	Child     string     `bson:"child"`
	ChildPlan string     `bson:"child_plan"`
	Version   int        `bson:"version"` // of the child's help plan
	PlanHash  string     `bson:"plan_hash"`
	Tasks     []string   `bson:"tasks,omitempty"`
	Links     []Link     `bson:"links,omitempty"`
	SignOffs  []SideMark `bson:"sign_offs,omitempty"` // the last of each side
}

func (s Section) coordinating(child string) (int, bool) {
	i := slices.IndexFunc(s.Coordination, func(c Coordinating) bool { return c.Child == child })
	return i, i >= 0
}

// Coordinating gives what is coordinated for a child; the zero value while no help plan is published.
func (s Section) Coordinating(child string) Coordinating {
	if i, ok := s.coordinating(child); ok {
		return s.Coordination[i]
	}
	return Coordinating{}
}

// about gives the goals that concern a child, those about no child included, and their actions.
func (c Content) about(child string) (goals []Goal, actions []Action) {
	for _, g := range c.Goals {
		if len(g.Children) == 0 || slices.Contains(g.Children, child) {
			goals = append(goals, g)
		}
	}
	for _, a := range c.Actions {
		if slices.ContainsFunc(goals, func(g Goal) bool { return g.ID == a.Goal }) {
			actions = append(actions, a)
		}
	}
	return goals, actions
}

// CoordinationHash is the hash of what both sides sign for a child: the goals that concern the child, their actions, the links, and the version of the
// child's help plan. It is "" while there is no plan of work in force or no child's help plan.
func (s Section) CoordinationHash(child string) string {
	c := s.Coordinating(child)
	if s.InForce == nil || c.Version == 0 {
		return ""
	}
	goals, actions := s.InForce.Content.tidy().about(child)
	links := slices.Clone(c.Links)
	slices.SortFunc(links, func(a, b Link) int { return cmp.Or(cmp.Compare(a.Goal, b.Goal), cmp.Compare(a.Task, b.Task)) })
	return digest("asysta/coordination/1", struct {
		Goals     []Goal
		Actions   []Action
		Links     []Link
		ChildPlan string
		Version   int
		PlanHash  string
	}{goals, actions, own(links), c.ChildPlan, c.Version, c.PlanHash})
}

// Coordinated says that both sides have signed the present content, and on which day the second of them did.
func (s Section) Coordinated(child string) (calendar.Date, bool) {
	hash := s.CoordinationHash(child)
	var days []calendar.Date
	for _, side := range []Side{AssistantSide, CoordinatorSide} {
		for _, m := range s.Coordinating(child).SignOffs {
			if m.Side == side && m.Counts(hash) {
				days = append(days, m.On)
			}
		}
	}
	if len(days) < 2 {
		return calendar.Date{}, false
	}
	return slices.MaxFunc(days, calendar.Date.Compare), true
}

// settleChild voids marks over another content and brings the cover's fact up to date.
func (f *File) settleChild(child string, env Env) {
	i, ok := f.Section.coordinating(child)
	if !ok {
		return
	}
	hash := f.Section.CoordinationHash(child)
	for j := range f.Section.Coordination[i].SignOffs {
		if m := &f.Section.Coordination[i].SignOffs[j]; m.VoidedOn.IsZero() && !m.Counts(hash) {
			m.VoidedOn = env.Today
		}
	}
	if c := f.Cover.Child(child); c != nil {
		c.CoordinatedOn, _ = f.Section.Coordinated(child)
	}
}

// coordinateOnAdoption follows an adoption: links to goals that are gone fall away; where the coordinator of a child agreed to the adopted content and that
// content names the child's present help plan, adoption and agreement are the two sign-offs.
func (f *File) coordinateOnAdoption(v Version, env Env) {
	for i := range f.Section.Coordination {
		c := &f.Section.Coordination[i]
		c.Links = slices.DeleteFunc(c.Links, func(l Link) bool { return !v.Content.has(l.Goal) })
		fact := f.Cover.Child(c.Child)
		named := slices.Contains(v.Content.ChildPlans, ChildPlanRef{Child: c.Child, Version: c.Version})
		if fact != nil && fact.InCare() && named {
			for _, s := range v.SignOffs {
				if s.Kind == Agreement && s.By == fact.Coordinator && s.Counts(v.Hash) {
					hash := f.Section.CoordinationHash(c.Child)
					c.SignOffs = []SideMark{{Side: AssistantSide, By: env.Staff, On: v.AdoptedOn, Hash: hash}, {Side: CoordinatorSide, By: s.By, On: s.On, Hash: hash}}
				}
			}
		}
		f.settleChild(c.Child, env)
	}
}

// ChildPublished tells the file of a published version of a child's help plan. It is idempotent: a version not newer than the one known changes nothing.
type ChildPublished struct{ Plan ChildPlan }

func (c ChildPublished) apply(f File, env Env) (File, Events, error) {
	if err := allowed(f, ActPublish); err != nil {
		return f, Events{}, err
	}
	fact := f.Cover.Child(c.Plan.Child)
	if fact == nil {
		return f, Events{}, ErrAbsent
	}
	if last := c.Plan.LastReview(); last.After(fact.LastReviewOn) {
		fact.LastReviewOn = last
	}
	if fact.ChildPlan == c.Plan.ID && fact.ChildPlanVersion >= c.Plan.Version {
		return f, Events{}, nil
	}
	fact.ChildPlan, fact.ChildPlanVersion, fact.ChildPlanOn = c.Plan.ID, c.Plan.Version, c.Plan.PublishedOn
	i, ok := f.Section.coordinating(c.Plan.Child)
	if !ok {
		f.Section.Coordination = append(f.Section.Coordination, Coordinating{Child: c.Plan.Child})
		i = len(f.Section.Coordination) - 1
	}
	entry := &f.Section.Coordination[i]
	entry.ChildPlan, entry.Version, entry.PlanHash, entry.Tasks = c.Plan.ID, c.Plan.Version, c.Plan.Hash, nil
	for _, t := range c.Plan.Content.Tasks {
		entry.Tasks = append(entry.Tasks, t.ID)
	}
	entry.Links = slices.DeleteFunc(entry.Links, func(l Link) bool { return !slices.Contains(entry.Tasks, l.Task) })
	f.settleChild(c.Plan.Child, env)
	return f, Events{}, nil
}

// LinkGoals replaces the links of a child.
type LinkGoals struct {
	Child string
	Side  Side
	Links []Link
}

func (c LinkGoals) apply(f File, env Env) (File, Events, error) {
	i, err := f.coordinated(ActLink, c.Child, c.Side, env)
	if err != nil {
		return f, Events{}, err
	}
	entry := &f.Section.Coordination[i]
	goals, _ := f.Section.InForce.Content.about(c.Child)
	var bad fault.Fields
	for j, l := range c.Links {
		known := slices.ContainsFunc(goals, func(g Goal) bool { return g.ID == l.Goal })
		bad.Check(known, "links.goal_id", "wskaż cel obowiązującego planu, który dotyczy tego dziecka.")
		bad.Check(slices.Contains(entry.Tasks, l.Task), "links.task_id", "wskaż zadanie ogłoszonego planu pomocy dziecku.")
		bad.Check(slices.Index(c.Links, l) == j, "links", "to powiązanie jest podane dwa razy.")
	}
	if err := bad.Err(); err != nil {
		return f, Events{}, err
	}
	entry.Links = own(c.Links)
	f.settleChild(c.Child, env)
	return f, Events{}, nil
}

// SignOffSide is one side's sign-off over the hash it has seen.
type SignOffSide struct {
	Child string
	Side  Side
	Hash  string
	On    calendar.Date
}

func (c SignOffSide) apply(f File, env Env) (File, Events, error) {
	i, err := f.coordinated(ActSignOff, c.Child, c.Side, env)
	if err != nil {
		return f, Events{}, err
	}
	if c.Hash != f.Section.CoordinationHash(c.Child) {
		return f, Events{}, fault.Precondition("COORDINATION_CONTENT_CHANGED", "step 13",
			"Treść uzgodnienia zmieniła się od czasu, gdy ją odczytano. Odczytaj ją ponownie, sprawdź zmiany i dopiero wtedy uzgodnij.")
	}
	entry := &f.Section.Coordination[i]
	published := f.Cover.Child(c.Child).ChildPlanOn
	if c.On.IsZero() || c.On.After(env.Today) || c.On.Before(published) || c.On.Before(f.Section.InForce.AdoptedOn) {
		return f, Events{}, fault.Invalid("signed_on", "SIGNED_DAY", "podaj dzień uzgodnienia: nie późniejszy niż dzisiejszy i nie przed przyjęciem planu pracy i ogłoszeniem planu pomocy dziecku.")
	}
	by := env.Staff
	if c.Side == CoordinatorSide {
		by = env.Person
	}
	entry.SignOffs = slices.DeleteFunc(entry.SignOffs, func(m SideMark) bool { return m.Side == c.Side })
	entry.SignOffs = append(entry.SignOffs, SideMark{Side: c.Side, By: by, On: c.On, Hash: c.Hash})
	f.settleChild(c.Child, env)
	return f, Events{}, nil
}

// coordinated finds the coordination of a child for an act of a side.
func (f File) coordinated(act Act, child string, side Side, env Env) (int, error) {
	fact := f.Cover.Child(child)
	if fact == nil || !fact.InCare() {
		return 0, ErrAbsent
	}
	if side == CoordinatorSide && (env.Person == "" || fact.Coordinator != env.Person) {
		return 0, fault.Denied()
	}
	if err := allowed(f, act); err != nil {
		return 0, err
	}
	i, ok := f.Section.coordinating(child)
	if !ok {
		return 0, fault.Precondition("CHILD_PLAN_NOT_PUBLISHED", "step 13",
			"Plan pomocy dziecku nie został jeszcze ogłoszony. Uzgodnienie będzie możliwe, gdy koordynator ogłosi plan pomocy dziecku.")
	}
	return i, nil
}
