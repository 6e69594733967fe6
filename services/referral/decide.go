package referral

import (
	"slices"

	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
)

func (c RequestAssistant) apply(r *Referral, a Actor, today calendar.Date) error {
	var f fault.Fields
	past(&f, "requested_on", c.On, today)
	f.Check(!c.On.Before(r.Analysis.On), "requested_on", "wniosek składa się po analizie ("+r.Analysis.On.Polish()+").")
	if err := f.Err(); err != nil {
		return err
	}
	if err := r.grounds(today, "step 5 (art. 11(3))"); err != nil {
		return err
	}
	to, err := c.addressed()
	if err != nil {
		return err
	}
	to.On, to.By = c.On, a.By
	r.Request, r.Opinion, r.Decision = &to, nil, nil
	r.Terms, r.SettingsVer = c.Terms, c.SettingsVer
	return nil
}

// addressed checks the addressee against the gmina's organiser of family work (art. 10(1), art. 11(3)).
func (c RequestAssistant) addressed() (Request, error) {
	const rule = "step 5 (art. 10(1), art. 11(3))"
	o := c.Organiser
	if o.Kind == "" {
		o.Kind = CentreHead
	}
	if c.Addressee != "" && c.Addressee != o.Kind {
		return Request{}, fault.Precondition("ADDRESSEE_NOT_ORGANISER", rule, "Pracę z rodziną organizuje w tej gminie inny podmiot. Skieruj wniosek do podmiotu wskazanego w ustawieniach gminy albo poproś o ich poprawienie.")
	}
	if o.Kind != CentreHead && (o.Institution == "" || o.Resolution == "" || o.ResolutionOn.IsZero()) {
		return Request{}, fault.Precondition("RESOLUTION_MISSING", rule, "W ustawieniach gminy brakuje podmiotu organizującego pracę z rodziną albo numeru i daty uchwały rady gminy. Poproś o ich uzupełnienie.")
	}
	if o.Kind == CentreHead {
		o.Institution = ""
	}
	return Request{Addressee: o.Kind, Institution: o.Institution, Resolution: o.Resolution, ResolutionOn: o.ResolutionOn}, nil
}

// grounds are what a request and its approval rest on: interview, analysis, and a court order in force or the family's interest and consent.
func (r Referral) grounds(today calendar.Date, rule string) error {
	if r.Interview == nil {
		return fault.Precondition("INTERVIEW_MISSING", "step 2 (art. 11(1))", "Brakuje wywiadu środowiskowego. Przeprowadź go i odnotuj (krok 2).")
	}
	if r.Analysis == nil {
		return fault.Precondition("ANALYSIS_MISSING", "step 3 (art. 11(2))", "Brakuje analizy sytuacji rodziny po ostatnim wywiadzie. Odnotuj ją (krok 3).")
	}
	if _, ok := r.OrderOn(today); ok {
		return nil
	}
	switch {
	case !r.Analysis.Needed:
		return fault.Precondition("NOT_NEEDED", rule, "Analiza wskazuje, że asystent nie jest potrzebny. Zamknij zgłoszenie albo popraw analizę (krok 3).")
	case !r.Analysis.Interested:
		return fault.Precondition("NOT_INTERESTED", rule, "Rodzina nie jest zainteresowana współpracą z asystentem. Zamknij zgłoszenie albo popraw analizę (krok 3).")
	case r.OfferOn.IsZero():
		return fault.Precondition("OFFER_NOT_PRESENTED", "step 4", "Rodzinie nie przedstawiono jeszcze oferty. Przedstaw ją i odnotuj decyzje dorosłych (krok 4).")
	case !r.Consented():
		return fault.Precondition("CONSENT_MISSING", "step 4", "Brakuje pisemnej zgody co najmniej jednej osoby dorosłej z władzą rodzicielską albo została ona wycofana. Uzyskaj zgodę (krok 4) lub zamknij zgłoszenie.")
	}
	return nil
}

func (c GiveOpinion) apply(r *Referral, a Actor, today calendar.Date) error {
	var f fault.Fields
	past(&f, "given_on", c.On, today)
	f.Check(!c.On.Before(r.Request.On), "given_on", "opinię wydaje się po złożeniu wniosku ("+r.Request.On.Polish()+").")
	r.Opinion = &Opinion{On: c.On, By: a.By, Favourable: c.Favourable, Text: c.Text}
	return f.Err()
}

func (c Approve) apply(r *Referral, a Actor, today calendar.Date) error {
	const rule = "step 6"
	on, err := r.decisionDay(c.On, today)
	if err != nil {
		return err
	}
	if err := r.grounds(on, rule); err != nil {
		return err
	}
	_, ordered := r.OrderOn(on)
	switch {
	case r.Opinion == nil:
		return fault.Precondition("OPINION_MISSING", rule, "Wywiad nie został zaopiniowany. Wydaj opinię, a potem zatwierdź wywiad.")
	case !r.Opinion.Favourable && !ordered:
		return fault.Precondition("OPINION_UNFAVOURABLE", rule, "Opinia jest niekorzystna. Wydaj nową opinię albo zwróć wniosek lub odmów przydzielenia asystenta.")
	case c.Served:
		return fault.Precondition("FAMILY_HAS_FILE", rule, "Członek tej rodziny ma już w gminie otwartą teczkę (ten sam numer PESEL). Zobacz listę podobnych spraw; zgłoszenie można zwrócić i zamknąć jako obsługiwane.")
	case c.Duplicates && !c.DuplicatesReviewed:
		return fault.Precondition("DUPLICATES_NOT_REVIEWED", rule, "W gminie są sprawy, które mogą dotyczyć tej samej rodziny. Przejrzyj ich listę i potwierdź to przy zatwierdzaniu (duplicates_reviewed).")
	case c.FamilyFile == "" || slices.Contains(r.AbandonedFiles, c.FamilyFile):
		return fault.Conflict()
	}
	if err := c.checkAssistant(r, ordered); err != nil {
		return err
	}
	r.Decision = &Decision{On: on, By: a.By, Deputy: a.Deputy, Assistant: c.Assistant, DuplicatesReviewed: c.DuplicatesReviewed}
	r.FamilyFile = c.FamilyFile
	return nil
}

