package casefile

import (
	"slices"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

// decision gives the last decision of a member on a consent, "" for none. Consent 2 belongs to one spell, consent 1 may come from before it.
func (f *File) decision(member, kind string) (d string, on calendar.Date) {
	for _, c := range f.Section.Consents {
		if c.Member == member && c.Kind == kind && (kind == Participation || !c.SignedOn.Before(f.spellFrom())) {
			d, on = c.Decision, c.SignedOn
		}
	}
	return d, on
}

// consents says that an adult takes part in the cooperation: consent 2 given, and neither it nor consent 1 withdrawn.
func (f *File) consents(m Member) bool {
	two, _ := f.decision(m.ID, Cooperation)
	one, _ := f.decision(m.ID, Participation)
	return m.Adult() && m.Present() && two == Given && one != Withdrawn
}

// judgeConsent brings Cover.StoppedOn up to date: the last day of work where no adult takes part any more. An order without a term lets work go on, one with a
// term until its last day, whether or not its end is recorded; then work needs the consent 2 of an adult or another order. It touches nothing else.
func (f *File) judgeConsent(on calendar.Date) {
	c := &f.Cover
	if c.Day0.IsZero() || slices.ContainsFunc(f.Section.Members, f.consents) {
		c.StoppedOn = calendar.Date{}
		return
	}
	if c.StoppedOn.IsZero() {
		c.StoppedOn = on
	}
	if c.Basis != familyfile.BasisCourtOrder {
		return
	}
	last, ends := f.lastBound()
	switch {
	case !ends:
		c.StoppedOn = calendar.Date{}
	case last.After(c.StoppedOn):
		c.StoppedOn = last
	}
}

// lastBound is the last day on which any order binds the family; false where one binds without a term.
func (f *File) lastBound() (last calendar.Date, ends bool) {
	for _, o := range f.Section.Orders {
		until := o.ValidUntil
		if !o.EndedOn.IsZero() && (until.IsZero() || o.EndedOn.Before(until)) {
			until = o.EndedOn
		}
		if until.IsZero() {
			return last, false
		}
		if until.After(last) {
			last = until
		}
	}
	return last, true
}

// notStopped refuses voluntary work on a day on which it stands on nothing.
func (f *File) notStopped(on calendar.Date) error {
	if !f.Cover.Stopped(on) {
		return nil
	}
	return fault.Precondition("VOLUNTARY_WORK_STOPPED", "step 9", f.Cover.StoppedWhy()+". Odnotuj zgodę osoby dorosłej na współpracę albo nowe postanowienie sądu.")
}

// firstCooperation is the earliest consent 2 given in the present spell by an adult, zero for none.
func (f *File) firstCooperation() calendar.Date {
	var first calendar.Date
	for _, c := range f.Section.Consents {
		if c.Kind == Cooperation && c.Decision == Given && !c.SignedOn.Before(f.spellFrom()) && (first.IsZero() || c.SignedOn.Before(first)) {
			first = c.SignedOn
		}
	}
	return first
}

// checkConsent checks a consent's member, words and day. Path leads to the consent in the request.
func (f *File) checkConsent(c Consent, today calendar.Date, path string) error {
	var fs fault.Fields
	m, ok := f.Member(c.Member)
	fs.Check(ok && m.Present(), path+".member_id", "nie ma takiego członka rodziny w tej sprawie.")
	fs.Check(!ok || m.Adult(), path+".member_id", "zgodę podpisuje osoba dorosła; jeżeli skończyła 18 lat, najpierw zmień jej rolę w składzie rodziny.")
	fs.Check(c.Kind == Participation || c.Kind == Cooperation, path+".kind", "podaj, której zgody dotyczy wpis: na udział czy na aktywną współpracę.")
	fs.Check(c.Decision == Given || c.Decision == Refused || c.Decision == Withdrawn, path+".decision", "podaj, czy zgody udzielono, odmówiono jej czy ją wycofano.")
	notFuture(&fs, c.SignedOn, today, path+".signature.signed_on")
	if c.Kind == Cooperation {
		notBefore(&fs, c.SignedOn, f.spellFrom(), path+".signature.signed_on", "dzień rozpoczęcia sprawy")
	}
	return fs.Err()
}

// A consent outside the joint visit: the first consent 2 after it begins the cooperation.
func (cmd RecordConsent) apply(o *Outcome, _ Actor, today calendar.Date) error {
	f, c := &o.File, cmd.Consent
	if err := f.checkConsent(c, today, "consent"); err != nil {
		return err
	}
	last, on := f.decision(c.Member, c.Kind)
	if c.Decision == Withdrawn && last != Given {
		return fault.Precondition("NOTHING_TO_WITHDRAW", "step 9", "Ta osoba nie ma udzielonej zgody, którą mogłaby wycofać. Sprawdź listę zgód w teczce.")
	}
	if c.SignedOn.Before(on) {
		return fault.Invalid("consent.signature.signed_on", "CONSENT_OUT_OF_ORDER", "późniejszy wpis o zgodzie tej osoby jest z "+on.Polish()+"; błędny wpis poprawia kierownik z podaniem przyczyny.")
	}
	if c.Kind == Cooperation && c.Decision == Given && f.Cover.Day0.IsZero() {
		if f.Cover.State != familyfile.Assigned || f.Section.JointVisit == nil {
			return fault.Precondition("NO_JOINT_VISIT", "step 9", "Zgodę na aktywną współpracę rodzina podpisuje po wspólnej wizycie asystenta i pracownika socjalnego. Najpierw odnotuj wspólną wizytę.")
		}
		if c.SignedOn.Before(f.Section.JointVisit.On) {
			return beforeJointVisit(f.Section.JointVisit.On)
		}
		if !f.Section.JointVisit.RulesDiscussed {
			return rulesNotDiscussed()
		}
		f.startCooperation(c.SignedOn)
	}
	f.Section.Consents = append(f.Section.Consents, c)
	f.judgeConsent(c.SignedOn)
	return nil
}

// takesPart says that an adult of the family gave consent 1 and did not take it back.
func (f *File) takesPart() bool {
	return slices.ContainsFunc(f.Section.Members, func(m Member) bool {
		one, _ := f.decision(m.ID, Participation)
		return m.Adult() && m.Present() && one == Given
	})
}

// mayConsent says whose consent work with the family may begin on (step 4): that of an adult with parental authority; of an adult care leaver, and of a pregnant
// woman under "Za życiem", who have no child to have authority over, the adult's own.
func (f *File) mayConsent(member string) bool {
	m, ok := f.Member(member)
	return ok && m.Adult() && (m.Authority || f.Cover.ClientKind == "CARE_LEAVER" || f.Cover.ClientKind == "ZA_ZYCIEM")
}

func beforeJointVisit(visit calendar.Date) error {
	return fault.Invalid("consent.signature.signed_on", "BEFORE_JOINT_VISIT", "zgoda nie może być wcześniejsza niż wspólna wizyta ("+visit.Polish()+").")
}

func rulesNotDiscussed() error {
	return fault.Precondition("RULES_NOT_DISCUSSED", "step 9", "Zanim rodzina zgodzi się na współpracę, omówcie z nią zasady współpracy. Odnotuj to przy wspólnej wizycie.")
}
