package caseload

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
)

// Faults of the package.
const (
	ReasonFull        = "CASELOAD_FULL"      // every place the cap allows is taken
	ReasonNotReserved = "PLACE_NOT_RESERVED" // a place is confirmed that was never reserved, or was released meanwhile
)

// Cap is the greatest number of families at one time, as in force from a day on.
type Cap struct {
	From  calendar.Date
	N     int
	Rule  string // rule named in refusals
	Basis string // Polish, legal basis
}

// Caps are the caps known, by day. An office corrects the law by a newer line.
var Caps = []Cap{
	{From: calendar.MustOf(2012, 1, 1), N: 20, Rule: "art. 15(4)", Basis: "art. 15 ust. 4 ustawy o wspieraniu rodziny i systemie pieczy zastępczej"},
	{From: calendar.MustOf(2015, 1, 1), N: 15, Rule: "art. 15(4)", Basis: "art. 15 ust. 4 ustawy o wspieraniu rodziny i systemie pieczy zastępczej"},
}

// CapOn gives the cap in force on a day; before the first one, the first.
func CapOn(day calendar.Date) Cap {
	c := Caps[0]
	for _, next := range Caps {
		if !next.From.After(day) {
			c = next
		}
	}
	return c
}

// State of a place.
type State string

// States of a place.
const (
	Reserved State = "RESERVED" // the family file is not yet known to exist
	Held     State = "HELD"     // the family file exists, the assistant works with the family, or monitors it where that counts
)

// Place is one family's place with the assistant.
type Place struct {
	File  string    `bson:"file"`  // family file id
	Gmina string    `bson:"gmina"` // gmina of the file
	State State     `bson:"state"`
	Since time.Time `bson:"since"` // instant of the reservation; of the confirmation once held
}

// Caseload is the families of one assistant. The zero Caseload is empty.
type Caseload struct {
	Places []Place `bson:"places,omitempty"` // by file
}

// Transition is one line of the life of a place. "" is no place.
type Transition struct {
	From    State
	Command string
	To      State
	Rule    string
}

// Transitions are all moves of a place; a command that none of them names is refused.
var Transitions = []Transition{
	{"", "Reserve", Reserved, "art. 15(4)"},
	{Reserved, "Reserve", Reserved, ""},
	{Held, "Reserve", Held, ""},
	{"", "Resume", Reserved, "art. 15(4)"},
	{Reserved, "Resume", Reserved, ""},
	{Held, "Resume", Reserved, "art. 15(4)"},
	{Reserved, "Confirm", Held, ""},
	{Held, "Confirm", Held, ""},
	{"", "Hold", Held, ""},
	{Reserved, "Hold", Held, ""},
	{Held, "Hold", Held, ""},
	{"", "Release", "", ""},
	{Reserved, "Release", "", ""},
	{Held, "Release", "", ""},
}

// Taken is the number of places that count towards the cap.
func (c Caseload) Taken() int { return len(c.Places) }

// Of gives the place of a family file.
func (c Caseload) Of(file string) (Place, bool) {
	if i := c.find(file); i >= 0 {
		return c.Places[i], true
	}
	return Place{}, false
}

// OldestReservation is the instant of the oldest place still reserved; nil where none is.
func (c Caseload) OldestReservation() *time.Time {
	var oldest *time.Time
	for _, p := range c.Places {
		if p.State == Reserved && (oldest == nil || p.Since.Before(*oldest)) {
			oldest = &p.Since
		}
	}
	return oldest
}

// renewed is how old a reservation is when asking for it again makes it young again.
const renewed = time.Minute

