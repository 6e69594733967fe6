package familyfile

import (
	"strconv"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
)

// reports has the terms of the periodic reports that a court wants under an order: the n-th falls n times the court's months after the order, never chained. What
// was sent for the order meets the term of its period, late where that was over; another sent in the same period meets nothing more. The next term is open until the
// order is over; one that fell before the end is still owed, unless the work with the family had ended, too.
func (o CourtTerm) reports(person string) []deadline.Deadline {
	if o.ReportMonths <= 0 {
		return nil
	}
	var ds []deadline.Deadline
	term := func(n int) deadline.Deadline {
		d := deadline.Term(deadline.RuleCourtReport, o.OrderedOn, 0, person)
		d.Due, d.Key = o.reportDue(n), o.Matter+"/"+strconv.Itoa(n)
		return d
	}
	n := max(1, o.FirstReport)
	for _, sent := range o.ReportedOn {
		if sent.Before(o.OrderedOn) || len(ds) > 0 && !sent.After(o.reportDue(n-1)) {
			continue
		}
		ds = append(ds, term(n).Met(sent))
		for n++; !o.reportDue(n).After(sent); n++ {
		}
	}
	next := term(n)
	for _, end := range []calendar.Date{o.EndedOn, o.ValidUntil} {
		if !end.IsZero() && next.Due.After(end) {
			return ds
		}
	}
	if o.NothingOwed {
		next = next.WaivedOn(o.EndedOn, "ORDER_ENDED")
	}
	return append(ds, next)
}

// reportDue is the day of the n-th report.
func (o CourtTerm) reportDue(n int) calendar.Date { return o.OrderedOn.AddMonths(n * o.ReportMonths) }

// ReportFrom is the number of the first report that falls on or after a day, from 1; 0 where the court wants none.
func (o CourtTerm) ReportFrom(day calendar.Date) int {
	if o.ReportMonths <= 0 {
		return 0
	}
	n := 1
	for o.reportDue(n).Before(day) {
		n++
	}
	return n
}
