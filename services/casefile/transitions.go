package casefile

import (
	"fmt"
	"slices"
	"strings"

	"asysta.example/internal/access"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

// None is the state of a file that does not exist.
const None familyfile.State = ""

// Transition is one line of the law: the command is allowed in the states From, in one of the roles, and leads to one of the states To.
type Transition struct {
	Command Name
	From    []familyfile.State
	To      []familyfile.State // where it may lead; empty keeps the state
	Roles   []access.Role
	Rule    string // step of the procedure or article
	Doing   string // Polish, what the command is, for refusals ("Nie można teraz …")
}

var (
	byAssistant = []access.Role{access.Assistant, access.ContractedBody}
	byAll       = []access.Role{access.Assistant, access.SocialWorker, access.Head, access.ContractedBody}
	byOffice    = []access.Role{access.SocialWorker, access.Assistant, access.Head}
	byHead      = []access.Role{access.Head}
	byHeads     = []access.Role{access.Head, access.ContractedBody}
	bySystem    = []access.Role{access.System}

	waiting     = []familyfile.State{familyfile.AwaitingAssistant}
	assigned    = []familyfile.State{familyfile.Assigned}
	cooperation = []familyfile.State{familyfile.Cooperation}
	withOne     = []familyfile.State{familyfile.Assigned, familyfile.Cooperation}
	active      = []familyfile.State{familyfile.AwaitingAssistant, familyfile.Assigned, familyfile.Cooperation}
	monitoring  = []familyfile.State{familyfile.Monitoring}
	living      = append(slices.Clone(active), familyfile.Monitoring)
	closed      = []familyfile.State{familyfile.Monitoring, familyfile.Ended}
	existing    = append(slices.Clone(living), familyfile.Ended)
	absent      = []familyfile.State{None}
)

// Transitions is the table of the lifecycle. Code, tests and the state diagram derive from it.
var Transitions = []Transition{
	{NameOpen, absent, []familyfile.State{familyfile.AwaitingAssistant, familyfile.Assigned}, bySystem, "step 6", "otworzyć teczki rodziny"},
	{NameFence, absent, []familyfile.State{familyfile.Fenced}, bySystem, "step 6", "zwolnić numeru teczki"},
	{NameTakeOver, absent, active, byHead, "paper case", "przejąć sprawy papierowej"},
	{NameUpdate, living, nil, byAll, "step 10", "zmienić danych rodziny"},
	{NameAssign, waiting, withOne, byHeads, "step 6", "przydzielić asystenta"},
	{NameReassign, append(slices.Clone(withOne), familyfile.Monitoring), nil, byHeads, "step 6", "przekazać rodziny innemu asystentowi"},
	{NameUnassign, withOne, waiting, byHead, "step 6", "odwołać asystenta"},
	{NameDocumentationRead, withOne, nil, byAssistant, "step 8", "odnotować zapoznania się z dokumentacją"},
	{NameAgreeVisit, assigned, nil, []access.Role{access.Assistant, access.ContractedBody, access.SocialWorker}, "step 8", "uzgodnić wspólnej wizyty"},
	{NameJointVisit, assigned, withOne, byAssistant, "step 9", "odnotować wspólnej wizyty"},
	{NameConsent, active, withOne, byAll, "step 9", "odnotować zgody rodziny"},
	{NameMembers, living, nil, byAll, "step 10", "zmienić składu rodziny"},
	{NameExpectations, cooperation, nil, byAssistant, "step 10", "odnotować rozpoznania sytuacji rodziny"},
	{NameBlueCard, living, nil, byAll, "step 16", "zmienić odniesienia do Niebieskiej Karty"},
	{NameAddOrder, active, nil, byAll, "art. 109(2)(1) k.r.o.", "dodać postanowienia sądu"},
	{NameEndOrder, existing, nil, byOffice, "step 17", "odnotować końca postanowienia sądu"},
	{NameLockOut, existing, nil, byHead, "step 6", "wyłączyć osoby z wglądu"},
	{NameLiftLockOut, existing, nil, byHead, "step 6", "cofnąć wyłączenia osoby"},
	{NameProposeDecision, withOne, nil, byAssistant, "step 19", "zgłosić przeszkody w pracy z rodziną"},
	{NameConfirmDecision, active, nil, byHead, "step 19", "podjąć wspólnej decyzji"},
	{NameProposeClosure, withOne, nil, byAssistant, "step 20", "wnioskować o zakończenie pracy"},
	{NameClose, active, closed, byHead, "step 20", "zakończyć pracy z rodziną"},
	{NameMonitoring, monitoring, closed, byAll, "step 21", "odnotować monitorowania"},
	{NameEndMonitoring, monitoring, []familyfile.State{familyfile.Ended}, byHead, "step 21", "zakończyć monitorowania"},
	{NameReopen, closed, []familyfile.State{familyfile.AwaitingAssistant, familyfile.Assigned}, byHead, "step 21", "wznowić pracy z rodziną"},
	{NameDifficulty, active, nil, byAssistantAndHead(), "art. 15(4)", "zmienić wagi trudności"},
	{NameCorrectDay0, []familyfile.State{familyfile.AwaitingAssistant, familyfile.Cooperation, familyfile.Monitoring, familyfile.Ended}, nil, byHead, "step 9", "poprawić dnia rozpoczęcia współpracy"},
	{NameCorrectConsent, living, active, byHead, "step 9", "poprawić zgody"},
	{NameCorrectAssignment, existing, nil, byHead, "step 6", "poprawić dat przydziału"},
}

func byAssistantAndHead() []access.Role {
	return []access.Role{access.Head, access.Assistant, access.ContractedBody}
}

// Line gives the line of the table for a command.
func Line(n Name) (Transition, bool) {
	for _, t := range Transitions {
		if t.Command == n {
			return t, true
		}
	}
	return Transition{}, false
}

// Leads says whether the table lets the command lead from one state to another.
func (t Transition) Leads(from, to familyfile.State) bool {
	return slices.Contains(t.From, from) && (from == to && !slices.Equal(t.From, absent) || slices.Contains(t.To, to))
}

// now says, for each state, where the file stands and what can be done.
var now = map[familyfile.State]string{
	familyfile.AwaitingAssistant: "rodzina czeka na asystenta. Kierownik musi najpierw przydzielić asystenta (krok 6).",
	familyfile.Assigned:          "współpraca z rodziną jeszcze się nie rozpoczęła. Najpierw odnotuj wspólną wizytę i zgodę rodziny (kroki 8–9).",
	familyfile.Cooperation:       "współpraca z rodziną już trwa, ten krok jest za Wami. Jeżeli wpis jest błędny, kierownik może go poprawić z podaniem przyczyny.",
	familyfile.Monitoring:        "praca z rodziną jest zakończona i trwa monitorowanie. Jeżeli rodzina znów potrzebuje pomocy, kierownik może wznowić pracę (krok 21).",
	familyfile.Ended:             "sprawa rodziny jest zakończona. Jeżeli rodzina znów potrzebuje pomocy, kierownik może wznowić pracę (krok 21).",
	familyfile.Fenced:            "ten numer teczki został zwolniony i nie może być użyty. Otwórz sprawę pod nowym numerem.",
}

// stillWorking says it for the steps that follow the closure, which lie ahead while the family is served.
const stillWorking = "praca z rodziną nie została zakończona. Najpierw kierownik musi ją zakończyć z podaniem przyczyny i oceny końcowej (krok 20)."

// Faults of the table.
const (
	ReasonState  = "NOT_IN_STATE" // the state does not allow the command
	ReasonFenced = "FILE_FENCED"  // the number of the file was given up
)

// outOfOrder refuses a command in a state that does not allow it.
func (t Transition) outOfOrder(s familyfile.State) error {
	reason := ReasonState
	if s == familyfile.Fenced {
		reason = ReasonFenced
	}
	if s == None {
		return fault.NotFound()
	}
	where := now[s]
	if s.Active() && !slices.ContainsFunc(t.From, familyfile.State.Active) && len(t.From) > 0 && t.From[0] != None {
		where = stillWorking
	}
	return fault.Precondition(reason, t.Rule, "Nie można teraz "+t.Doing+": "+where)
}

// Allowed lists the commands that may be tried next in one of the roles, in the order of the table. Beginnings and acts of the system are not listed.
func Allowed(f File, roles []access.Role) []string {
	var out []string
	for _, t := range Transitions {
		mine := slices.ContainsFunc(t.Roles, func(r access.Role) bool { return r != access.System && slices.Contains(roles, r) })
		if mine && f.Cover.State != None && slices.Contains(t.From, f.Cover.State) && (ready[t.Command] == nil || ready[t.Command](f)) {
			out = append(out, string(t.Command))
		}
	}
	return out
}

// ready says for some commands what beside the state they need, so that nobody is offered what would be refused.
var ready = map[Name]func(File) bool{
	NameDocumentationRead: func(f File) bool { return f.Cover.DocsReadOn.IsZero() },
	NameJointVisit:        func(f File) bool { return !f.Cover.DocsReadOn.IsZero() || f.Cover.TakenOver },
	NameReassign:          func(f File) bool { return f.Cover.Assistant != "" },
	NameEndOrder:          func(f File) bool { return f.unended() },
	NameLiftLockOut:       func(f File) bool { return len(f.Cover.LockedOut) > 0 },
	NameProposeDecision:   func(f File) bool { return f.openDecision() == nil },
	NameConfirmDecision:   func(f File) bool { return f.openDecision() != nil },
	NameClose:             func(f File) bool { return f.openDecision() == nil },
	NameCorrectDay0:       func(f File) bool { return !f.Cover.Day0.IsZero() },
	NameCorrectConsent:    func(f File) bool { return len(f.Section.Consents) > 0 },
	NameCorrectAssignment: func(f File) bool { return len(f.Cover.Assignments) > 0 },
}

// Mermaid draws the state diagram of the table; commands that keep the state are left out.
func Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, t := range Transitions {
		for _, from := range t.From {
			for _, to := range t.To {
				if from == to {
					continue
				}
				source := string(from)
				if from == None {
					source = "[*]"
				}
				fmt.Fprintf(&b, "    %s --> %s: %s\n", source, to, t.Command)
			}
		}
	}
	fmt.Fprintf(&b, "    %s --> [*]\n    %s --> [*]\n", familyfile.Ended, familyfile.Fenced)
	return b.String()
}
