// Package deadline has the terms of the procedure: what is due, by which rule, since when, by whom, and how it ended.
//
// Dates are stored; whether a term is overdue or due soon is computed for the day on which somebody asks. Rules and their parameters are
// effective-dated data: a term is computed by the rule in force on its anchor. The package imports calendar alone.
package deadline

import (
	"slices"

	"asysta.example/internal/calendar"
)

// Deadline is one term of one family file or referral.
type Deadline struct {
	Rule     string        `bson:"rule"`                // id of the rule, e.g. "plan"
	Key      string        `bson:"key,omitempty"`       // tells apart terms of one rule: number of the half year, child, court case
	Basis    string        `bson:"basis"`               // legal basis or local rule, as of the anchor
	Anchor   calendar.Date `bson:"anchor"`              // day from which the term runs
	Due      calendar.Date `bson:"due"`                 // last day on which it is met in time
	Person   string        `bson:"person"`              // staff id of who is responsible; "" while nobody is: the head's list
	Open     bool          `bson:"open"`                // neither met nor waived
	ClosedOn calendar.Date `bson:"closed_on,omitempty"` // day on which it was met or waived
	Waived   string        `bson:"waived,omitempty"`    // reason code of the waiver
}

// State of a term on a day.
type State string

// States of a term.
const (
	Open    State = "OPEN"
	DueSoon State = "DUE_SOON"
	Overdue State = "OVERDUE"
	Met     State = "MET"
	MetLate State = "MET_LATE"
	Waived  State = "WAIVED"
)

// SoonDays is how many days before its end an open term counts as due soon.
const SoonDays = 14

// On gives the state of the term on a day.
func (d Deadline) On(today calendar.Date) State {
	switch {
	case d.Waived != "":
		return Waived
	case !d.Open && d.ClosedOn.After(d.Due):
		return MetLate
	case !d.Open:
		return Met
	case today.After(d.Due):
		return Overdue
	case today.DaysUntil(d.Due) <= SoonDays:
		return DueSoon
	}
	return Open
}

// Met closes a term on the day its act was done; a zero day leaves it open.
func (d Deadline) Met(on calendar.Date) Deadline {
	if !on.IsZero() {
		d.Open, d.ClosedOn = false, on
	}
	return d
}

// WaivedOn closes a term without its act, with a reason code.
func (d Deadline) WaivedOn(on calendar.Date, reason string) Deadline {
	if d.Open {
		d.Open, d.ClosedOn, d.Waived = false, on, reason
	}
	return d
}

// Sort orders terms by due date, rule and key.
func Sort(ds []Deadline) {
	slices.SortFunc(ds, func(a, b Deadline) int {
		if c := a.Due.Compare(b.Due); c != 0 {
			return c
		}
		if a.Rule != b.Rule {
			if a.Rule < b.Rule {
				return -1
			}
			return 1
		}
		if a.Key < b.Key {
			return -1
		}
		if a.Key > b.Key {
			return 1
		}
		return 0
	})
}
