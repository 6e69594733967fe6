package reporting

import (
	"slices"

	"asysta.example/internal/calendar"
	"asysta.example/internal/catalogue"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
)

// Unit is the unit of a row's value.
type Unit int

// Units.
const (
	Count Unit = iota + 1
	Minutes
)

// Row is one row of the indicators.
type Row struct {
	ID         string
	Title      string // Polish
	Value      int64
	Unit       Unit
	Suppressed bool
	Files      []string // ids of the files behind the row, in the order counted; only for rows about families
	HasFiles   bool
	Families   int // how many families the value comes from; 0 in rows that count assistants
}

// definition is a row about families: which files count, and how often each.
type definition struct {
	id, title string
	count     func(c familyfile.Cover, p Period) int
}

func once(is bool) int {
	if is {
		return 1
	}
	return 0
}

// inPeriod counts a family that was worked with in the period and of which the last spell touching it meets a condition.
func inPeriod(meets func(c familyfile.Cover, s familyfile.Spell, p Period) bool) func(familyfile.Cover, Period) int {
	return func(c familyfile.Cover, p Period) int {
		s, ok := spellIn(c, p)
		return once(ok && meets(c, s, p))
	}
}

// spells counts the spells that meet a condition.
func spells(meets func(s familyfile.Spell, p Period) bool) func(familyfile.Cover, Period) int {
	return func(c familyfile.Cover, p Period) int {
		n := 0
		for _, s := range c.Spells {
			n += once(meets(s, p))
		}
		return n
	}
}

// terms counts the terms of a rule that fell due in the period while the work went on and ended in a way.
func terms(rule string, ended func(d deadline.Deadline, p Period) bool) func(familyfile.Cover, Period) int {
	return func(c familyfile.Cover, p Period) int {
		n := 0
		for _, d := range c.Measured(p.To) {
			n += once(d.Rule == rule && owed(d) && p.Holds(d.Due) && ended(d, p))
		}
		return n
	}
}

// owed says that a term was not waived before it was over: the end of the work with the family does not make undone what was missed before.
func owed(d deadline.Deadline) bool { return d.Waived == "" || d.Due.Before(d.ClosedOn) }

func due(deadline.Deadline, Period) bool { return true }
func onTime(d deadline.Deadline, _ Period) bool {
	return done(d) && !d.ClosedOn.After(d.Due)
}
func late(d deadline.Deadline, p Period) bool {
	return done(d) && d.ClosedOn.After(d.Due) && !d.ClosedOn.After(p.To)
}
func missing(d deadline.Deadline, p Period) bool { return !onTime(d, p) && !late(d, p) }
func done(d deadline.Deadline) bool              { return !d.Open && d.Waived == "" }

// basis is that of the part of the spell that lies in the period: a family is obliged by a court where an order bound it on any of those days, whatever came of
// the order later. Of a file without orders the spell says it.
func basis(b familyfile.Basis) func(familyfile.Cover, familyfile.Spell, Period) bool {
	return func(c familyfile.Cover, s familyfile.Spell, p Period) bool {
		on := s.Basis
		if len(c.CourtOrders) > 0 {
			on = familyfile.BasisConsent
			from, to := overlap(s, p)
			if slices.ContainsFunc(c.CourtOrders, func(o familyfile.CourtTerm) bool { return o.Binds(from, to) }) {
				on = familyfile.BasisCourtOrder
			}
		}
		return on == b
	}
}

// overlap gives the first and last day of the spell that lie in the period.
func overlap(s familyfile.Spell, p Period) (from, to calendar.Date) {
	from, to = maxDate(p.From, s.From), p.To
	if !s.To.IsZero() && s.To.Before(to) {
		to = s.To
	}
	return from, to
}

func band(b Band) func(familyfile.Cover, familyfile.Spell, Period) bool {
	return func(_ familyfile.Cover, s familyfile.Spell, p Period) bool { return bandOf(s, p) == b }
}

// before is the day before the period.
func before(p Period) Period { return Period{p.From.AddDays(-1), p.From.AddDays(-1)} }

