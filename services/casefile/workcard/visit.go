package workcard

import (
	"errors"
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/catalogue"
	"asysta.example/internal/fault"
)

var errUnknownCommand = errors.New("workcard: unknown command")

// VisitKind is what kind of entry of the work card it is.
type VisitKind string

// Kinds of entry.
const (
	Meeting      VisitKind = "MEETING"
	Accompanying VisitKind = "ACCOMPANYING" // with the family to an office, a school or a specialist
	Joint        VisitKind = "JOINT"        // together with the social worker
	Intervention VisitKind = "INTERVENTION" // because of a threat to safety or health
	Unsuccessful VisitKind = "UNSUCCESSFUL" // did not take place
)

// Place is where a meeting took place.
type Place string

// Places.
const (
	AtHome         Place = "HOME"
	ChosenByFamily Place = "CHOSEN_BY_FAMILY"
	AtOffice       Place = "OFFICE"
	ByPhone        Place = "PHONE"
	Elsewhere      Place = "OTHER"
)

// Failure is why a meeting did not take place.
type Failure string

// Reasons of an unsuccessful visit.
const (
	NobodyAtHome Failure = "NOBODY_AT_HOME"
	Refused      Failure = "REFUSED"
	CalledOff    Failure = "CALLED_OFF"
)

// Visit is an entry of the work card, as recorded.
type Visit struct {
	ID             string        `bson:"id"`
	On             calendar.Date `bson:"on"`
	Staff          string        `bson:"staff"` // assistant who made the visit
	Kind           VisitKind     `bson:"kind"`
	Place          Place         `bson:"place"`
	PlaceNote      string        `bson:"place_note,omitempty"`
	From           string        `bson:"from,omitempty"` // HH:MM
	To             string        `bson:"to,omitempty"`   // HH:MM
	Minutes        int           `bson:"minutes"`
	Members        []string      `bson:"members,omitempty"`
	WithStaff      []string      `bson:"with_staff,omitempty"`
	Others         []string      `bson:"others,omitempty"`
	Failure        Failure       `bson:"failure,omitempty"`
	Tasks          []string      `bson:"tasks,omitempty"` // codes of catalogue.Tasks
	Findings       string        `bson:"findings,omitempty"`
	Agreements     string        `bson:"agreements,omitempty"`
	FamilyTasks    string        `bson:"family_tasks,omitempty"`
	AssistantTasks string        `bson:"assistant_tasks,omitempty"`
	NextOn         calendar.Date `bson:"next_on,omitempty"`
	Signatures     []Signature   `bson:"signatures,omitempty"`
	Supersedes     string        `bson:"supersedes,omitempty"` // id of the entry that this one corrects
	Reason         string        `bson:"reason,omitempty"`     // of the correction
}

// Signature is a signature on the paper card: of a member or of staff.
type Signature struct {
	Member     string        `bson:"member,omitempty"`
	Staff      string        `bson:"staff,omitempty"`
	On         calendar.Date `bson:"on"`
	OriginalAt string        `bson:"original_at,omitempty"`
	Refused    bool          `bson:"refused,omitempty"`
}

// Counts says that the family was seen, so that the visit gap begins anew: it took place, and not by telephone.
func (v Visit) Counts() bool { return v.Kind != Unsuccessful && v.Place != ByPhone }

// RecordVisit records an entry (step 11). The visit's Staff, Minutes, Supersedes and Reason are set by Apply.
type RecordVisit struct{ Visit Visit }

// CorrectVisit records an entry that supersedes another one.
type CorrectVisit struct {
	Old       Visit
	Visit     Visit
	Reason    string
	LastOther calendar.Date // latest day of the entries that count and stand, without Old; zero if there is none
}

func (RecordVisit) isCommand()  {}
func (CorrectVisit) isCommand() {}

