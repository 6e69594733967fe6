package referral

import (
	"fmt"
	"slices"
	"strings"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
)

// Transition is one line of the law: the act leads from one of the states to a state, in one of the roles.
type Transition struct {
	Act   Act
	From  []State
	To    State // "" keeps the state
	Roles []access.Role
	Rule  string // Polish: step of the procedure, with the article where there is one
	Doing string // Polish, infinitive: what the act is, for refusals
}

var (
	socialWorker = []access.Role{access.SocialWorker}
	addressee    = []access.Role{access.Head, access.ContractedBody}
	beforeAsking = []State{Received, Interviewed, Analysed, Returned}
	undecided    = []State{Received, Interviewed, Analysed, Returned, Requested}
	decided      = []State{Approved, Refused, Closed}
)

// Transitions is the table of steps 1 to 7. Code, tests and the state diagram derive from it.
var Transitions = []Transition{
	{ActCreate, []State{None}, Received, []access.Role{access.SocialWorker, access.Head}, "step 1", "zarejestrować zgłoszenia"},
	{ActUpdate, beforeAsking, None, []access.Role{access.SocialWorker, access.Head}, "step 1", "zmienić danych rodziny"},
	{ActRoute, append(slices.Clone(undecided), decided...), None, []access.Role{access.Head}, "step 1", "przekazać zgłoszenia innemu pracownikowi socjalnemu"},
	{ActInterview, []State{Received, Interviewed, Returned}, Interviewed, socialWorker, "step 2 (art. 11(1))", "odnotować wywiadu środowiskowego"},
	{ActAnalysis, []State{Interviewed, Analysed, Returned}, Analysed, socialWorker, "step 3 (art. 11(2))", "odnotować analizy sytuacji rodziny"},
	{ActConsent, []State{Analysed, Returned, Requested}, None, socialWorker, "step 4", "odnotować zgody rodziny"},
	{ActOrder, undecided, None, []access.Role{access.SocialWorker, access.Head}, "step 1 (art. 109(2)(1) k.r.o.)", "odnotować postanowienia sądu"},
	{ActRequest, []State{Analysed}, Requested, socialWorker, "step 5 (art. 11(3))", "wystąpić o przydzielenie asystenta"},
	{ActOpinion, []State{Requested}, None, addressee, "step 6", "zaopiniować wywiadu"},
	{ActApprove, []State{Requested}, Approving, addressee, "step 6", "zatwierdzić wywiadu i przydzielić asystenta"},
	{ActFileOpened, []State{Approving}, Approved, []access.Role{access.System}, "step 6", "zakończyć zatwierdzania"},
	{ActFileRejected, []State{Approving}, Requested, []access.Role{access.System}, "step 6", "cofnąć zatwierdzania"},
	{ActReturn, []State{Requested}, Returned, addressee, "step 6", "zwrócić wniosku"},
	{ActRefuse, []State{Requested}, Refused, addressee, "step 6", "odmówić przydzielenia asystenta"},
	{ActClose, undecided, Closed, socialWorker, "step 3", "zamknąć zgłoszenia"},
	{ActAnswer, decided, None, socialWorker, "step 7", "odpowiedzieć instytucji"},
}

// Line gives the line of the table for an act.
func Line(act Act) (Transition, bool) {
	for _, t := range Transitions {
		if t.Act == act {
			return t, true
		}
	}
	return Transition{}, false
}

// next says, for each state, what the person at the desk has to do first.
var next = map[State]string{
	Received:    "zgłoszenie czeka na wywiad środowiskowy. Przeprowadź wywiad i odnotuj go (krok 2).",
	Interviewed: "zgłoszenie czeka na analizę sytuacji rodziny. Odnotuj analizę (krok 3).",
	Analysed:    "wniosek o asystenta nie został jeszcze złożony. Odnotuj zgodę rodziny (krok 4) i wystąp o przydzielenie asystenta (krok 5).",
	Requested:   "wniosek czeka na opinię i decyzję adresata (krok 6). Poczekaj na decyzję albo poproś o zwrot wniosku.",
	Approving:   "trwa zakładanie teczki rodziny. Odczekaj chwilę i odczytaj zgłoszenie ponownie.",
	Approved:    "zgłoszenie jest zatwierdzone i założono teczkę rodziny. Dalsze czynności prowadź w teczce rodziny.",
	Returned:    "wniosek został zwrócony. Uzupełnij wywiad lub analizę (krok 2 lub 3) i złóż wniosek ponownie.",
	Refused:     "odmówiono przydzielenia asystenta. Jeżeli sytuacja rodziny się zmieniła, zarejestruj nowe zgłoszenie.",
	Closed:      "zgłoszenie jest zamknięte. Jeżeli sytuacja rodziny się zmieniła, zarejestruj nowe zgłoszenie.",
}

// outOfOrder refuses an act in a state that does not allow it.
func (t Transition) outOfOrder(s State) error {
	if s == None {
		return fault.NotFound()
	}
	what := next[s]
	if t.Act == ActCreate {
		what = "to zgłoszenie już istnieje. Odczytaj je i kontynuuj."
	}
	return fault.Precondition("NOT_IN_STATE", t.Rule, "Nie można teraz "+t.Doing+": "+what)
}

// Allowed lists the acts that an actor in one of the roles may try next, in the order of the table. Acts of the system are not listed.
func Allowed(r Referral, a Actor, roles []access.Role) []string {
	var acts []string
	for _, t := range Transitions {
		if t.Act == ActCreate || !slices.Contains(t.From, r.State) || !slices.ContainsFunc(t.Roles, func(x access.Role) bool { return slices.Contains(roles, x) }) {
			continue
		}
		if !t.openTo(a) {
			continue
		}
		if slices.Equal(t.Roles, addressee) && mayDecide(r, a, t.Rule) != nil {
			continue
		}
		if t.Act == ActAnswer && !r.waitsForAnswer() {
			continue
		}
		acts = append(acts, string(t.Act))
	}
	return acts
}

// Mermaid draws the state diagram of the table.
func Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, t := range Transitions {
		for _, from := range t.From {
			to := t.To
			if to == None {
				to = from
			}
			source := string(from)
			if from == None {
				source = "[*]"
			}
			fmt.Fprintf(&b, "    %s --> %s: %s\n", source, to, t.Act)
		}
	}
	for _, s := range decided {
		fmt.Fprintf(&b, "    %s --> [*]\n", s)
	}
	return b.String()
}
