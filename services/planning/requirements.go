package planning

import (
	"slices"

	"asysta.example/internal/fault"
)

// Missing says, rule by rule, what a draft still lacks before it may be adopted. Without a draft nothing is missing.
func Missing(f File, env Env) []*fault.Error {
	d := f.Section.Draft
	if d == nil {
		return nil
	}
	out := missingContent(*d)
	if _, ok := d.marked(Consultation, ""); !ok {
		out = append(out, fault.Precondition("PLAN_NOT_CONSULTED", "art. 15(1)(1)",
			"Plan nie ma adnotacji o konsultacji z pracownikiem socjalnym dla tej treści. Poproś pracownika socjalnego o odnotowanie konsultacji."))
	}
	if !f.signed() {
		out = append(out, fault.Precondition("PLAN_NOT_SIGNED", "step 12",
			"Pod tą treścią planu brak podpisu dorosłego członka rodziny. Odnotuj podpis co najmniej jednej osoby dorosłej albo jej odmowę podpisania."))
	}
	out = append(out, missingAgreement(f)...)
	if _, ok := d.marked(HeadApproval, ""); env.HeadApproves && !ok {
		out = append(out, fault.Precondition("PLAN_NOT_APPROVED", "setting of the gmina",
			"W tej gminie plan zatwierdza kierownik ośrodka. Przekaż plan kierownikowi do zatwierdzenia."))
	}
	return out
}

// missingAgreement asks for the agreement of each coordinator of a child in care.
func missingAgreement(f File) []*fault.Error {
	for _, child := range f.Cover.Children {
		if !child.InCare() {
			continue
		}
		if child.Coordinator == "" {
			return []*fault.Error{fault.Precondition("PLAN_COORDINATOR_UNKNOWN", "art. 15(1)(2)",
				"Dziecko przebywa w pieczy zastępczej, a w teczce nie wskazano koordynatora. Uzupełnij koordynatora dziecka w teczce rodziny.")}
		}
		if _, ok := f.Section.Draft.marked(Agreement, child.Coordinator); !ok {
			return []*fault.Error{fault.Precondition("PLAN_NOT_AGREED", "art. 15(1)(2)",
				"Dziecko przebywa w pieczy zastępczej: plan wymaga uzgodnienia tej samej treści z każdym koordynatorem rodzinnej pieczy zastępczej. Poproś koordynatora o uzgodnienie.")}
		}
	}
	return nil
}

// missingContent asks for what a plan has to say (step 12, art. 15(3)).
func missingContent(d Draft) []*fault.Error {
	var out []*fault.Error
	need := func(ok bool, reason, rule, polish string) {
		if !ok {
			out = append(out, fault.Precondition(reason, rule, polish))
		}
	}
	c := d.Content
	need(d.Version == 1 || c.Reason != "", "PLAN_REASON_MISSING", "step 12", "Zmiana planu wymaga podania powodu. Uzupełnij powód zmiany.")
	need(len(c.Diagnosis) > 0, "PLAN_DIAGNOSIS_MISSING", "step 12", "Plan nie ma diagnozy. Uzupełnij diagnozę co najmniej jednego obszaru życia rodziny.")
	mains := 0
	tagged := true
	for _, g := range c.Goals {
		if g.Main == "" {
			mains++
			tagged = tagged && len(g.Aims) > 0
		}
	}
	need(mains > 0, "PLAN_GOAL_MISSING", "step 12", "Plan nie ma celu głównego. Dodaj co najmniej jeden cel główny.")
	need(tagged, "PLAN_AIM_MISSING", "art. 8", "Każdy cel główny musi mieć wskazany cel wspierania rodziny z art. 8. Uzupełnij cele główne.")
	need(len(c.Actions) > 0, "PLAN_ACTION_MISSING", "art. 15(3)", "Plan nie ma działań. Dodaj działania służące celom.")
	incomplete := slices.ContainsFunc(c.Actions, func(a Action) bool { return !a.Complete() })
	need(!incomplete, "PLAN_ACTION_INCOMPLETE", "art. 15(3)",
		"Każde działanie musi mieć osobę odpowiedzialną, kod zadania, termin realizacji i przewidywany efekt. Uzupełnij działania.")
	return out
}

// Complete says that the action has what art. 15(3) asks for: responsible, task, term and expected effect.
func (a Action) Complete() bool {
	named := a.Who != "" || a.Responsible == ByAssistant || a.Responsible == BySocialWorker
	return a.Responsible != "" && named && a.Task != "" && !a.Due.IsZero() && a.Effect != ""
}
