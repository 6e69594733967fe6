package casefile

import (
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

// corrected notes a correction; an unchanged fact is none.
func (o *Outcome) corrected(c Correction, a Actor) error {
	if c.Before == c.After {
		return fault.Invalid("reason", "NOTHING_CHANGED", "poprawka niczego nie zmienia; podaj właściwe dane.")
	}
	c.By = a.Staff
	o.Correction = &c
	o.File.Section.Corrections++
	return nil
}

func (cmd CorrectDay0) apply(o *Outcome, a Actor, today calendar.Date) error {
	f := &o.File
	c := &f.Cover
	if c.Day0.IsZero() {
		return fault.Precondition("NO_DAY0", "step 9", "Współpraca z tą rodziną się nie rozpoczęła, nie ma więc czego poprawiać.")
	}
	var fs fault.Fields
	const path = "cooperation_start_date"
	notFuture(&fs, cmd.On, today, path)
	notBefore(&fs, cmd.On, f.spellFrom(), path, "dzień rozpoczęcia sprawy")
	for _, limit := range f.afterDay0() {
		notBefore(&fs, limit, cmd.On, path, "poprawiony dzień rozpoczęcia współpracy; wcześniejsze są już plan, ocena lub zakończenie")
	}
	f.notBeforeVisit(&fs, cmd.On, path)
	if len(fs) > 0 {
		return &fault.Error{Kind: fault.KindInvalid, Reason: "DAY0_OUT_OF_ORDER", Polish: "Popraw dane: " + fs[0].Polish, Fields: fs}
	}
	old := c.Day0
	if v := f.Section.JointVisit; v != nil && v.On == old {
		moved := *v
		moved.On = cmd.On
		f.Section.JointVisit, c.JointVisitOn = &moved, cmd.On
	}
	f.setDay0(cmd.On)
	return o.corrected(Correction{Subject: SubjectDay0, Before: old.Polish(), After: cmd.On.Polish(), Reason: cmd.Reason}, a)
}

// notBeforeVisit notes a violation where a corrected day 0 would lie before the joint visit of the spell, or, where the visit itself was on the day that is
// corrected and moves along, before the family had its first assistant (step 9).
func (f *File) notBeforeVisit(fs *fault.Fields, on calendar.Date, path string) {
	v := f.Section.JointVisit
	if v == nil {
		return
	}
	if v.On != f.Cover.Day0 {
		notBefore(fs, on, v.On, path, "dzień wspólnej wizyty")
		return
	}
	for _, as := range f.Cover.Assignments {
		if !as.From.Before(f.spellFrom()) {
			notBefore(fs, on, as.From, path, "dzień przydziału asystenta")
			return
		}
	}
}

// afterDay0 are the days that cannot lie before day 0.
func (f *File) afterDay0() []calendar.Date {
	days := []calendar.Date{f.Cover.PlanAdoptedOn, f.Cover.ClosedOn}
	for _, as := range f.Cover.Assessments {
		days = append(days, as.PresentedOn)
	}
	return days
}

var decisionWords = map[string]string{Given: "zgoda", Refused: "odmowa", Withdrawn: "wycofanie zgody"}
var kindWords = map[string]string{Participation: "na udział", Cooperation: "na aktywną współpracę"}

// words says what a consent is without names.
func (c Consent) words() string {
	return decisionWords[c.Decision] + " " + kindWords[c.Kind] + ", " + c.SignedOn.Polish() + ", osoba " + c.Member
}

// A corrected consent may move day 0, begin the cooperation, or show that it never began.
func (cmd CorrectConsent) apply(o *Outcome, a Actor, today calendar.Date) error {
	f := &o.File
	if cmd.Number < 1 || cmd.Number > len(f.Section.Consents) {
		return fault.Invalid("number", "UNKNOWN_CONSENT", "nie ma takiego wpisu o zgodzie w tej sprawie.")
	}
	i := cmd.Number - 1
	old, after := f.Section.Consents[i], "wpis anulowany"
	began := f.Cover.Basis == familyfile.BasisConsent && old.Kind == Cooperation && old.Decision == Given && old.SignedOn == f.Cover.Day0
	if cmd.Consent == nil {
		f.Section.Consents = append(f.Section.Consents[:i:i], f.Section.Consents[i+1:]...)
	} else {
		if err := f.checkConsent(*cmd.Consent, today, "consent"); err != nil {
			return err
		}
		f.Section.Consents[i], after = *cmd.Consent, cmd.Consent.words()
	}
	if f.Cover.Basis == familyfile.BasisConsent && old.Kind == Participation && old.Decision == Given && !f.takesPart() {
		return consentMissing("step 4", "Bez tej zgody nikt z rodziny nie zgodził się na udział, a praca trwa. Wpisz właściwą zgodę zamiast anulować błędną albo zakończ pracę z rodziną.")
	}
	if err := f.restart(began); err != nil {
		return err
	}
	f.judgeConsent(today)
	return o.corrected(Correction{Subject: SubjectConsent, Number: cmd.Number, Before: old.words(), After: after, Reason: cmd.Reason}, a)
}

// restart brings day 0 in line with the consents after one was corrected; began says that the corrected one had set it.
func (f *File) restart(began bool) error {
	first := f.firstCooperation()
	v := f.Section.JointVisit
	starts := began || f.Cover.State == familyfile.Assigned
	switch {
	case starts && v != nil && !first.IsZero() && first.Before(v.On):
		return beforeJointVisit(v.On)
	case began && first.IsZero():
		if f.Cover.State == familyfile.Monitoring || !f.Cover.PlanAdoptedOn.IsZero() || len(f.Cover.Assessments) > 0 {
			return fault.Precondition("PLAN_ADOPTED", "step 12", "Bez tej zgody współpraca by się nie rozpoczęła, a powstał już plan, ocena albo praca się zakończyła. Wpisz właściwą zgodę zamiast anulować błędną.")
		}
		f.setDay0(calendar.Date{})
		if f.Cover.State == familyfile.Cooperation {
			f.Cover.State = familyfile.Assigned
		}
	case began:
		for _, d := range f.afterDay0() {
			if !d.IsZero() && d.Before(first) {
				return fault.Invalid("consent.signature.signed_on", "DAY0_OUT_OF_ORDER", "zgoda rozpoczyna współpracę i nie może być późniejsza niż plan, ocena lub zakończenie.")
			}
		}
		f.setDay0(first)
	case f.Cover.State == familyfile.Assigned && !first.IsZero() && v != nil:
		if !v.RulesDiscussed {
			return rulesNotDiscussed()
		}
		f.startCooperation(first)
	}
	return nil
}

func (cmd CorrectAssignment) apply(o *Outcome, a Actor, today calendar.Date) error {
	f := &o.File
	all := f.Cover.Assignments
	if cmd.Number < 1 || cmd.Number > len(all) {
		return fault.Invalid("number", "UNKNOWN_ASSIGNMENT", "nie ma takiego przydziału w tej sprawie.")
	}
	i := cmd.Number - 1
	as := &all[i]
	old := *as
	var fs fault.Fields
	notFuture(&fs, cmd.From, today, "from_date")
	notBefore(&fs, cmd.From, f.Cover.Spells[0].From, "from_date", "dzień rozpoczęcia sprawy")
	fs.Check(cmd.To.IsZero() || !cmd.To.After(today), "to_date", "data nie może być późniejsza niż dzisiejsza ("+today.Polish()+").")
	notBefore(&fs, cmd.To, cmd.From, "to_date", "pierwszy dzień przydziału")
	cmd.checkActs(&fs, f, old)
	fs.Check(cmd.To.IsZero() == old.To.IsZero(), "to_date", "przydziału nie kończy się ani nie wznawia poprawką: użyj przekazania albo odwołania asystenta.")
	if err := fs.Err(); err != nil {
		return err
	}
	if i > 0 && cmd.From.Before(all[i-1].To) || i+1 < len(all) && all[i+1].From.Before(cmd.To) {
		return fault.Precondition("ASSIGNMENTS_OVERLAP", "step 6", "Po poprawce dwóch asystentów miałoby tę rodzinę jednocześnie. Najpierw popraw sąsiedni przydział.")
	}
	as.From, as.To = cmd.From, cmd.To
	if f.Cover.State == familyfile.AwaitingAssistant && i == len(all)-1 && f.Cover.AwaitingSince == old.To {
		f.Cover.AwaitingSince = cmd.To
	}
	return o.corrected(Correction{Subject: SubjectAssignment, Number: cmd.Number, Before: period(old), After: period(*as), Reason: cmd.Reason}, a)
}

// checkActs notes violations where the assignment with its corrected days would not hold the acts that were done in it: joint visit, day 0 and entries of the work
// card.
func (cmd CorrectAssignment) checkActs(fs *fault.Fields, f *File, old familyfile.Assignment) {
	check := func(on calendar.Date, what string) {
		if on.IsZero() || on.Before(old.From) || !old.To.IsZero() && on.After(old.To) {
			return
		}
		what = "asystent pracował w tym dniu z rodziną: " + what + " (" + on.Polish() + ")."
		fs.Check(!on.Before(cmd.From), "from_date", what)
		fs.Check(cmd.To.IsZero() || !on.After(cmd.To), "to_date", what)
	}
	if v := f.Section.JointVisit; v != nil {
		check(v.On, "wspólna wizyta")
	}
	for _, sp := range f.Cover.Spells {
		check(sp.Day0, "rozpoczęcie współpracy")
	}
	check(f.Cover.JointVisitOn, "wspólna wizyta")
	check(cmd.FirstVisit, "pierwsza wizyta w karcie pracy")
	check(cmd.LastVisit, "ostatnia wizyta w karcie pracy")
}

func period(a familyfile.Assignment) string {
	if a.To.IsZero() {
		return "od " + a.From.Polish()
	}
	return a.From.Polish() + "–" + a.To.Polish()
}
