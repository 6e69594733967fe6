package reporting

import (
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
)

// Period is a span of civil dates, inclusive at both ends.
type Period struct {
	From, To calendar.Date
}

// Holds says whether a day lies in the period.
func (p Period) Holds(d calendar.Date) bool {
	return !d.IsZero() && !d.Before(p.From) && !d.After(p.To)
}

// File is a family file as far as indicators need it. ID is "" in the county's counting.
type File struct {
	ID    string
	Cover familyfile.Cover
}

// Visit is an entry of the work card as far as indicators need it; the field names are those in which it is stored.
type Visit struct {
	ID         string        `bson:"id"`
	On         calendar.Date `bson:"on"`
	Staff      string        `bson:"staff"`
	Kind       string        `bson:"kind"`
	Place      string        `bson:"place"`
	Minutes    int           `bson:"minutes"`
	Tasks      []string      `bson:"tasks"`
	Supersedes string        `bson:"supersedes"`
	File       string        `bson:"-"` // id of the family file
}

// VisitFields are the fields of a stored entry that Visit reads.
var VisitFields = []string{"id", "on", "staff", "kind", "place", "minutes", "tasks", "supersedes"}

const (
	unsuccessful = "UNSUCCESSFUL"
	byPhone      = "PHONE"
)

// met says that the assistant and the family met: the entry is neither a visit that did not take place nor a call.
func (v Visit) met() bool { return v.Kind != unsuccessful && v.Place != byPhone }

// Standing leaves out the entries that a later one of the same file has superseded; ids are unique within a file alone.
func Standing(all []Visit) []Visit {
	type entry struct{ file, id string }
	gone := map[entry]bool{}
	for _, v := range all {
		if v.Supersedes != "" {
			gone[entry{v.File, v.Supersedes}] = true
		}
	}
	var out []Visit
	for _, v := range all {
		if !gone[entry{v.File, v.ID}] {
			out = append(out, v)
		}
	}
	return out
}

// spellIn gives the last spell of a file that touches the period.
func spellIn(c familyfile.Cover, p Period) (familyfile.Spell, bool) {
	for i := len(c.Spells) - 1; i >= 0; i-- {
		s := c.Spells[i]
		if !s.From.After(p.To) && (s.To.IsZero() || !s.To.Before(p.From)) {
			return s, true
		}
	}
	return familyfile.Spell{}, false
}

// runsAfter says whether a spell goes on at the end of a day: one that ends on the day does not.
func runsAfter(s familyfile.Spell, d calendar.Date) bool {
	return !s.From.After(d) && (s.To.IsZero() || s.To.After(d))
}

// stock says whether the family is worked with at the end of a day.
func stock(c familyfile.Cover, d calendar.Date) bool {
	for _, s := range c.Spells {
		if runsAfter(s, d) {
			return true
		}
	}
	return false
}

// assistantOn gives the assistant of the family at the end of a day; "" while it has none.
func assistantOn(c familyfile.Cover, d calendar.Date) string {
	staff, since := "", calendar.Date{}
	for _, a := range c.Assignments {
		if !a.From.After(d) && (a.To.IsZero() || !a.To.Before(d)) && !a.From.Before(since) {
			staff, since = a.Staff, a.From
		}
	}
	return staff
}

// Band is how long the work with a family has lasted.
type Band string

// Bands of the half-yearly statutory report.
const (
	UpTo3Months Band = "up_to_3_months"
	UpTo12      Band = "3_to_12_months"
	Over12      Band = "over_12_months"
)

// bandOf is how long the work had lasted on the last day of the period, or when it ended: exactly 3 and exactly 12 months belong to the shorter band.
func bandOf(s familyfile.Spell, p Period) Band {
	from, to := s.From, p.To
	if !s.Day0.IsZero() {
		from = s.Day0
	}
	if !s.To.IsZero() && s.To.Before(to) {
		to = s.To
	}
	switch {
	case !to.After(from.AddMonths(3)):
		return UpTo3Months
	case !to.After(from.AddMonths(12)):
		return UpTo12
	}
	return Over12
}
