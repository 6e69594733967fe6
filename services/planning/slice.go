package planning

import (
	"slices"

	"asysta.example/internal/familyfile"
)

// OwnChildren are the children in care given to a coordinator.
func OwnChildren(c familyfile.Cover, coordinator string) []familyfile.Child {
	var out []familyfile.Child
	for _, ch := range c.Children {
		if coordinator != "" && ch.InCare() && ch.Coordinator == coordinator {
			out = append(out, ch)
		}
	}
	return out
}

// hidden tells whether a member is a child in care whom another coordinator has, or nobody yet: a coordinator is not told of it.
func hidden(c familyfile.Cover, coordinator, member string) bool {
	ch := c.Child(member)
	return ch != nil && ch.InCare() && ch.Coordinator != coordinator
}

// SliceFor gives what a coordinator sees of a content: goals that are not about other coordinators' children alone and the actions of those goals, without
// naming such children. Diagnosis and strengths are left out. Free text is the assistant's: names of siblings do not belong in goals, the plan's form says so.
func SliceFor(c Content, cover familyfile.Cover, coordinator string) Content {
	c = c.tidy()
	mine := func(member string) bool { return !hidden(cover, coordinator, member) }
	out := Content{}
	for _, g := range c.Goals {
		if len(g.Children) > 0 && !slices.ContainsFunc(g.Children, mine) {
			continue
		}
		g.Children = own(slices.DeleteFunc(g.Children, func(m string) bool { return !mine(m) }))
		out.Goals = append(out.Goals, g)
	}
	for i := range out.Goals {
		if _, ok := out.Goal(out.Goals[i].Main); !ok {
			out.Goals[i].Main = ""
		}
	}
	for _, a := range c.Actions {
		if _, ok := out.Goal(a.Goal); !ok {
			continue
		}
		if a.Responsible == ByMember && !mine(a.Who) {
			a.Who = ""
		}
		out.Actions = append(out.Actions, a)
	}
	for _, r := range c.ChildPlans {
		if mine(r.Child) {
			out.ChildPlans = append(out.ChildPlans, r)
		}
	}
	return out
}

// MarksOf gives the progress of what a content holds.
func MarksOf(marks []Mark, c Content) []Mark {
	var out []Mark
	for _, m := range marks {
		if c.has(m.Target) {
			out = append(out, m)
		}
	}
	return out
}