func recordVisit(f File, c RecordVisit, by By, today calendar.Date) (Outcome, error) {
	v := c.Visit
	if err := allow("RecordVisit", v.Kind, f, by); err != nil {
		return Outcome{}, err
	}
	author := ""
	if by.Role == access.Assistant {
		author = by.Staff
	}
	v, err := f.fitVisit(v, author, by, today)
	if err != nil {
		return Outcome{}, err
	}
	f.visited(v, f.Cover.LastVisitOn)
	return Outcome{Cover: f.Cover, Card: f.Card, Visit: &v}, nil
}

func correctVisit(f File, c CorrectVisit, by By, today calendar.Date) (Outcome, error) {
	if err := allow("CorrectVisit", "", f, by); err != nil {
		return Outcome{}, err
	}
	if by.Role == access.Assistant && c.Old.Staff != by.Staff {
		return Outcome{}, fault.Precondition("NOT_OWN_ENTRY", "step 11", "Wpis innego asystenta może sprostować kierownik ośrodka. Przekaż mu, co trzeba poprawić.")
	}
	if f.Card.SupersededBy(c.Old.ID) != "" {
		return Outcome{}, fault.Precondition("ALREADY_SUPERSEDED", "step 11", "Ten wpis został już sprostowany. Otwórz nowszy wpis i popraw go.")
	}
	v, err := f.fitVisit(c.Visit, c.Old.Staff, by, today)
	if err != nil {
		return Outcome{}, err
	}
	v.Supersedes, v.Reason = c.Old.ID, c.Reason
	f.Card.Superseded = append(f.Card.Superseded, Supersession{Old: c.Old.ID, New: v.ID})
	last := f.Cover.LastVisitOn
	if c.Old.Counts() && c.Old.On == last {
		last = later(c.LastOther, f.Card.Before)
	}
	f.visited(v, last)
	return Outcome{Cover: f.Cover, Card: f.Card, Visit: &v}, nil
}

// visited moves the cover's facts: the last visit, and the next meeting where no later visit has set it.
func (f *File) visited(v Visit, last calendar.Date) {
	if !f.Card.Begun {
		f.Card.Begun, f.Card.Before = true, f.Cover.LastVisitOn
	}
	newest := !v.On.Before(last)
	if v.Counts() {
		last = later(last, v.On)
	}
	f.Cover.LastVisitOn = last
	switch {
	case !newest || !f.cooperatedOn(v.On):
	case !v.NextOn.IsZero():
		f.Cover.NextVisitOn = v.NextOn
	case !f.Cover.NextVisitOn.After(v.On):
		f.Cover.NextVisitOn = calendar.Date{}
	}
}

func later(a, b calendar.Date) calendar.Date {
	if b.After(a) {
		return b
	}
	return a
}

// fitVisit checks an entry and completes it. Author is the staff id of the assistant who made the visit, "" for whoever was assigned then.
func (f File) fitVisit(v Visit, author string, by By, today calendar.Date) (Visit, error) {
	if err := f.visitFields(v, today).Err(); err != nil {
		return v, err
	}
	staff, assigned := f.assignedOn(v.On, author)
	switch {
	case v.Kind == Intervention && !assigned:
		staff = author
		if staff == "" {
			staff = by.Staff
		}
	case !assigned:
		return v, fault.Precondition("NOT_ASSIGNED_THEN", "step 6", "W tym dniu asystent nie był przydzielony tej rodzinie. Sprawdź datę wizyty; jeżeli błędna jest data przydzielenia, kierownik może ją sprostować.")
	case v.Kind == Intervention:
	case v.Kind != Unsuccessful && !f.cooperatedOn(v.On):
		return v, fault.Precondition("BEFORE_COOPERATION", "step 9", "W tym dniu współpraca z rodziną nie trwała. Sprawdź datę wizyty i dzień rozpoczęcia współpracy.")
	case f.Cover.Stopped(v.On):
		return v, fault.Precondition("VOLUNTARY_WORK_STOPPED", "step 9", f.Cover.StoppedWhy()+", więc spotkań się nie prowadzi. Zapisz nową zgodę, nowe postanowienie sądu albo interwencję.")
	}
	v.Staff, v.Minutes, v.Supersedes, v.Reason = staff, minutes(v.To)-minutes(v.From), "", ""
	return v, nil
}

