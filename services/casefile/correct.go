package casefile

import (
	"slices"

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
	if err := f.checkDay0(cmd.On, today); err != nil {
		return err
	}
	old := c.Day0
	if v := f.Section.JointVisit; v != nil && v.On == old {
		f.visitWas(cmd.On)
	}
	f.setDay0(cmd.On)
	return o.corrected(Correction{Subject: SubjectDay0, Before: old.Polish(), After: cmd.On.Polish(), Reason: cmd.Reason}, a)
}

// checkDay0 checks the corrected day 0 against everything that limits it, and names the limit that it oversteps farthest.
func (f *File) checkDay0(on, today calendar.Date) error {
	earliest := limit{on: f.spellFrom(), what: "dzień rozpoczęcia sprawy"}
	for _, l := range []limit{f.visitLimit(), f.consentLimit(on)} {
		if l.on.After(earliest.on) {
			earliest = l
		}
	}
	latest := limit{on: today, what: "dzisiejszy"}
	for _, l := range f.afterDay0() {
		if !l.on.IsZero() && l.on.Before(latest.on) {
			latest = l
		}
	}
	const path = "cooperation_start_date"
	var fs fault.Fields
	switch {
	case on.IsZero():
		fs.Add(path, "podaj datę.")
	case on.Before(earliest.on):
		fs.Add(path, "dzień rozpoczęcia współpracy nie może być wcześniejszy niż "+earliest.what+" ("+earliest.on.Polish()+")."+earliest.hint)
	case on.After(latest.on):
		fs.Add(path, "dzień rozpoczęcia współpracy nie może być późniejszy niż "+latest.what+" ("+latest.on.Polish()+").")
	default:
		return nil
	}
	return &fault.Error{Kind: fault.KindInvalid, Reason: "DAY0_OUT_OF_ORDER", Polish: "Popraw dane: " + fs[0].Polish, Fields: fs}
}

// limit is a day that another one may not overstep, what it is, and what to do where the limit is the mistake (Polish).
type limit struct {
	on         calendar.Date
	what, hint string
}

// visitLimit is the joint visit of the spell, before which day 0 cannot lie, or, where the visit itself was on the day that is corrected and moves along, the day on
// which the family had its first assistant (step 9).
func (f *File) visitLimit() limit {
	v := f.Section.JointVisit
	if v == nil {
		return limit{}
	}
	if v.On != f.Cover.Day0 {
		return limit{on: v.On, what: "dzień wspólnej wizyty"}
	}
	for _, as := range f.Cover.Assignments {
		if !as.From.Before(f.spellFrom()) {
			return limit{on: as.From, what: "dzień przydziału asystenta"}
		}
	}
	return limit{}
}

// consentLimit is the first consent 2, on which voluntary cooperation begins; none where a court's order bound the family on the day (step 9), or where the
// cooperation of a paper case is known to have begun before any consent that was found.
func (f *File) consentLimit(on calendar.Date) limit {
	first := f.firstCooperation()
	ordered := slices.ContainsFunc(f.Section.Orders, func(o Order) bool {
		return !o.OrderedOn.After(on) && !o.expired(on) && (o.EndedOn.IsZero() || !o.EndedOn.Before(on))
	})
	if ordered || f.Cover.Day0.Before(first) {
		return limit{}
	}
	return limit{on: first, what: "zgoda rodziny na współpracę", hint: " Jeżeli błędna jest data zgody, najpierw popraw zgodę."}
}

// afterDay0 are the days that cannot lie before day 0.
func (f *File) afterDay0() []limit {
	days := []limit{{on: f.Cover.PlanAdoptedOn, what: "dzień przyjęcia planu pracy"}, {on: f.Cover.ClosedOn, what: "dzień zakończenia pracy"}}
	for _, as := range f.Cover.Assessments {
		days = append(days, limit{on: as.PresentedOn, what: "dzień przedstawienia oceny okresowej"})
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
	visited := f.Cover.JointVisitOn
	if err := f.restart(began); err != nil {
		return err
	}
	if f.Cover.JointVisitOn != visited {
		after += "; z nią wspólna wizyta i rozpoczęcie współpracy"
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
	case began && v != nil && v.On == f.Cover.Day0 && !first.IsZero() && first.Before(v.On):
		return f.moveVisit(first)
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
			if !d.on.IsZero() && d.on.Before(first) {
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

// moveVisit moves the joint visit and day 0 with the consent that was given at the visit: it bears the visit's day, so that where one was mistaken the other was.
func (f *File) moveVisit(on calendar.Date) error {
	if l := f.visitLimit(); on.Before(l.on) {
		return fault.Invalid("consent.signature.signed_on", "BEFORE_JOINT_VISIT", "zgoda ze wspólnej wizyty nie może być wcześniejsza niż "+l.what+" ("+l.on.Polish()+").")
	}
	f.visitWas(on)
	f.setDay0(on)
	return nil
}

// visitWas corrects the day of the joint visit.
func (f *File) visitWas(on calendar.Date) {
	moved := *f.Section.JointVisit
	moved.On = on
	f.Section.JointVisit, f.Cover.JointVisitOn = &moved, on
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
