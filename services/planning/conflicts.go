package planning

import (
	"slices"
	"strconv"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
)

// ConflictKind is what contradicts what.
type ConflictKind string

// Kinds of conflicts between plan of work and child's help plan (DOMAIN section 4).
const (
	ReturnVersusAdoption ConflictKind = "RETURN_VERSUS_ADOPTION"
	GoalsDiffer          ConflictKind = "GOALS_DIFFER"
	NoMatchingGoal       ConflictKind = "NO_MATCHING_GOAL"
	TermsContradict      ConflictKind = "TERMS_CONTRADICT"
	StaleVersion         ConflictKind = "STALE_VERSION"
	SignOffVoid          ConflictKind = "SIGN_OFF_VOID"
)

// Conflict is one conflict found. Polish says what was found and what to do; it holds no personal data.
type Conflict struct {
	Kind       ConflictKind
	Goal, Task string // "" where it is about none
	Polish     string
}

// Conflicts finds what contradicts between the plan of work in force and a child's help plan. Without a plan in force only the missing goal is named; with the
// zero ChildPlan only what the plan of work alone shows.
func Conflicts(f File, child string, plan ChildPlan) []Conflict {
	fact := f.Cover.Child(child)
	if fact == nil || !fact.InCare() {
		return nil
	}
	var content Content
	if f.Section.InForce != nil {
		content = f.Section.InForce.Content
	}
	out := goalConflicts(content, child, plan)
	if plan.Version > 0 {
		out = append(out, termConflicts(content, f.Section.Coordinating(child).Links, child, plan)...)
		out = append(out, versionConflicts(f, child, plan)...)
	}
	return append(out, markConflicts(f.Section, child)...)
}

// goalConflicts compares what is to become of the child.
func goalConflicts(c Content, child string, plan ChildPlan) []Conflict {
	var out []Conflict
	found := false
	for _, g := range c.Goals {
		if !slices.Contains(g.Children, child) {
			continue
		}
		found = true
		if plan.Version == 0 || g.Care == plan.Content.Goal {
			continue
		}
		pair := []CareGoal{g.Care, plan.Content.Goal}
		if slices.Contains(pair, CareReturn) && slices.Contains(pair, CareAdoption) {
			out = append(out, Conflict{Kind: ReturnVersusAdoption, Goal: g.ID,
				Polish: "Jeden plan zmierza do powrotu dziecka do rodziny, drugi do przysposobienia. Asystent i koordynator muszą uzgodnić wspólny cel i zmienić jeden z planów."})
			continue
		}
		out = append(out, Conflict{Kind: GoalsDiffer, Goal: g.ID,
			Polish: "Cele obu planów wobec dziecka są różne (" + careTitle[g.Care] + " – " + careTitle[plan.Content.Goal] + "). Uzgodnijcie wspólny cel albo uzasadnijcie różnicę w zmianie planu."})
	}
	if !found {
		out = append(out, Conflict{Kind: NoMatchingGoal,
			Polish: "Dziecko przebywa w pieczy zastępczej, a plan pracy z rodziną nie ma celu, który go dotyczy. Dodaj taki cel w nowej wersji planu."})
	}
	return out
}

var careTitle = map[CareGoal]string{CareReturn: "powrót do rodziny", CareAdoption: "przysposobienie", CareIndependence: "usamodzielnienie", CareStay: "pozostanie w pieczy"}

// CareTitle is the Polish title of a goal for a child in care.
func CareTitle(g CareGoal) string { return careTitle[g] }