// decisionDay is the day of a decision of step 6: today where it is not said, never in the future, never before the request and its opinion.
func (r *Referral) decisionDay(on, today calendar.Date) (calendar.Date, error) {
	if on.IsZero() {
		on = today
	}
	var f fault.Fields
	past(&f, "decided_on", on, today)
	f.Check(!on.Before(r.Request.On), "decided_on", "wniosek rozstrzyga się po jego złożeniu ("+r.Request.On.Polish()+").")
	f.Check(r.Opinion == nil || !on.Before(r.Opinion.On), "decided_on", "wniosek rozstrzyga się po zaopiniowaniu wywiadu.")
	return on, f.Err()
}

// boundOn says that a court order binds on the day of a decision or by now.
func (r *Referral) boundOn(on, today calendar.Date) bool {
	_, then := r.OrderOn(on)
	_, now := r.OrderOn(today)
	return then || now
}

func (c Approve) checkAssistant(r *Referral, ordered bool) error {
	const rule = "step 6"
	switch {
	case c.Assistant == "" && !ordered:
		return fault.Precondition("ASSISTANT_MISSING", rule, "Wskaż asystenta rodziny. Bez asystenta można zatwierdzić tylko wniosek z postanowieniem sądu, gdy wszyscy asystenci mają komplet rodzin.")
	case c.Assistant == "":
		return nil
	case slices.Contains(r.LockedOut, c.AssistantPerson):
		return lockedOut(rule, "Wskaż innego asystenta")
	case c.AssistantWorker || c.Assistant == r.Route.SocialWorker:
		return fault.Precondition("ASSISTANT_IS_SOCIAL_WORKER", "art. 17", "Asystentem rodziny nie może być pracownik socjalny tej gminy. Wskaż inną osobę.")
	case r.Request.Addressee == ContractedBody && c.AssistantBody != r.Request.Institution:
		return fault.Precondition("OTHER_BODY", rule, "Ten asystent nie pracuje w podmiocie, któremu zlecono pracę z rodziną. Wskaż asystenta tego podmiotu.")
	}
	return nil
}

func (c FileOpened) apply(r *Referral, _ Actor, _ calendar.Date) error {
	if c.FamilyFile != r.FamilyFile {
		return fault.Conflict()
	}
	return nil
}

func (c FileRejected) apply(r *Referral, _ Actor, _ calendar.Date) error {
	if c.FamilyFile != r.FamilyFile {
		return fault.Conflict()
	}
	r.AbandonedFiles = append(slices.Clone(r.AbandonedFiles), c.FamilyFile)
	r.FamilyFile, r.Decision = "", nil
	return nil
}

func (c Close) apply(r *Referral, a Actor, today calendar.Date) error {
	const rule = "step 3"
	var f fault.Fields
	past(&f, "closed_on", c.On, today)
	f.Check(!c.On.Before(r.ReceivedOn), "closed_on", "zgłoszenia nie można zamknąć przed jego wpływem.")
	if err := f.Err(); err != nil {
		return err
	}
	if _, ok := r.OrderOn(today); ok && c.Reason != AlreadyServed {
		return courtOrderBinds("step 6 (art. 109(2)(1) k.r.o.)", "Rodzinę zobowiązuje postanowienie sądu, zgłoszenia nie można zamknąć. Wystąp o przydzielenie asystenta (krok 5).")
	}
	switch {
	case c.Reason == NotNeeded && (r.Analysis == nil || r.Analysis.Needed):
		return fault.Precondition("ANALYSIS_SAYS_NEEDED", rule, "Analiza nie wskazuje, że asystent jest zbędny. Odnotuj lub popraw analizę (krok 3), a potem zamknij zgłoszenie.")
	case c.Reason == NotInterested && !r.uninterested():
		return fault.Precondition("FAMILY_INTERESTED", "steps 3 and 4", "Z analizy i zgód nie wynika, że rodzina nie chce współpracy. Popraw analizę (krok 3) albo odnotuj odmowę zgody (krok 4).")
	case c.Reason == AlreadyServed && r.State == Requested:
		return fault.Precondition("REQUEST_PENDING", "step 6", "Wniosek czeka na rozstrzygnięcie. Poproś adresata o zwrot wniosku, a potem zamknij zgłoszenie.")
	}
	r.Closure = &Closure{On: c.On, Reason: c.Reason, Remark: c.Remark, By: a.By}
	return nil
}

// uninterested says that the analysis or the adults' decisions show no will to cooperate.
func (r Referral) uninterested() bool {
	if r.Analysis != nil && !r.Analysis.Interested {
		return true
	}
	return len(r.Consents) > 0 && !r.Consented()
}
