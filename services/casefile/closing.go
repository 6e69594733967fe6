package casefile

import (
	"slices"
	"strconv"

	"asysta.example/internal/calendar"
	"asysta.example/internal/catalogue"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

func (cmd ProposeDecision) apply(o *Outcome, a Actor, today calendar.Date) error {
	f := &o.File
	if f.openDecision() != nil {
		return decisionOpen()
	}
	if err := f.pastDay(cmd.On, today, "proposed_on"); err != nil {
		return err
	}
	f.Section.Decisions = append(f.Section.Decisions, Decision{ID: cmd.ID, Obstacle: cmd.Obstacle, Proposed: cmd.Decision,
		ProposedBy: a.Staff, ProposedPerson: a.Person, ProposedOn: cmd.On})
	return nil
}

func decisionOpen() error {
	return fault.Precondition("DECISION_OPEN", "step 19", "Na rozstrzygnięcie czeka zgłoszona przeszkoda w pracy z rodziną. Najpierw kierownik podejmuje decyzję wspólnie z asystentem.")
}

func (cmd ConfirmDecision) apply(o *Outcome, a Actor, today calendar.Date) error {
	f := &o.File
	d := f.openDecision()
	if d == nil {
		return fault.Precondition("NO_DECISION_OPEN", "step 19", "Asystent nie zgłosił przeszkody, o której trzeba zdecydować. Decyzję podejmujecie wspólnie: zaczyna zgłoszenie asystenta.")
	}
	if d.ProposedPerson == a.Person || f.worksWith(a) {
		return fault.Precondition("SAME_PERSON", "step 19", "Decyzję podejmują dwie osoby: asystent i kierownik. Poproś kierownika albo innego zastępcę.")
	}
	var fs fault.Fields
	notFuture(&fs, cmd.On, today, "decided_on")
	notBefore(&fs, cmd.On, d.ProposedOn, "decided_on", "dzień zgłoszenia przez asystenta")
	fs.Check(cmd.Decision == d.Proposed || cmd.Reasons != "", "reasons", "uzasadnij decyzję inną niż proponowana.")
	if err := fs.Err(); err != nil {
		return err
	}
	d.Decided, d.Reasons, d.DecidedBy, d.DecidedOn = cmd.Decision, cmd.Reasons, a.Staff, cmd.On
	return nil
}

// worksWith says that the actor is the family's assistant, who may be the deputy of the head as well.
func (f *File) worksWith(a Actor) bool {
	c := f.Cover
	return a.Person != "" && a.Person == c.AssistantPer || a.Staff != "" && a.Staff == c.Assistant
}

// checkClosure checks day, reason and assessment of a closure.
func (f *File) checkClosure(c Closure, today calendar.Date) error {
	var fs fault.Fields
	notFuture(&fs, c.On, today, "closure.closed_on")
	notBefore(&fs, c.On, f.spellFrom(), "closure.closed_on", "dzień rozpoczęcia sprawy")
	notBefore(&fs, c.On, f.Cover.Day0, "closure.closed_on", "dzień rozpoczęcia współpracy")
	notBefore(&fs, c.On, f.Cover.LastVisitOn, "closure.closed_on", "ostatnia wizyta w karcie pracy")
	if as := f.assignment(); as != nil {
		notBefore(&fs, c.On, as.From, "closure.closed_on", "dzień przydziału asystenta")
	}
	_, known := catalogue.ClosureReasons.Find(c.Reason, today)
	fs.Check(known, "closure.reason", "podaj przyczynę zakończenia pracy z listy.")
	fs.Check(c.Reason != ReasonOther || c.Text != "", "closure.reason_text", "opisz przyczynę zakończenia pracy.")
	fs.Check(c.Assessment != "", "closure.final_assessment", "wpisz ocenę końcową.")
	return fs.Err()
}

func (cmd ProposeClosure) apply(o *Outcome, a Actor, today calendar.Date) error {
	f, c := &o.File, cmd.Closure
	if err := f.checkClosure(c, today); err != nil {
		return err
	}
	c.ProposedBy, c.ClosedBy = a.Staff, ""
	f.Section.Proposal = &c
	return nil
}

// Closing frees the assistant's place, which the shell does, and ends spell and assignment. A family whose cooperation never began is not monitored.
func (cmd Close) apply(o *Outcome, a Actor, today calendar.Date) error {
	f := &o.File
	if cmd.Closure == nil && f.Section.Proposal == nil {
		return fault.Precondition("NO_FINAL_ASSESSMENT", "step 20", "Asystent nie przedstawił oceny końcowej. Poproś go o wniosek o zakończenie pracy albo wpisz ocenę końcową.")
	}
	if f.openDecision() != nil {
		return decisionOpen()
	}
	if p := f.Section.Proposal; f.worksWith(a) || p != nil && p.ProposedBy != "" && p.ProposedBy == a.Staff {
		return fault.Precondition("SAME_PERSON", "step 20", "Pracę kończy kierownik na podstawie oceny końcowej asystenta, nigdy sam asystent rodziny. Poproś kierownika albo innego zastępcę.")
	}
	var c Closure
	if f.Section.Proposal != nil {
		c = *f.Section.Proposal
	}
	if cmd.Closure != nil {
		proposedBy := c.ProposedBy
		c = *cmd.Closure
		c.ProposedBy = proposedBy
	}
	if err := f.checkClosure(c, today); err != nil {
		return err
	}
	if c.Reason == ReasonLackOfCooperation && !f.decidedToEnd() {
		return fault.Precondition("NO_JOINT_DECISION", "step 19", "Wcześniejsze zakończenie z braku współpracy wymaga wspólnej decyzji asystenta i kierownika. Najpierw zapiszcie ją (krok 19).")
	}
	c.ClosedBy = a.Staff
	f.Section.Closures = append(f.Section.Closures, c)
	f.Section.Proposal = nil
	f.endSpell(c)
	return nil
}

// decidedToEnd says that assistant and head decided in the present spell to end early.
func (f *File) decidedToEnd() bool {
	return slices.ContainsFunc(f.Section.Decisions, func(d Decision) bool {
		return d.Decided == DecideEndEarly && !d.DecidedOn.Before(f.spellFrom())
	})
}

func (f *File) endSpell(c Closure) {
	cover := &f.Cover
	if sp := cover.SpellOpen(); sp != nil {
		sp.To, sp.Reason, sp.StoppedOn = c.On, c.Reason, cover.StoppedOn
	}
	if as := f.assignment(); as != nil {
		as.To = c.On
	}
	cover.ClosedOn, cover.ClosureReason = c.On, c.Reason
	cover.AwaitingSince, cover.NextVisitOn, cover.StoppedOn = calendar.Date{}, calendar.Date{}, calendar.Date{}
	cover.State = familyfile.Monitoring
	if cover.Day0.IsZero() {
		cover.State = familyfile.Ended
	}
}

func (cmd RecordMonitoring) apply(o *Outcome, a Actor, today calendar.Date) error {
	f := &o.File
	months := f.Cover.Terms.Monitoring()
	if !slices.Contains(months, cmd.Month) {
		return fault.Invalid("month", "NOT_SCHEDULED", "tego miesiąca nie ma w harmonogramie monitorowania gminy.")
	}
	if slices.ContainsFunc(f.Cover.MonitoredOn, func(m familyfile.MonitorMark) bool { return m.Month == cmd.Month }) {
		return fault.Precondition("MONITORING_DONE", "step 21", "To monitorowanie zostało już odnotowane. Wybierz następny termin z harmonogramu.")
	}
	var fs fault.Fields
	notFuture(&fs, cmd.On, today, "monitored_on")
	notBefore(&fs, cmd.On, f.Cover.ClosedOn, "monitored_on", "dzień zakończenia pracy")
	fs.Check(cmd.Note != "", "note", "opisz, jak funkcjonuje rodzina.")
	if err := fs.Err(); err != nil {
		return err
	}
	if err := f.notSkipped(cmd); err != nil {
		return err
	}
	m := Monitoring{Month: cmd.Month, On: cmd.On, By: a.Staff, Note: cmd.Note, HelpNeeded: cmd.HelpNeeded}
	f.Section.Monitoring = append(f.Section.Monitoring, m)
	f.Cover.MonitoredOn = append(f.Cover.MonitoredOn, familyfile.MonitorMark{Month: cmd.Month, On: cmd.On})
	if cmd.Month == slices.Max(months) {
		f.Cover.State = familyfile.Ended
	}
	o.Monitoring = &m
	return nil
}

// notSkipped refuses a monitoring before the term of the one that the schedule has before it: it would be the earlier one's, and the last of the schedule ends the
// monitoring for good. An earlier one that was missed is no hindrance once its term has come.
func (f *File) notSkipped(cmd RecordMonitoring) error {
	before := 0
	for _, m := range f.Cover.Terms.Monitoring() {
		if m < cmd.Month {
			before = max(before, m)
		}
	}
	earliest := f.Cover.ClosedOn.AddMonths(before)
	if before == 0 || !cmd.On.Before(earliest) {
		return nil
	}
	return fault.Invalid("month", "MONITORING_TOO_EARLY", "monitorowanie po "+strconv.Itoa(cmd.Month)+" mies. można przeprowadzić najwcześniej "+earliest.Polish()+
		", gdy minie termin poprzedniego (po "+strconv.Itoa(before)+" mies.). Sprawdź miesiąc i datę.")
}

func (cmd EndMonitoring) apply(o *Outcome, a Actor, today calendar.Date) error {
	o.File.Section.EndedBy = &Act{On: today, By: a.Staff, Reason: cmd.Reason}
	o.File.Cover.State = familyfile.Ended
	return nil
}
