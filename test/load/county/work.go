package county

import (
	"fmt"
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/store"
	"asysta.example/services/casefile/workcard"
	"asysta.example/services/planning"
)

// recent is how many of a file's last entries have a commit of their own, as in daily work; those before were entered from paper, batch by batch.
const (
	recent = 4
	batch  = 40
)

// act gives a command to planning.
func (f *family) act(on calendar.Date, m member, cmds ...planning.Command) (last planning.Events) {
	for _, cmd := range cmds {
		if f.err != nil {
			return last
		}
		file := planning.File{Cover: f.life.Cover, Section: f.plan}
		next, ev, err := planning.Apply(file, cmd, planning.Env{Today: on, Now: noon(on), Staff: m.staff, Person: m.person})
		if err != nil {
			f.err = err
			return last
		}
		f.life.Cover, f.plan, last = next.Cover, next.Section, ev
	}
	return last
}

// content draws a plan with three goals.
func (f *family) content(from calendar.Date) planning.Content {
	c := planning.Content{ValidFrom: from, SupportForms: []string{"FAMILY_WORK"}, WorkForms: []string{"CONSULTATION", "GROUPS"}, HelpSources: []string{"INSTITUTION"}}
	for i, area := range []string{"UPBRINGING", "FINANCES"} {
		d := planning.Diagnosis{LifeArea: area, Problem: problems[i], Resource: pick(f.dice, resources)}
		for _, m := range f.adults() {
			d.Expectations = append(d.Expectations, planning.Expectation{Member: m, Text: pick(f.dice, expectations)})
		}
		c.Diagnosis = append(c.Diagnosis, d)
	}
	c.Strengths = []planning.Strength{{Holder: planning.OfFamily, Text: pick(f.dice, resources)}, {Holder: planning.OfMember, Member: "m", Text: pick(f.dice, resources)}}
	for i := range goals {
		g := planning.Goal{ID: fmt.Sprintf("g%d", i+1), Title: goals[i], Aims: []string{"PARENTING"}}
		c.Goals = append(c.Goals, g)
		c.Actions = append(c.Actions, planning.Action{ID: fmt.Sprintf("a%d", i+1), Goal: g.ID, Description: actions[i], Responsible: planning.ByMember, Who: "m", Task: []string{"6", "3", "5", "9"}[i],
			Due: from.AddMonths(5 + i), Effect: effects[i]})
	}
	return c
}

// adopt is step 12, with the marks before it.
func (f *family) adopt() {
	on := f.day0.AddDays(34)
	content := f.content(on)
	hash := content.Hash()
	f.act(on, f.assistant, planning.CreateDraft{Content: &content})
	f.act(on, f.worker, planning.Marking{Kind: planning.Consultation, Version: 1, Hash: hash, On: on})
	var signed []planning.SignOff
	for _, m := range f.adults() {
		signed = append(signed, planning.SignOff{By: m, On: on, OriginalAt: "teczka, k. 12"})
	}
	ev := f.act(on, f.assistant, planning.Sign{Version: 1, Hash: hash, Signatures: signed}, planning.Adopt{Version: 1, Hash: hash, On: on})
	if f.err != nil {
		return
	}
	f.keep(on, access.Assistant, f.assistant, "/asysta.planning.v1.PlanningService/AdoptPlan",
		store.Record{Type: store.PlanVersions, ID: "0001", Date: on.String(), Body: ev.Adopted})
	f.section(planning.SectionName, f.plan)
}

