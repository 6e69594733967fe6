package workcard

import (
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

// Act says in which states of the file and by whom a command may be given. The table feeds Apply, the actions offered to callers and the tests.
type Act struct {
	Command string             // short name of the method
	Kinds   []VisitKind        // of entry, for commands on visits; nil: it does not matter
	States  []familyfile.State // in which the file must be
	Roles   []access.Role      // in which the caller acts
	Rule    string             // rule of the procedure
	Polish  string             // why it is refused in another state, and what to do
}

var (
	opened  = []familyfile.State{familyfile.AwaitingAssistant, familyfile.Assigned, familyfile.Cooperation, familyfile.Monitoring, familyfile.Ended}
	working = []access.Role{access.Assistant, access.ContractedBody}
	office  = []access.Role{access.Head, access.Assistant, access.ContractedBody}
	all     = []access.Role{access.Head, access.SocialWorker, access.Assistant, access.ContractedBody}
)

const never = "Ta teczka nie została otwarta; sprawdź numer sprawy."

// Acts are all acts of the work card.
var Acts = []Act{
	{Command: "RecordVisit", Kinds: []VisitKind{Meeting, Accompanying, Joint}, States: []familyfile.State{familyfile.Cooperation}, Roles: working, Rule: "step 11",
		Polish: "Spotkania zapisuje się w karcie pracy od rozpoczęcia współpracy do jej zakończenia. Przed jej rozpoczęciem zapisz najpierw wspólną wizytę i zgodę na współpracę; po zakończeniu pracy zapisz monitorowanie. Interwencję i wizytę, która nie doszła do skutku, zapisz pod właściwym rodzajem."},
	{Command: "RecordVisit", Kinds: []VisitKind{Unsuccessful}, States: []familyfile.State{familyfile.Assigned, familyfile.Cooperation}, Roles: working, Rule: "step 11",
		Polish: "Wizytę, która nie doszła do skutku, zapisuje się od przydzielenia asystenta do zakończenia pracy z rodziną."},
	{Command: "RecordVisit", Kinds: []VisitKind{Intervention}, States: opened, Roles: working, Rule: "step 16", Polish: never},
	{Command: "CorrectVisit", States: opened, Roles: office, Rule: "step 11", Polish: never},
	{Command: "RecordContact", States: []familyfile.State{familyfile.AwaitingAssistant, familyfile.Assigned, familyfile.Cooperation, familyfile.Monitoring},
		Roles: all, Rule: "step 14", Polish: "Kontakty zapisuje się, dopóki trwa usługa albo monitorowanie; ta sprawa jest zakończona."},
	{Command: "RecordIntervention", States: opened, Roles: all, Rule: "step 16", Polish: never},
	{Command: "RecordCourtRequest", States: opened, Roles: office, Rule: "step 18", Polish: never},
	{Command: "SendCourtOpinion", States: opened, Roles: office, Rule: "step 18", Polish: never},
	{Command: "NotifyNonCooperation", States: []familyfile.State{familyfile.Assigned, familyfile.Cooperation}, Roles: office, Rule: "step 17",
		Polish: "O braku współpracy informuje się sąd, gdy rodzina ma przydzielonego asystenta i praca z nią trwa."},
}

// Actions are the short names of the methods that start a new entry and that a caller in some roles may call on a file, for allowed_actions.
func Actions(c familyfile.Cover, roles ...access.Role) []string {
	var out []string
	for _, a := range Acts {
		mine := slices.ContainsFunc(a.Roles, func(r access.Role) bool { return slices.Contains(roles, r) })
		if mine && slices.Contains(a.States, c.State) && !slices.Contains(out, a.Command) && offered(a.Command, c) {
			out = append(out, a.Command)
		}
	}
	return out
}

// offered leaves out what acts on an entry and not on the file, and what the file lacks something for.
func offered(command string, c familyfile.Cover) bool {
	switch command {
	case "CorrectVisit", "SendCourtOpinion":
		return false
	case "NotifyNonCooperation":
		return slices.ContainsFunc(c.CourtOrders, func(o familyfile.CourtTerm) bool { return o.EndedOn.IsZero() })
	}
	return true
}

// allow checks a command against the table. Kind is that of a visit, "" for other commands.
func allow(command string, kind VisitKind, f File, by By) error {
	for _, a := range Acts {
		if a.Command != command || (a.Kinds != nil && !slices.Contains(a.Kinds, kind)) {
			continue
		}
		if !slices.Contains(a.Roles, by.Role) {
			return fault.Denied()
		}
		if !slices.Contains(a.States, f.Cover.State) {
			return fault.Precondition("NOT_IN_STATE", a.Rule, a.Polish)
		}
		return nil
	}
	return fault.Invalid("visit.kind", "UNKNOWN_KIND", "wybierz rodzaj wpisu.")
}

// MayCorrect says that CorrectVisit may be called on an entry.
func (f File) MayCorrect(v Visit, by By) bool {
	return allow("CorrectVisit", "", f, by) == nil && f.Card.SupersededBy(v.ID) == "" && (by.Role != access.Assistant || v.Staff == by.Staff)
}

// MaySend says that SendCourtOpinion may be called on a matter.
func (f File) MaySend(m Matter, by By) bool {
	return allow("SendCourtOpinion", "", f, by) == nil && m.Open()
}
