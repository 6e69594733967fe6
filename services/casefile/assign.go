package casefile

import (
	"slices"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

// take gives the family an assistant from a day on.
func (f *File) take(as Assistant, from calendar.Date) error {
	if slices.Contains(f.Cover.LockedOut, as.Person) {
		return fault.Precondition("LOCKED_OUT", "step 6", "Ta osoba jest wyłączona z wglądu w sprawę tej rodziny. Wybierz innego asystenta.")
	}
	f.Cover.Assistant, f.Cover.AssistantPer, f.Cover.AwaitingSince = as.Staff, as.Person, calendar.Date{}
	f.Cover.Assignments = append(f.Cover.Assignments, familyfile.Assignment{Staff: as.Staff, Person: as.Person, From: from})
	return nil
}

// lastHandover is the first day from which a new assignment may run.
func (f *File) lastHandover() calendar.Date {
	day := f.spellFrom()
	if n := len(f.Cover.Assignments); n > 0 {
		last := f.Cover.Assignments[n-1]
		if last.From.After(day) {
			day = last.From
		}
		if last.To.After(day) {
			day = last.To
		}
	}
	return day
}

func (cmd Assign) apply(o *Outcome, _ Actor, today calendar.Date) error {
	f := &o.File
	var fs fault.Fields
	notFuture(&fs, cmd.From, today, "from_date")
	notBefore(&fs, cmd.From, f.lastHandover(), "from_date", "dzień, od którego rodzina czeka na asystenta")
	if err := fs.Err(); err != nil {
		return err
	}
	if err := f.take(cmd.Assistant, cmd.From); err != nil {
		return err
	}
	f.Cover.State = familyfile.Assigned
	if !f.Cover.Day0.IsZero() {
		f.Cover.State = familyfile.Cooperation
	}
	return nil
}

// A handover ends one assignment and begins another on the same day. While a family is monitored the last assignment has ended with the work; a new
// assistant then takes over the monitoring alone.
func (cmd Reassign) apply(o *Outcome, a Actor, today calendar.Date) error {
	f := &o.File
	old := f.Cover.Assistant
	if old == cmd.Assistant.Staff {
		return fault.Precondition("SAME_ASSISTANT", "step 6", "Ten asystent już prowadzi tę rodzinę. Wybierz innego asystenta.")
	}
	var fs fault.Fields
	notFuture(&fs, cmd.On, today, "handover_date")
	notBefore(&fs, cmd.On, f.lastHandover(), "handover_date", "początek pracy obecnego asystenta")
	if err := fs.Err(); err != nil {
		return err
	}
	lasts := f.assignment()
	if lasts != nil {
		lasts.To = cmd.On
	}
	if err := f.take(cmd.Assistant, cmd.On); err != nil {
		return err
	}
	if f.Cover.State == familyfile.Monitoring {
		f.Cover.Assignments = f.Cover.Assignments[:len(f.Cover.Assignments)-1]
	}
	f.Section.Handovers = append(f.Section.Handovers, Handover{On: cmd.On, From: old, To: cmd.Assistant.Staff, Reason: cmd.Reason, By: a.Staff})
	return nil
}

func (cmd Unassign) apply(o *Outcome, a Actor, today calendar.Date) error {
	f := &o.File
	var fs fault.Fields
	notFuture(&fs, cmd.To, today, "to_date")
	notBefore(&fs, cmd.To, f.lastHandover(), "to_date", "początek pracy obecnego asystenta")
	if err := fs.Err(); err != nil {
		return err
	}
	if lasts := f.assignment(); lasts != nil {
		lasts.To = cmd.To
	}
	f.Section.Handovers = append(f.Section.Handovers, Handover{On: cmd.To, From: f.Cover.Assistant, Reason: cmd.Reason, By: a.Staff})
	f.Cover.State, f.Cover.AwaitingSince = familyfile.AwaitingAssistant, cmd.To
	f.Cover.Assistant, f.Cover.AssistantPer = "", ""
	return nil
}

func (cmd SetDifficulty) apply(o *Outcome, _ Actor, _ calendar.Date) error {
	if cmd.Weight < 1 || cmd.Weight > 3 {
		return fault.Invalid("difficulty", "DIFFICULTY", "waga trudności to 1, 2 albo 3.")
	}
	o.File.Cover.Difficulty = cmd.Weight
	return nil
}