// definitions are the rows about families, in the order of the report.
func definitions() []definition {
	ds := []definition{
		{"families.in_period", "Rodziny objęte pracą asystenta w okresie", inPeriod(func(familyfile.Cover, familyfile.Spell, Period) bool { return true })},
		{"families.opening", "Rodziny na początku okresu (stan z dnia poprzedniego)", func(c familyfile.Cover, p Period) int { return once(stock(c, before(p).To)) }},
		{"families.accepted", "Przyjęte w okresie", spells(func(s familyfile.Spell, p Period) bool { return p.Holds(s.From) })},
		{"families.ended", "Zakończone w okresie", spells(func(s familyfile.Spell, p Period) bool { return p.Holds(s.To) })},
		{"families.on_last_day", "Rodziny w ostatnim dniu okresu", func(c familyfile.Cover, p Period) int { return once(stock(c, p.To)) }},
		{"families.awaiting", "w tym oczekujące na asystenta w ostatnim dniu okresu", func(c familyfile.Cover, p Period) int {
			return once(stock(c, p.To) && assistantOn(c, p.To) == "")
		}},
		{"families.basis.consent", "Rodziny w okresie: za zgodą", inPeriod(basis(familyfile.BasisConsent))},
		{"families.basis.court_order", "Rodziny w okresie: zobowiązane przez sąd", inPeriod(basis(familyfile.BasisCourtOrder))},
		{"families.duration.up_to_3_months", "Rodziny w okresie: czas pracy do 3 miesięcy", inPeriod(band(UpTo3Months))},
		{"families.duration.3_to_12_months", "Rodziny w okresie: czas pracy od 3 do 12 miesięcy", inPeriod(band(UpTo12))},
		{"families.duration.over_12_months", "Rodziny w okresie: czas pracy ponad 12 miesięcy", inPeriod(band(Over12))},
		{"families.child_in_care", "Rodziny w okresie z dzieckiem w pieczy zastępczej", inPeriod(childInCare)},
		{"children.returned", "Dzieci, które w okresie wróciły do rodziny", returned},
	}
	for _, r := range catalogue.ClosureReasons {
		ds = append(ds, definition{"endings." + r.Code, "Zakończenia: " + r.Title, spells(func(s familyfile.Spell, p Period) bool {
			return p.Holds(s.To) && s.Reason == r.Code
		})})
	}
	for _, t := range []struct{ id, rule, what string }{{"plans", deadline.RulePlan, "Plany pracy"}, {"assessments", deadline.RuleAssessment, "Oceny okresowe"}} {
		ds = append(ds,
			definition{t.id + ".due", t.what + ", których termin przypadł w okresie", terms(t.rule, due)},
			definition{t.id + ".on_time", t.what + " w terminie", terms(t.rule, onTime)},
			definition{t.id + ".late", t.what + " po terminie, do końca okresu", terms(t.rule, late)},
			definition{t.id + ".missing", t.what + " niewykonane do końca okresu", terms(t.rule, missing)})
	}
	return ds
}

// childInCare says that a child was in foster care on some day of the period on which the family was worked with; the day of the return is one.
func childInCare(c familyfile.Cover, s familyfile.Spell, p Period) bool {
	from, to := overlap(s, p)
	for _, ch := range c.Children {
		for _, stay := range ch.CareStays() {
			if !stay.Since.After(to) && (stay.EndedOn.IsZero() || !stay.EndedOn.Before(from)) {
				return true
			}
		}
	}
	return false
}

// returned counts the children who came home in the period while the family was worked with, each once however often.
func returned(c familyfile.Cover, p Period) int {
	n := 0
	for _, ch := range c.Children {
		n += once(slices.ContainsFunc(ch.CareStays(), func(s familyfile.CareStay) bool { return s.Returned && p.Holds(s.EndedOn) && worked(c, s.EndedOn) }))
	}
	return n
}

// worked says that a day lies in a spell of the family, whose first and last day are days of work.
func worked(c familyfile.Cover, d calendar.Date) bool {
	return slices.ContainsFunc(c.Spells, func(s familyfile.Spell) bool { return !s.From.After(d) && (s.To.IsZero() || !s.To.Before(d)) })
}
