package workcard

import (
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
)

// File is what the work card knows of the family file it belongs to.
type File struct {
	Cover   familyfile.Cover
	Card    Card
	Members []string // member ids, those who left included
	Orders  []Order  // court orders
}

// Order is a court's order as papers to the court name it.
type Order struct {
	ID         string
	Court      string
	CaseNumber string
}

// SectionName is the section of the family file that the card is stored in.
const SectionName = "workcard"

// Card is the work card's own section of the file. It stays small: what was written is in the records.
type Card struct {
	Superseded []Supersession `bson:"superseded,omitempty"`
	Begun      bool           `bson:"begun,omitempty"`  // the card has entries on visits
	Before     calendar.Date  `bson:"before,omitempty"` // last visit known when the first entry was made, from the papers of a case taken over
	Matters    []Matter       `bson:"matters,omitempty"`
}

// Supersession says which entry stands for which.
type Supersession struct {
	Old string `bson:"old"`
	New string `bson:"new"`
}

// SupersededBy gives the entry that corrects a visit, "" while the visit stands.
func (c Card) SupersededBy(visit string) string {
	for _, s := range c.Superseded {
		if s.Old == visit {
			return s.New
		}
	}
	return ""
}

// Matter is a matter with a court, without its texts.
type Matter struct {
	ID         string        `bson:"id"`
	Kind       MatterKind    `bson:"kind"`
	Order      string        `bson:"order,omitempty"` // id of the court order that it belongs to
	ReceivedOn calendar.Date `bson:"received_on,omitempty"`
	SentOn     calendar.Date `bson:"sent_on,omitempty"`
	Answer     string        `bson:"answer,omitempty"` // id of the record with the opinion
}

// MatterKind is what a matter with a court is about.
type MatterKind string

// Kinds of court matter.
const (
	Opinion        MatterKind = "OPINION"         // step 18
	NonCooperation MatterKind = "NON_COOPERATION" // step 17
)

// Open says that the court waits.
func (m Matter) Open() bool { return m.Kind == Opinion && m.SentOn.IsZero() }

// Version counts the records of the matter, for its etag.
func (m Matter) Version() int64 {
	if m.Answer != "" {
		return 2
	}
	return 1
}

// Matter gives a matter of the card.
func (c Card) Matter(id string) (Matter, bool) {
	for _, m := range c.Matters {
		if m.ID == id {
			return m, true
		}
	}
	return Matter{}, false
}

// By is who gives a command.
type By struct {
	Role  access.Role // in which they reach the file
	Staff string      // staff id
	Body  bool        // they work for a contracted body, not for the centre
}

// Command is one of RecordVisit, CorrectVisit, RecordContact, RecordIntervention, RecordCourtRequest, SendCourtOpinion and NotifyNonCooperation.
type Command interface{ isCommand() }

// Outcome is what a command makes of the file: its cover, the card and one new record.
type Outcome struct {
	Cover        familyfile.Cover
	Card         Card
	Visit        *Visit
	Contact      *Contact
	Intervention *InterventionNote
	Court        *CourtEntry
}

// Apply carries out a command on a file, today. The file is not altered. Errors are faults: Invalid for what is wrong by itself, Precondition for what the
// state of the file does not allow, Denied for a role that may not, Conflict for a matter that was read in an older version.
func Apply(f File, c Command, by By, today calendar.Date) (Outcome, error) {
	f.Cover.CourtReports, f.Cover.CourtOrders = slices.Clone(f.Cover.CourtReports), slices.Clone(f.Cover.CourtOrders)
	f.Card.Superseded, f.Card.Matters = slices.Clone(f.Card.Superseded), slices.Clone(f.Card.Matters)
	switch c := c.(type) {
	case RecordVisit:
		return recordVisit(f, c, by, today)
	case CorrectVisit:
		return correctVisit(f, c, by, today)
	case RecordContact:
		return recordContact(f, c, by, today)
	case RecordIntervention:
		return recordIntervention(f, c, by, today)
	case RecordCourtRequest:
		return recordCourtRequest(f, c, by, today)
	case SendCourtOpinion:
		return sendCourtOpinion(f, c, by, today)
	case NotifyNonCooperation:
		return notifyNonCooperation(f, c, by, today)
	}
	return Outcome{}, errUnknownCommand
}

// cooperatedOn says that the family and an assistant worked together on a day: in a spell, from its day 0 to its end, both included.
func (f File) cooperatedOn(d calendar.Date) bool {
	for i, s := range f.Cover.Spells {
		day0 := s.Day0
		if i == len(f.Cover.Spells)-1 && !f.Cover.Day0.IsZero() {
			day0 = f.Cover.Day0
		}
		if !day0.IsZero() && !d.Before(day0) && (s.To.IsZero() || !d.After(s.To)) {
			return true
		}
	}
	return false
}

// assignedOn gives the assistant on a day: staff, where one is asked for, otherwise the last one assigned.
func (f File) assignedOn(d calendar.Date, staff string) (string, bool) {
	found, ok := "", false
	for _, a := range f.Cover.Assignments {
		if !d.Before(a.From) && (a.To.IsZero() || !d.After(a.To)) && (staff == "" || a.Staff == staff) {
			found, ok = a.Staff, true
		}
	}
	return found, ok
}

// begun is the first day of the file: of its first spell, which in a paper case that was taken over lies before the opening.
func (f File) begun() calendar.Date {
	first := f.Cover.OpenedOn
	for _, s := range f.Cover.Spells {
		if s.From.Before(first) {
			first = s.From
		}
	}
	return first
}