// visitFields checks what is wrong whatever the state.
func (f File) visitFields(v Visit, today calendar.Date) fault.Fields {
	var e fault.Fields
	took := v.Kind != Unsuccessful
	e.Check(!v.On.IsZero() && !v.On.After(today), "visit.visited_on", "podaj dzień wizyty, nie późniejszy niż dzisiejszy.")
	e.Check(!v.On.Before(f.begun()), "visit.visited_on", "wizyta nie może być wcześniejsza niż otwarcie sprawy.")
	e.Check(v.Place != Elsewhere || v.PlaceNote != "", "visit.place_note", "wpisz, gdzie odbyło się spotkanie.")
	e.Check((v.From == "" && v.To == "" && !took) || minutes(v.To) > minutes(v.From) && minutes(v.From) >= 0, "visit.to_time_of_day",
		"podaj godzinę rozpoczęcia i późniejszą godzinę zakończenia.")
	e.Check(!took || v.Failure == "", "visit.unsuccessful_reason", "podaj powód tylko wtedy, gdy wizyta nie doszła do skutku.")
	e.Check(took || v.Failure != "", "visit.unsuccessful_reason", "podaj powód, dla którego wizyta nie doszła do skutku.")
	e.Check(v.Failure != NobodyAtHome || len(v.Members) == 0, "visit.member_ids", "nie było nikogo w domu, więc nie podawaj obecnych.")
	e.Check(len(v.Members) > 0 || (v.Kind != Meeting && v.Kind != Joint), "visit.member_ids", "zaznacz, kto z rodziny był na spotkaniu.")
	e.Check(len(v.WithStaff) > 0 || v.Kind != Joint, "visit.staff", "zaznacz pracownika, z którym odbyła się wspólna wizyta.")
	e.Check(len(v.Tasks) > 0 || !took, "visit.task_codes", "zaznacz co najmniej jedno zadanie asystenta.")
	e.Check(v.Findings != "" || !took, "visit.findings", "opisz przebieg spotkania.")
	e.Check(v.NextOn.IsZero() || v.NextOn.After(v.On), "visit.next_meeting_date", "następne spotkanie musi być późniejsze niż to.")
	for _, code := range v.Tasks {
		_, ok := catalogue.Task(code, v.On)
		e.Check(ok, "visit.task_codes", "jednego z zadań nie ma w katalogu obowiązującym w dniu wizyty; wybierz z listy.")
	}
	e.Check(f.knows(v.Members), "visit.member_ids", "jednej z osób nie ma w tej rodzinie; odśwież listę członków.")
	for _, s := range v.Signatures {
		e.Check((s.Member != "") != (s.Staff != "") && (s.Member == "" || slices.Contains(f.Members, s.Member)), "visit.signatures",
			"podpisać może członek tej rodziny albo pracownik.")
		e.Check(!s.On.Before(v.On) && !s.On.After(today), "visit.signatures", "podpis składa się od dnia wizyty do dziś.")
	}
	return e
}

func (f File) knows(members []string) bool {
	return !slices.ContainsFunc(members, func(m string) bool { return !slices.Contains(f.Members, m) })
}

// minutes of a day that "HH:MM" stands for, -1 where it is no time of day.
func minutes(s string) int {
	if len(s) != 5 || s[2] != ':' {
		return -1
	}
	digit := func(i int) int { return int(s[i]) - '0' }
	for _, i := range []int{0, 1, 3, 4} {
		if d := digit(i); d < 0 || d > 9 {
			return -1
		}
	}
	h, m := digit(0)*10+digit(1), digit(3)*10+digit(4)
	if h > 23 || m > 59 {
		return -1
	}
	return h*60 + m
}
