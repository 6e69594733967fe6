package workcard

import (
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
)

// Party is with whom somebody was in contact.
type Party string

// Parties of a contact.
const (
	WithAssistant    Party = "ASSISTANT"
	WithSocialWorker Party = "SOCIAL_WORKER"
	WithHead         Party = "HEAD"
	WithInstitution  Party = "INSTITUTION"
	WithCoordinator  Party = "COORDINATOR"
	WithTeam         Party = "TEAM" // zespół interdyscyplinarny, grupa diagnostyczno-pomocowa
	WithOther        Party = "OTHER"
)

// Contact is an exchange about the family (step 14), as recorded.
type Contact struct {
	ID          string        `bson:"id"`
	On          calendar.Date `bson:"on"`
	Channel     string        `bson:"channel"` // IN_PERSON, PHONE, EMAIL, WRITTEN
	Party       Party         `bson:"party"`
	Staff       string        `bson:"staff,omitempty"`       // staff id
	Institution string        `bson:"institution,omitempty"` // institution id
	PartyNote   string        `bson:"party_note,omitempty"`
	Summary     string        `bson:"summary"`
	Progress    bool          `bson:"progress,omitempty"` // progress and difficulties discussed with the head
}

// RecordContact records a contact.
type RecordContact struct{ Contact Contact }

func (RecordContact) isCommand() {}

func recordContact(f File, c RecordContact, by By, today calendar.Date) (Outcome, error) {
	if err := allow("RecordContact", "", f, by); err != nil {
		return Outcome{}, err
	}
	n := c.Contact
	var e fault.Fields
	e.Check(!n.On.IsZero() && !n.On.After(today), "contact.contacted_on", "podaj dzień kontaktu, nie późniejszy niż dzisiejszy.")
	e.Check(!n.On.Before(f.begun()), "contact.contacted_on", "kontakt nie może być wcześniejszy niż otwarcie sprawy.")
	e.Check(n.Party != WithOther || n.PartyNote != "", "contact.party_note", "wpisz, z kim był kontakt.")
	e.Check(n.Party != WithInstitution || n.Institution != "" || n.PartyNote != "", "contact.institution", "wskaż instytucję albo wpisz jej nazwę.")
	e.Check(n.Institution == "" || n.Party == WithInstitution, "contact.institution", "instytucję podaje się tylko przy kontakcie z instytucją.")
	ofCentre := slices.Contains([]Party{WithAssistant, WithSocialWorker, WithHead}, n.Party)
	e.Check(n.Staff == "" || ofCentre, "contact.staff", "pracownika podaje się tylko przy kontakcie z asystentem, pracownikiem socjalnym lub kierownikiem.")
	e.Check(!n.Progress || n.Party == WithHead || by.Role == access.Head, "contact.progress_discussion", "postępy omawia się z kierownikiem; wskaż go jako rozmówcę.")
	e.Check(n.Summary != "", "contact.summary", "wpisz, co ustalono.")
	if err := e.Err(); err != nil {
		return Outcome{}, err
	}
	return Outcome{Cover: f.Cover, Card: f.Card, Contact: &n}, nil
}

// ChildRemoval is the action of removing a child under art. 12a of the act against domestic violence.
const ChildRemoval = "CHILD_REMOVAL"

// Informed is the action of informing or calling others.
const Informed = "INFORMED"

// InterventionNote is what was done at once about a threat (step 16), as recorded.
type InterventionNote struct {
	ID          string        `bson:"id"`
	On          calendar.Date `bson:"on"`
	At          string        `bson:"at,omitempty"` // HH:MM
	Threat      string        `bson:"threat"`       // VIOLENCE, HEALTH, CHILD_SAFETY, OTHER
	Members     []string      `bson:"members,omitempty"`
	Description string        `bson:"description"`
	Actions     []string      `bson:"actions"`
	Informed    []string      `bson:"informed,omitempty"`
	BlueCard    bool          `bson:"blue_card,omitempty"` // a procedure was started; its content is never here
}

// RecordIntervention records an intervention.
type RecordIntervention struct{ Note InterventionNote }

func (RecordIntervention) isCommand() {}

func recordIntervention(f File, c RecordIntervention, by By, today calendar.Date) (Outcome, error) {
	if err := allow("RecordIntervention", "", f, by); err != nil {
		return Outcome{}, err
	}
	n := c.Note
	works := by.Staff != "" && by.Staff == f.Cover.Assistant // the deputy of the head, too, where they are the family's assistant
	if slices.Contains(n.Actions, ChildRemoval) && (by.Body || works || (by.Role != access.SocialWorker && by.Role != access.Head)) {
		return Outcome{}, fault.Precondition("REMOVAL_NOT_BY_ASSISTANT", "art. 12a",
			"Odebrania dziecka z rodziny (art. 12a ustawy o przeciwdziałaniu przemocy domowej) dokonuje pracownik socjalny z Policją, nigdy asystent. Zawiadom pracownika socjalnego i Policję, a tu zapisz, kogo zawiadomiono.")
	}
	var e fault.Fields
	e.Check(!n.On.IsZero() && !n.On.After(today), "intervention.intervened_on", "podaj dzień interwencji, nie późniejszy niż dzisiejszy.")
	e.Check(!n.On.Before(f.begun()), "intervention.intervened_on", "interwencja nie może być wcześniejsza niż otwarcie sprawy.")
	e.Check(n.At == "" || minutes(n.At) >= 0, "intervention.time_of_day", "godzina ma postać GG:MM.")
	e.Check(f.knows(n.Members), "intervention.member_ids", "jednej z osób nie ma w tej rodzinie; odśwież listę członków.")
	e.Check(len(n.Actions) > 0, "intervention.actions", "zaznacz, co zrobiono.")
	e.Check(!slices.Contains(n.Actions, Informed) || len(n.Informed) > 0, "intervention.informed", "zaznacz, kogo zawiadomiono.")
	e.Check(n.Description != "", "intervention.description", "opisz zdarzenie i to, co zrobiono.")
	if err := e.Err(); err != nil {
		return Outcome{}, err
	}
	return Outcome{Cover: f.Cover, Card: f.Card, Intervention: &n}, nil
}
