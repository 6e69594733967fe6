package workcard

import (
	"slices"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

// CourtEntry is one paper of a matter with a court, as recorded: the court's request, the opinion sent, or a notice of the centre's own.
type CourtEntry struct {
	ID         string        `bson:"id"`
	Matter     string        `bson:"matter"` // id of the matter: that of its first entry
	Kind       MatterKind    `bson:"kind"`
	Order      string        `bson:"order,omitempty"` // id of a court order of the file
	Court      string        `bson:"court,omitempty"`
	CaseNumber string        `bson:"case_number,omitempty"`
	Members    []string      `bson:"members,omitempty"`
	ReceivedOn calendar.Date `bson:"received_on,omitempty"`
	Due        calendar.Date `bson:"due,omitempty"`
	Question   string        `bson:"question,omitempty"`
	SentOn     calendar.Date `bson:"sent_on,omitempty"`
	Content    string        `bson:"content,omitempty"`
	CopyAt     string        `bson:"copy_at,omitempty"`
}

// First says that the entry opens its matter.
func (c CourtEntry) First() bool { return c.ID == c.Matter }

// On is the civil day of the entry: of the receipt, or of the sending.
func (c CourtEntry) On() calendar.Date {
	if !c.SentOn.IsZero() {
		return c.SentOn
	}
	return c.ReceivedOn
}

// RecordCourtRequest records that a court asks for an opinion (step 18).
type RecordCourtRequest struct{ Entry CourtEntry }

// SendCourtOpinion records the opinion sent (step 18).
type SendCourtOpinion struct {
	ID      string // of the new record
	Matter  string
	Seen    int64 // version of the matter that the caller has read
	SentOn  calendar.Date
	Content string
	CopyAt  string
}

// NotifyNonCooperation records that the court was informed that the family does not cooperate (step 17).
type NotifyNonCooperation struct{ Entry CourtEntry }

func (RecordCourtRequest) isCommand()   {}
func (SendCourtOpinion) isCommand()     {}
func (NotifyNonCooperation) isCommand() {}

func recordCourtRequest(f File, c RecordCourtRequest, by By, today calendar.Date) (Outcome, error) {
	if err := allow("RecordCourtRequest", "", f, by); err != nil {
		return Outcome{}, err
	}
	n := c.Entry
	n.Kind, n.Matter, n.SentOn = Opinion, n.ID, calendar.Date{}
	var e fault.Fields
	if n.Order != "" {
		o, ok := f.order(n.Order)
		e.Check(ok, "order_id", "tego postanowienia nie ma w aktach rodziny.")
		n.Court, n.CaseNumber = o.Court, o.CaseNumber
	} else {
		e.Check(n.Court != "", "court", "podaj sąd i wydział.")
		e.Check(n.CaseNumber != "", "case_number", "podaj sygnaturę akt.")
	}
	e.Check(f.knows(n.Members), "member_ids", "jednej z osób nie ma w tej rodzinie; odśwież listę członków.")
	e.Check(!n.ReceivedOn.IsZero() && !n.ReceivedOn.After(today), "received_on", "podaj dzień wpływu pisma, nie późniejszy niż dzisiejszy.")
	e.Check(!n.ReceivedOn.Before(f.begun()), "received_on", "pismo nie może być wcześniejsze niż otwarcie sprawy.")
	e.Check(!n.Due.Before(n.ReceivedOn), "due_date", "termin sądu nie może być wcześniejszy niż wpływ pisma.")
	e.Check(n.Question != "", "question", "wpisz, o co pyta sąd.")
	if err := e.Err(); err != nil {
		return Outcome{}, err
	}
	f.Card.Matters = append(f.Card.Matters, Matter{ID: n.ID, Kind: Opinion, Order: n.Order, ReceivedOn: n.ReceivedOn})
	f.Cover.CourtReports = append(f.Cover.CourtReports, familyfile.CourtReport{Matter: n.ID, Anchor: n.ReceivedOn, Due: n.Due})
	return Outcome{Cover: f.Cover, Card: f.Card, Court: &n}, nil
}

func sendCourtOpinion(f File, c SendCourtOpinion, by By, today calendar.Date) (Outcome, error) {
	if err := allow("SendCourtOpinion", "", f, by); err != nil {
		return Outcome{}, err
	}
	i := slices.IndexFunc(f.Card.Matters, func(m Matter) bool { return m.ID == c.Matter })
	if i < 0 {
		return Outcome{}, fault.Denied()
	}
	m := &f.Card.Matters[i]
	if c.Seen != m.Version() {
		return Outcome{}, fault.Conflict()
	}
	if !m.Open() {
		return Outcome{}, fault.Precondition("NOT_OPEN", "step 18", "W tej sprawie sąd na nic nie czeka: opinię już wysłano albo było to zawiadomienie ośrodka.")
	}
	var e fault.Fields
	e.Check(!c.SentOn.IsZero() && !c.SentOn.After(today), "sent_on", "podaj dzień wysłania, nie późniejszy niż dzisiejszy.")
	e.Check(!c.SentOn.Before(m.ReceivedOn), "sent_on", "opinia nie może być wysłana przed wpływem pisma sądu.")
	e.Check(c.Content != "", "content", "wpisz treść opinii.")
	if err := e.Err(); err != nil {
		return Outcome{}, err
	}
	m.SentOn, m.Answer = c.SentOn, c.ID
	for i, r := range f.Cover.CourtReports {
		if r.Matter == m.ID {
			f.Cover.CourtReports[i].SentOn = c.SentOn
		}
	}
	f.reported(m.Order, c.SentOn)
	n := CourtEntry{ID: c.ID, Matter: m.ID, Kind: Opinion, SentOn: c.SentOn, Content: c.Content, CopyAt: c.CopyAt}
	return Outcome{Cover: f.Cover, Card: f.Card, Court: &n}, nil
}

func notifyNonCooperation(f File, c NotifyNonCooperation, by By, today calendar.Date) (Outcome, error) {
	if err := allow("NotifyNonCooperation", "", f, by); err != nil {
		return Outcome{}, err
	}
	n := c.Entry
	n.Kind, n.Matter, n.ReceivedOn, n.Due, n.Question = NonCooperation, n.ID, calendar.Date{}, calendar.Date{}, ""
	var e fault.Fields
	e.Check(!n.SentOn.IsZero() && !n.SentOn.After(today), "sent_on", "podaj dzień wysłania, nie późniejszy niż dzisiejszy.")
	e.Check(n.Content != "", "content", "opisz, czego rodzina nie podjęła.")
	if err := e.Err(); err != nil {
		return Outcome{}, err
	}
	o, known := f.order(n.Order)
	if !known || !f.binds(n.Order, n.SentOn) {
		return Outcome{}, fault.Precondition("NO_COURT_ORDER", "step 17", "O braku współpracy informuje się sąd tylko wtedy, gdy postanowienie sądu obowiązuje w dniu zawiadomienia. Sprawdź postanowienie i datę.")
	}
	n.Court, n.CaseNumber = o.Court, o.CaseNumber
	f.Card.Matters = append(f.Card.Matters, Matter{ID: n.ID, Kind: NonCooperation, Order: n.Order, SentOn: n.SentOn})
	f.reported(n.Order, n.SentOn)
	return Outcome{Cover: f.Cover, Card: f.Card, Court: &n}, nil
}

// reported notes that something was sent to the court for an order, which meets the term of its periodic report.
func (f *File) reported(order string, on calendar.Date) {
	for i := range f.Cover.CourtOrders {
		if o := &f.Cover.CourtOrders[i]; o.Matter == order && o.ReportMonths > 0 {
			o.ReportedOn = append(slices.Clone(o.ReportedOn), on)
			slices.SortFunc(o.ReportedOn, calendar.Date.Compare)
		}
	}
}

func (f File) order(id string) (Order, bool) {
	for _, o := range f.Orders {
		if o.ID == id {
			return o, true
		}
	}
	return Order{}, false
}

// binds says that a court order of the file is in force on a day.
func (f File) binds(order string, on calendar.Date) bool {
	return slices.ContainsFunc(f.Cover.CourtOrders, func(o familyfile.CourtTerm) bool {
		return o.Matter == order && !on.Before(o.OrderedOn) && (o.ValidUntil.IsZero() || !on.After(o.ValidUntil)) && (o.EndedOn.IsZero() || !on.After(o.EndedOn))
	})
}