// termConflicts compares terms: a task relies on a goal that ends later, or the child's goal is to be reached before the family's work for it ends.
func termConflicts(c Content, links []Link, child string, plan ChildPlan) []Conflict {
	var out []Conflict
	for _, l := range links {
		task, ok := plan.Content.task(l.Task)
		if end := c.goalEnds(l.Goal); ok && end.After(task.Due) {
			out = append(out, Conflict{Kind: TermsContradict, Goal: l.Goal, Task: l.Task,
				Polish: "Działania dla powiązanego celu kończą się " + end.Polish() + ", po terminie zadania z planu pomocy dziecku (" + task.Due.Polish() + "). Uzgodnijcie terminy."})
		}
	}
	if plan.Content.GoalDue.IsZero() {
		return out
	}
	for _, g := range c.Goals {
		if end := c.goalEnds(g.ID); slices.Contains(g.Children, child) && g.Care == plan.Content.Goal && end.After(plan.Content.GoalDue) {
			out = append(out, Conflict{Kind: TermsContradict, Goal: g.ID,
				Polish: "Plan pomocy dziecku zakłada osiągnięcie celu do " + plan.Content.GoalDue.Polish() + ", a działania rodziny w tym celu trwają do " + end.Polish() + ". Uzgodnijcie terminy."})
		}
	}
	return out
}

// goalEnds is the last term of the actions of a goal and of the detailed goals that serve it; zero where there is none.
func (c Content) goalEnds(goal string) calendar.Date {
	var end calendar.Date
	for _, a := range c.Actions {
		g, _ := c.Goal(a.Goal)
		if (a.Goal == goal || g.Main == goal) && a.Due.After(end) {
			end = a.Due
		}
	}
	return end
}

// versionConflicts finds a side that looked at an older version of the other.
func versionConflicts(f File, child string, plan ChildPlan) []Conflict {
	var out []Conflict
	if f.Section.InForce == nil {
		return nil
	}
	for _, r := range f.Section.InForce.Content.ChildPlans {
		if r.Child == child && r.Version < plan.Version {
			out = append(out, Conflict{Kind: StaleVersion,
				Polish: "Plan pracy z rodziną uzgodniono z wersją " + strconv.Itoa(r.Version) + " planu pomocy dziecku, a obowiązuje wersja " + strconv.Itoa(plan.Version) + ". Sprawdź zmiany i zaktualizuj plan pracy."})
		}
	}
	if seen, now := plan.Content.FamilyPlanVersion, f.Section.InForce.Version; seen > 0 && seen < now {
		out = append(out, Conflict{Kind: StaleVersion,
			Polish: "Plan pomocy dziecku opiera się na wersji " + strconv.Itoa(seen) + " planu pracy z rodziną, a obowiązuje wersja " + strconv.Itoa(now) + ". Koordynator powinien sprawdzić zmiany i ogłosić nową wersję."})
	}
	return out
}

// markConflicts finds sign-offs over content that has changed since.
func markConflicts(s Section, child string) []Conflict {
	var out []Conflict
	hash := s.CoordinationHash(child)
	for _, m := range s.Coordinating(child).SignOffs {
		if m.Counts(hash) {
			continue
		}
		who := "asystenta"
		if m.Side == CoordinatorSide {
			who = "koordynatora"
		}
		out = append(out, Conflict{Kind: SignOffVoid,
			Polish: "Uzgodnienie " + who + " z " + m.On.Polish() + " dotyczy treści, która się zmieniła, i nie obowiązuje. Potrzebne jest ponowne uzgodnienie."})
	}
	return out
}

// sharedWithin is how near two terms must lie for one meeting to serve both (DOMAIN section 4).
const sharedWithin = 30

// SharedDate proposes one day for the family's periodic assessment and the review of a child: the earlier of their terms, where they lie within 30 days.
func SharedDate(c familyfile.Cover, child string) (calendar.Date, bool) {
	var assessment, review calendar.Date
	for _, d := range familyfile.Deadlines(c) {
		switch {
		case d.Open && d.Rule == deadline.RuleAssessment && assessment.IsZero():
			assessment = d.Due
		case d.Open && d.Rule == deadline.RuleChildReview && d.Key == child:
			review = d.Due
		}
	}
	if assessment.IsZero() || review.IsZero() {
		return calendar.Date{}, false
	}
	first, second := assessment, review
	if second.Before(first) {
		first, second = second, first
	}
	return first, first.DaysUntil(second) <= sharedWithin
}
