package directory

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/store"
)

// GapReason is why an assistant is not there for a family.
type GapReason string

// Reasons.
const (
	GapAbsent      GapReason = "ABSENT"
	GapEnded       GapReason = "EMPLOYMENT_ENDED"
	GapNoAssistant GapReason = "NOT_ASSISTANT"
	GapDeactivated GapReason = "DEACTIVATED"
)

// Gap is a time in which an assistant is not there; both days count, no last day means that there is none known.
type Gap struct {
	Reason GapReason
	From   calendar.Date
	To     calendar.Date
}

// GapOn says why an assistant is not there on a day; false where they are. What lasts is named before what passes.
func GapOn(s Staff, p Person, day calendar.Date) (Gap, bool) {
	switch {
	case !s.ActiveTo.IsZero() && s.ActiveTo.Before(day):
		return Gap{Reason: GapEnded, From: s.ActiveTo.AddDays(1)}, true
	case !p.ActiveTo.IsZero() && p.ActiveTo.Before(day):
		return Gap{Reason: GapDeactivated, From: p.ActiveTo.AddDays(1)}, true
	case !s.Has(access.Assistant):
		return Gap{Reason: GapNoAssistant, From: day}, true
	}
	if a, absent := s.AbsenceOn(day); absent {
		return Gap{Reason: GapAbsent, From: a.From, To: a.To}, true
	}
	return Gap{}, false
}

// Family is a family whom a staff member is the assistant of.
type Family struct {
	File  string // family file id
	Gmina string
	Cover familyfile.Cover
}

// Uncovered is a family whose assistant is not there: absence and end of contract of an assistant leave no family without one unnoticed.
type Uncovered struct {
	Family
	Assistant Staff
	Gap       Gap
	Deadline  deadline.Deadline // open, of the head: by when the family needs another assistant
}

// Uncover says that a family is without its assistant for the time of a gap. The term counts from the beginning of the gap, for a family that was given to the
// assistant within it from that day.
func Uncover(f Family, s Staff, g Gap) Uncovered {
	rule := deadline.RuleAwaiting
	if f.Cover.Basis == familyfile.BasisCourtOrder {
		rule = deadline.RuleCourtWait
	}
	since := g.From
	if had := f.hadSince(s.ID); had.After(since) {
		since = had
	}
	return Uncovered{Family: f, Assistant: s, Gap: g, Deadline: deadline.Term(rule, since, f.Cover.Terms.AwaitingDays, "")}
}

// hadSince is the day from which a staff member has been the family's assistant, of the opening where the cover does not know it: a gap that was recorded afterwards
// may have begun before.
func (f Family) hadSince(staff string) calendar.Date {
	since := f.Cover.OpenedOn
	for _, a := range f.Cover.Assignments {
		if a.Staff == staff {
			since = a.From
		}
	}
	return since
}

// servedStates are the states of a family file in which somebody has to work with the family.
var servedStates = []familyfile.State{familyfile.Assigned, familyfile.Cooperation, familyfile.Monitoring}

// Families gives the families of a gmina whom a staff member works with or monitors, by the day their files were opened within each state.
func (r *Reader) Families(ctx context.Context, gmina, staff string) ([]Family, error) {
	var out []Family
	for _, state := range servedStates {
		q := store.Query{Index: "by_assistant", Equal: []any{staff, string(state)}, Narrow: true}
		files, err := each(ctx, r.store.For(gmina), store.FamilyFiles, q, familyOf)
		if err != nil {
			return nil, err
		}
		out = append(out, files...)
	}
	return out, nil
}

func familyOf(doc *store.Document) (Family, error) {
	cover, err := store.Decoded[familyfile.Cover](doc, doc.Cover)
	return Family{File: doc.ID, Gmina: doc.Gmina, Cover: cover}, err
}

// hasHad tells whether a staff member is named as the assistant of any family, past ones too. It reads nobody's family for the caller.
func (r *Reader) hasHad(ctx context.Context, gmina, staff string) (bool, error) {
	quiet := store.Unnoted(ctx)
	page, err := r.store.For(gmina).List(quiet, store.FamilyFiles, store.Query{Index: "by_assistant", Equal: []any{staff}, Limit: 1, Outline: true})
	return err == nil && len(page.Hits) > 0, err
}

// away is a staff member who is not there as an assistant.
type away struct {
	staff Staff
	gap   Gap
}

// awayOn gives the staff of a gmina who are not there as assistants on a day, by name: but for those of whom it is known that no family can have them.
func (r *Reader) awayOn(ctx context.Context, gmina string, day calendar.Date) ([]away, error) {
	return recall(ctx, r, "away/"+gmina+"/"+day.String(), func() ([]away, error) {
		staff, err := r.ListStaff(ctx, gmina, "")
		if err != nil {
			return nil, err
		}
		var out []away
		for _, s := range staff {
			if s.NeverAssistant {
				continue
			}
			p, err := r.Person(ctx, gmina[:4], s.Person)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			if gap, gone := GapOn(s, p, day); gone {
				out = append(out, away{s, gap})
			}
		}
		return out, nil
	})
}

// Uncovered gives the families of a gmina whose assistant is not there on a day, by the term of each. A family that is monitored can wait
// for an assistant who is only absent, and is not among them then.
func (r *Reader) Uncovered(ctx context.Context, gmina string, day calendar.Date) ([]Uncovered, error) {
	gone, err := r.awayOn(ctx, gmina, day)
	if err != nil {
		return nil, err
	}
	var out []Uncovered
	for _, a := range gone {
		if had, err := r.hasHad(ctx, gmina, a.staff.ID); err != nil || !had {
			if err != nil {
				return nil, err
			}
			continue
		}
		families, err := r.Families(ctx, gmina, a.staff.ID)
		if err != nil {
			return nil, err
		}
		for _, f := range families {
			if f.Cover.State != familyfile.Monitoring || a.gap.Reason != GapAbsent {
				out = append(out, Uncover(f, a.staff, a.gap))
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Uncovered) int {
		return cmp.Or(a.Deadline.Due.Compare(b.Deadline.Due), cmp.Compare(a.Cover.Number, b.Cover.Number))
	})
	return out, nil
}
