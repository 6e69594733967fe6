package catalogue

import "asysta.example/internal/calendar"

// Entry is one coded word.
type Entry struct {
	Code   string
	Title  string        // Polish, as printed on plans and cards
	Source string        // Polish: the document it comes from
	From   calendar.Date // first day on which it may be used
	To     calendar.Date // last day on which it may be used; zero while it holds
}

// HoldsOn says whether the entry may be used for what happens on a day.
func (e Entry) HoldsOn(d calendar.Date) bool {
	return !d.Before(e.From) && (e.To.IsZero() || !d.After(e.To))
}

// List is one catalogue, in the order of the documents.
type List []Entry

// Find gives the entry of a code that holds on a day.
func (l List) Find(code string, on calendar.Date) (Entry, bool) {
	for _, e := range l {
		if e.Code == code && e.HoldsOn(on) {
			return e, true
		}
	}
	return Entry{}, false
}

// On gives the entries that hold on a day, in order.
func (l List) On(d calendar.Date) []Entry {
	var out []Entry
	for _, e := range l {
		if e.HoldsOn(d) {
			out = append(out, e)
		}
	}
	return out
}

// Title gives the title of a code whatever the day, the newest one; the code itself where it is unknown, so that old papers always print.
func (l List) Title(code string) string {
	title := code
	for _, e := range l {
		if e.Code == code {
			title = e.Title
		}
	}
	return title
}

// Task gives the assistant's task of a code as it holds on a day (art. 15(1) and local documents).
func Task(code string, on calendar.Date) (Entry, bool) { return Tasks.Find(code, on) }

// Aim gives the aim of support of a code as it holds on a day (art. 8).
func Aim(code string, on calendar.Date) (Entry, bool) { return Aims.Find(code, on) }

// LifeArea gives the life area of a code as it holds on a day.
func LifeArea(code string, on calendar.Date) (Entry, bool) { return LifeAreas.Find(code, on) }