// work is steps 11 and 15: entries of the work card, and an assessment every half year, in the order of their days.
func (f *family) work() {
	until := f.spec.Day.AddDays(-1 - f.dice.IntN(12))
	if !f.closed.IsZero() {
		until = f.closed.AddDays(-2)
	}
	entries := f.spec.entriesOf(f.n)
	first := f.day0.AddDays(1)
	var days []calendar.Date
	for i := range entries {
		days = append(days, first.AddDays(first.DaysUntil(until)*(i+1)/entries))
	}
	next := f.day0.AddMonths(6).AddDays(-6)
	for len(days) > 0 {
		if !days[0].Before(next) && !next.After(until) {
			f.assess(next)
			next = next.AddMonths(6)
			continue
		}
		n := 1
		if len(days) > recent {
			n = min(batch, len(days)-recent)
			if i := slices.IndexFunc(days[:n], func(d calendar.Date) bool { return !d.Before(next) }); i > 0 {
				n = i
			}
		}
		f.enter(days[:n])
		days = days[n:]
	}
	for ; !next.After(until); next = next.AddMonths(6) {
		f.assess(next)
	}
}

// enter records entries in one commit.
func (f *family) enter(days []calendar.Date) {
	var records []store.Record
	for _, day := range days {
		if f.err != nil {
			return
		}
		f.visits++
		file := workcard.File{Cover: f.life.Cover, Card: f.card}
		for _, m := range f.members {
			file.Members = append(file.Members, m.ID)
		}
		out, err := workcard.Apply(file, workcard.RecordVisit{Visit: f.visit(day)}, workcard.By{Role: access.Assistant, Staff: f.assistant.staff}, day)
		if err != nil {
			f.err = err
			return
		}
		f.life.Cover, f.card = out.Cover, out.Card
		records = append(records, store.Record{Type: store.Visits, ID: out.Visit.ID, Date: day.String(), Body: out.Visit})
	}
	f.keep(days[len(days)-1], access.Assistant, f.assistant, "/asysta.casefile.v1.WorkCardService/RecordVisit", records...)
	f.section(workcard.SectionName, f.card)
}

// visit draws an entry.
func (f *family) visit(on calendar.Date) workcard.Visit {
	hour := 9 + f.dice.IntN(8)
	return workcard.Visit{
		ID: store.NewID(noon(on), reader{f.dice}), On: on, Kind: workcard.Meeting, Place: workcard.AtHome, From: fmt.Sprintf("%02d:00", hour), To: fmt.Sprintf("%02d:30", hour+1),
		Members: f.adults(), Tasks: []string{pick(f.dice, []string{"3", "4", "5"}), pick(f.dice, []string{"6", "9", "11"})}, Findings: pick(f.dice, findings), Agreements: pick(f.dice, agreements),
		FamilyTasks: pick(f.dice, familyTasks), AssistantTasks: pick(f.dice, assistantTasks), NextOn: on.AddDays(14),
		Signatures: []workcard.Signature{{Member: "m", On: on, OriginalAt: fmt.Sprintf("karta pracy, k. %d", f.visits)}},
	}
}

// assess is step 15: presented by the assistant, received by the head on the same day.
func (f *family) assess(on calendar.Date) {
	id := store.NewID(noon(on), reader{f.dice})
	from := on.AddMonths(-6)
	if from.Before(f.day0) {
		from = f.day0
	}
	a := planning.Assessment{ID: id, PeriodFrom: from, PeriodTo: on.AddDays(-1), Situation: pick(f.dice, situations), Conclusions: pick(f.dice, situations), Recommendation: planning.Continue}
	for i := range goals {
		a.Goals = append(a.Goals, planning.Mark{Target: fmt.Sprintf("g%d", i+1), Status: planning.UnderWay, Result: pick(f.dice, effects), On: on})
	}
	f.act(on, f.assistant, planning.Assessing{Draft: a, New: true}, planning.Present{ID: id, On: on})
	ev := f.act(on, f.office.head, planning.Receive{ID: id, On: on, Remarks: "Proszę kontynuować pracę według planu."})
	if f.err != nil {
		return
	}
	f.keep(on, access.Head, f.office.head, "/asysta.planning.v1.PlanningService/ReceiveAssessment", store.Record{Type: store.Assessments, ID: id, Date: on.String(), Body: ev.Received})
	f.section(planning.SectionName, f.plan)
}
