package planning

import (
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

// Act is something that somebody does to plan, assessment or coordination.
type Act string

// The acts.
const (
	ActCreate   Act = "CREATE_DRAFT"
	ActUpdate   Act = "UPDATE"
	ActDiscard  Act = "DISCARD"
	ActConsult  Act = "RECORD_CONSULTATION"
	ActSign     Act = "RECORD_SIGNATURES"
	ActAgree    Act = "AGREE_AS_COORDINATOR"
	ActApprove  Act = "APPROVE"
	ActAdopt    Act = "ADOPT"
	ActProgress Act = "RECORD_PROGRESS"

	ActAssess   Act = "CREATE_ASSESSMENT"
	ActReassess Act = "UPDATE_ASSESSMENT"
	ActPresent  Act = "PRESENT"
	ActReceive  Act = "RECEIVE"

	ActLink    Act = "LINK_GOALS"
	ActSignOff Act = "SIGN_OFF"
	ActPublish Act = "CHILD_PLAN_PUBLISHED"
	ActReview  Act = "CHILD_REVIEWED"
)

// Transition is one line of the law: in which stages and by whom an act is allowed, and where it leads.
type Transition struct {
	Act   Act
	From  []Stage
	To    Stage // "" keeps the stage
	Roles []access.Role
	Rule  string // step of the procedure or article
}

var (
	worker  = []access.Role{access.Assistant, access.ContractedBody}
	drafts  = []Stage{Drafting, Revising}
	adopted = []Stage{InForce, Revising}
	always  = []Stage{None, Drafting, InForce, Revising}
)

// PlanTransitions is the table of the plan and its coordination. Code, tests and the state diagram derive from it.
var PlanTransitions = []Transition{
	{ActCreate, []Stage{None}, Drafting, worker, "step 12"},
	{ActCreate, []Stage{InForce}, Revising, worker, "step 12"},
	{ActUpdate, drafts, "", worker, "step 12"},
	{ActDiscard, []Stage{Drafting}, None, worker, "step 12"},
	{ActDiscard, []Stage{Revising}, InForce, worker, "step 12"},
	{ActConsult, drafts, "", []access.Role{access.SocialWorker}, "art. 15(1)(1)"},
	{ActSign, drafts, "", worker, "step 12"},
	{ActAgree, drafts, "", []access.Role{access.Coordinator}, "art. 15(1)(2)"},
	{ActApprove, drafts, "", []access.Role{access.Head}, "setting of the gmina"},
	{ActAdopt, drafts, InForce, worker, "step 12"},
	{ActProgress, adopted, "", worker, "step 12"},
	{ActLink, adopted, "", []access.Role{access.Assistant, access.ContractedBody, access.Coordinator}, "step 13"},
	{ActSignOff, adopted, "", []access.Role{access.Assistant, access.ContractedBody, access.Coordinator}, "step 13"},
	{ActPublish, always, "", []access.Role{access.Coordinator}, "step 13"},
	{ActReview, always, "", []access.Role{access.Coordinator}, "art. 131"},
}

// AssessmentTransitions is the table of one periodic assessment.
var AssessmentTransitions = []Transition{
	{ActAssess, []Stage{None}, Drafting, worker, "step 15"},
	{ActReassess, []Stage{Drafting}, "", worker, "step 15"},
	{ActPresent, []Stage{Drafting}, Presented, worker, "step 15"},
	{ActReceive, []Stage{Presented}, Received, []access.Role{access.Head}, "step 15"},
}

// next gives the stage after an act, or false where the table does not allow it.
func next(table []Transition, act Act, from Stage) (Stage, Transition, bool) {
	var line Transition
	for _, t := range table {
		if t.Act != act {
			continue
		}
		line = t
		if slices.Contains(t.From, from) {
			if t.To == "" {
				return from, t, true
			}
			return t.To, t, true
		}
	}
	return "", line, false
}

// refusals say what to do where the table does not allow an act on the plan.
var refusals = map[Act][2]string{
	ActCreate:   {"PLAN_DRAFT_EXISTS", "Projekt planu jest już otwarty. Zmień go albo odrzuć, zanim zaczniesz nowy."},
	ActProgress: {"PLAN_NOT_IN_FORCE", "Nie ma jeszcze obowiązującego planu. Najpierw przyjmij plan pracy z rodziną (krok 12)."},
	ActLink:     {"PLAN_NOT_IN_FORCE", "Nie ma jeszcze obowiązującego planu pracy z rodziną. Powiązanie celów będzie możliwe po jego przyjęciu."},
	ActSignOff:  {"PLAN_NOT_IN_FORCE", "Nie ma jeszcze obowiązującego planu pracy z rodziną. Uzgodnienie będzie możliwe po jego przyjęciu."},
}

// allowed checks the state of the file and the stage of the plan.
func allowed(f File, act Act) error {
	if act != ActPublish && act != ActReview && f.Cover.State != familyfile.Cooperation {
		return notCooperating()
	}
	if _, line, ok := next(PlanTransitions, act, f.Section.Stage()); !ok {
		r, known := refusals[act]
		if !known {
			r = [2]string{"PLAN_NOT_DRAFT", "Ta wersja planu nie jest projektem: przyjętej wersji nie można zmieniać. Zacznij nowy projekt z podaniem powodu zmiany."}
		}
		return fault.Precondition(r[0], line.Rule, r[1])
	}
	return nil
}

// stopped refuses voluntary work after every consent to it was withdrawn, or after the last day of the court's order where nobody consented.
func stopped(f File, on calendar.Date) error {
	if !f.Cover.Stopped(on) {
		return nil
	}
	return fault.Precondition("VOLUNTARY_WORK_STOPPED", "step 9",
		f.Cover.StoppedWhy()+", więc planu się nie prowadzi. Odnotuj nową zgodę na współpracę (krok 9), nowe postanowienie sądu albo zakończ pracę z rodziną.")
}

func notCooperating() error {
	return fault.Precondition("FILE_NOT_IN_COOPERATION", "step 9",
		"Teczka nie jest w okresie współpracy. Plan i ocenę prowadzi się od wspólnej pierwszej wizyty (krok 9) do zakończenia pracy z rodziną.")
}
