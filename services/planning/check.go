package planning

import (
	"fmt"
	"slices"

	"asysta.example/internal/calendar"
	"asysta.example/internal/catalogue"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

// maxContent is how much a content may hold, in bytes of its canonical form. A draft and the version in force lie in the file's document together; what a paper plan
// of ten pages says needs half of it.
const maxContent = 40 << 10

// check says what of a content can never be right, whatever is still missing: unknown codes, ids that lead nowhere, children the file does not have.
func check(c Content, cover familyfile.Cover, today calendar.Date) error {
	var bad fault.Fields
	bad.Check(c.size() <= maxContent, "plan.content", "plan jest za długi. Skróć opisy albo połącz działania.")
	checkCodes(&bad, c, today)
	checkGoals(&bad, c, cover)
	checkActions(&bad, c, cover, today)
	checkMembers(&bad, c, cover)
	for i, s := range c.Strengths {
		bad.Check((s.Holder == OfMember) == (s.Member != ""), at("strengths", i, "member_id"), "podaj członka rodziny tylko przy zasobie członka rodziny.")
	}
	for i, r := range c.ChildPlans {
		child := cover.Child(r.Child)
		known := child != nil && child.InCare() && r.Version >= 1 && r.Version <= child.ChildPlanVersion
		bad.Check(known, at("child_plans", i, "version"), "nie ma takiej opublikowanej wersji planu pomocy dziecku. Odczytaj plan pomocy dziecku i podaj jego wersję.")
	}
	return bad.Err()
}

func at(list string, i int, field string) string {
	return fmt.Sprintf("plan.content.%s[%d].%s", list, i, field)
}

func checkCodes(bad *fault.Fields, c Content, today calendar.Date) {
	codes := func(list string, l catalogue.List, used []string) {
		for i, code := range used {
			_, ok := l.Find(code, today)
			bad.Check(ok, fmt.Sprintf("plan.content.%s[%d]", list, i), "nieznany kod; wybierz kod z katalogu obowiązującego dzisiaj.")
		}
	}
	codes("support_forms", catalogue.SupportForms, c.SupportForms)
	codes("work_forms", catalogue.WorkForms, c.WorkForms)
	codes("help_sources", catalogue.HelpSources, c.HelpSources)
	for i, d := range c.Diagnosis {
		_, ok := catalogue.LifeArea(d.LifeArea, today)
		bad.Check(ok, at("diagnosis", i, "life_area"), "nieznany obszar życia; wybierz go z katalogu.")
		first := slices.IndexFunc(c.Diagnosis, func(e Diagnosis) bool { return e.LifeArea == d.LifeArea })
		bad.Check(first == i, at("diagnosis", i, "life_area"), "ten obszar życia jest już w diagnozie; połącz oba wpisy.")
	}
	for i, g := range c.Goals {
		for _, code := range g.Aims {
			_, ok := catalogue.Aim(code, today)
			bad.Check(ok, at("goals", i, "aims"), "nieznany cel wspierania rodziny (art. 8); wybierz go z katalogu.")
		}
	}
}

func checkGoals(bad *fault.Fields, c Content, cover familyfile.Cover) {
	seen := map[string]bool{}
	for i, g := range c.Goals {
		bad.Check(g.ID != "" && !seen[g.ID], at("goals", i, "goal_id"), "identyfikator celu musi być niepusty i różny od pozostałych.")
		seen[g.ID] = true
		if g.Main != "" {
			m, ok := c.Goal(g.Main)
			bad.Check(ok && m.Main == "", at("goals", i, "main_goal_id"), "cel szczegółowy musi wskazywać cel główny tego planu.")
		}
		for _, member := range g.Children {
			child := cover.Child(member)
			bad.Check(child != nil && child.InCare(), at("goals", i, "children"), "wskaż dziecko z tej teczki, które przebywa w pieczy zastępczej.")
		}
		bad.Check((g.Care == "") == (len(g.Children) == 0), at("goals", i, "care_goal"), "cel dotyczący pieczy zastępczej wymaga wskazania dzieci, a wskazane dzieci wymagają celu.")
	}
}

// checkMembers asks that whoever is named as a member of the family is one, present or past; papers show their names.
func checkMembers(bad *fault.Fields, c Content, cover familyfile.Cover) {
	known := func(id, path string) {
		bad.Check(id == "" || member(cover, id), path, noMember)
	}
	for i, d := range c.Diagnosis {
		for j, e := range d.Expectations {
			known(e.Member, at("diagnosis", i, fmt.Sprintf("expectations[%d].member_id", j)))
		}
	}
	for i, s := range c.Strengths {
		known(s.Member, at("strengths", i, "member_id"))
	}
}

const noMember = "nie ma takiego członka rodziny w tej teczce; wybierz osobę z listy członków."

func checkActions(bad *fault.Fields, c Content, cover familyfile.Cover, today calendar.Date) {
	seen := map[string]bool{}
	for i, a := range c.Actions {
		_, clash := c.Goal(a.ID)
		bad.Check(a.ID != "" && !seen[a.ID] && !clash, at("actions", i, "action_id"), "identyfikator działania musi być niepusty i różny od pozostałych.")
		seen[a.ID] = true
		_, ok := c.Goal(a.Goal)
		bad.Check(ok, at("actions", i, "goal_id"), "działanie musi służyć celowi tego planu.")
		bad.Check(a.Responsible != ByMember || a.Who == "" || member(cover, a.Who), at("actions", i, "who"), noMember+" Inną osobę wpisz z jej nazwą jako RESPONSIBLE_KIND_OTHER.")
		if a.Task != "" {
			_, ok := catalogue.Task(a.Task, today)
			bad.Check(ok, at("actions", i, "task_code"), "nieznany kod zadania asystenta; wybierz go z katalogu (art. 15 ust. 1).")
		}
	}
}