// Reserve takes a place for a family file of a gmina. A file that has a place keeps it; a reservation that an earlier attempt has left is as good as new, so that
// no sweep takes it from the present one. The fault is CASELOAD_FULL where the cap in force on
// the day of the instant leaves none.
func (c Caseload) Reserve(gmina, file string, at time.Time) (Caseload, error) {
	if i := c.find(file); i >= 0 {
		if c.Places[i].State == Held || at.Sub(c.Places[i].Since) < renewed {
			return c, nil
		}
		places := slices.Clone(c.Places)
		places[i].Since = at.UTC()
		return Caseload{Places: places}, nil
	}
	limit := CapOn(calendar.In(at))
	if c.Taken() >= limit.N {
		return c, fault.Precondition(ReasonFull, limit.Rule, "Asystent prowadzi już największą dozwoloną liczbę rodzin ("+strconv.Itoa(limit.N)+
			"; "+limit.Basis+"). Wybierz innego asystenta albo pozostaw rodzinę w oczekiwaniu na asystenta.")
	}
	places := append(slices.Clone(c.Places), Place{File: file, Gmina: gmina, State: Reserved, Since: at.UTC()})
	slices.SortFunc(places, func(a, b Place) int { return cmp.Compare(a.File, b.File) })
	return Caseload{Places: places}, nil
}

// Resume takes the place for a family that is worked with again after its work had ended. A place that its monitoring holds is reserved anew until the family file says
// so; the fault is CASELOAD_FULL where the assistant has more than the cap allows, so that nobody comes to work with more families than that by way of monitored ones.
func (c Caseload) Resume(gmina, file string, at time.Time) (Caseload, error) {
	if p, ok := c.Of(file); !ok || p.State == Reserved {
		return c.Reserve(gmina, file, at)
	}
	next, err := c.Release(file).Reserve(gmina, file, at)
	if err != nil {
		return c, err
	}
	return next, nil
}

// Confirm says that the family file exists. A held place stays; the fault is PLACE_NOT_RESERVED where there is none.
func (c Caseload) Confirm(file string, at time.Time) (Caseload, error) {
	i := c.find(file)
	if i < 0 {
		return c, fault.Precondition(ReasonNotReserved, "art. 15(4)", "Miejsce u asystenta nie jest już zarezerwowane dla tej rodziny. Przydziel asystenta ponownie.")
	}
	if c.Places[i].State == Held {
		return c, nil
	}
	places := slices.Clone(c.Places)
	places[i].State, places[i].Since = Held, at.UTC()
	return Caseload{Places: places}, nil
}

// Hold says that the family file exists with this assistant, whether or not a place was reserved and left: the file is the truth, and a caseload beyond the cap is
// seen rather than hidden. over says that it is beyond the cap in force on the day of the instant.
func (c Caseload) Hold(gmina, file string, at time.Time) (next Caseload, over bool) {
	next, err := c.Confirm(file, at)
	if err != nil {
		places := append(slices.Clone(c.Places), Place{File: file, Gmina: gmina, State: Held, Since: at.UTC()})
		slices.SortFunc(places, func(a, b Place) int { return cmp.Compare(a.File, b.File) })
		next = Caseload{Places: places}
	}
	return next, next.Taken() > CapOn(calendar.In(at)).N
}

// Release gives the place of a family file back. Where there is none, nothing changes.
func (c Caseload) Release(file string) Caseload {
	i := c.find(file)
	if i < 0 {
		return c
	}
	return Caseload{Places: slices.Delete(slices.Clone(c.Places), i, i+1)}
}

// ReleaseSeen gives back a place that is as it was seen; one that was reserved or confirmed again meanwhile stays.
func (c Caseload) ReleaseSeen(seen Place) Caseload {
	if p, ok := c.Of(seen.File); !ok || p.State != seen.State || !p.Since.Equal(seen.Since) {
		return c
	}
	return c.Release(seen.File)
}

// ReleaseStale gives back a place that is reserved since before a limit; any other place stays.
func (c Caseload) ReleaseStale(file string, limit time.Time) Caseload {
	if p, ok := c.Of(file); !ok || p.State != Reserved || !p.Since.Before(limit) {
		return c
	}
	return c.Release(file)
}

func (c Caseload) find(file string) int {
	return slices.IndexFunc(c.Places, func(p Place) bool { return p.File == file })
}

// In counts the places of a gmina by state.
func (c Caseload) In(gmina string) (reserved, held int) {
	for _, p := range c.Places {
		switch {
		case p.Gmina != gmina:
		case p.State == Reserved:
			reserved++
		default:
			held++
		}
	}
	return reserved, held
}
