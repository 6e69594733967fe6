package referral

import (
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
)

// Apply gives what a referral becomes by a command of an actor on a day, or the refusal. It is total and pure; the referral given stays as it is. The
// zero Referral takes Create alone.
func Apply(r Referral, cmd Command, a Actor, today calendar.Date) (Referral, error) {
	if !May(cmd.Act(), a) {
		return r, fault.Denied()
	}
	line, _ := Line(cmd.Act())
	if !slices.Contains(line.From, r.State) {
		return r, line.outOfOrder(r.State)
	}
	if slices.Equal(line.Roles, addressee) {
		if err := mayDecide(r, a, line.Rule); err != nil {
			return r, err
		}
	}
	next := r
	if err := cmd.apply(&next, a, today); err != nil {
		return r, err
	}
	if line.To != None {
		next.State = line.To
	}
	return next, nil
}

// May says that the table opens an act to an actor, whatever the state of the referral.
func May(act Act, a Actor) bool {
	line, ok := Line(act)
	return ok && slices.Contains(line.Roles, a.Role) && line.openTo(a)
}

// openTo says that the act is not the centre's alone, or the actor works for the centre: who heads a contracted body (art. 190) acts as addressee only.
func (t Transition) openTo(a Actor) bool {
	return a.Role != access.Head || a.Body == "" || slices.Equal(t.Roles, addressee)
}

// mayDecide is the rule of step 6: whoever heads the addressee, or deputizes, opines and decides, and never on what was their own act.
func mayDecide(r Referral, a Actor, rule string) error {
	if r.Request == nil {
		return fault.Precondition("REQUEST_MISSING", rule, "Nie złożono wniosku o przydzielenie asystenta. Pracownik socjalny składa go w kroku 5.")
	}
	if own := r.ownWork(a); own {
		return fault.Precondition("REQUESTER_DECIDES", rule, "Wniosku nie może opiniować ani rozstrzygać osoba, która go złożyła lub przeprowadziła wywiad. Niech zrobi to kierownik albo jego zastępca (wyznacz zastępstwo).")
	}
	if r.Request.Addressee == CentreHead {
		if a.Role == access.Head && a.Body == "" {
			return nil
		}
	} else if a.Body != "" && a.Body == r.Request.Institution {
		return nil
	}
	return fault.Precondition("NOT_ADDRESSEE", rule, "Wniosek opiniuje i rozstrzyga osoba kierująca podmiotem, do którego go złożono (art. 11 ust. 3). Przekaż sprawę temu podmiotowi.")
}

// ownWork says that the actor made the request, held the interview, or is the social worker of the family.
func (r Referral) ownWork(a Actor) bool {
	same := func(b By) bool {
		return (b.Person != "" && b.Person == a.Person) || (b.Staff != "" && b.Staff == a.Staff)
	}
	return same(r.Request.By) || (r.Interview != nil && same(r.Interview.By)) || (r.Analysis != nil && same(r.Analysis.By)) || same(By{Staff: r.Route.SocialWorker})
}

func (c Create) apply(r *Referral, _ Actor, today calendar.Date) error {
	*r = Referral{ReceivedOn: c.ReceivedOn, Source: c.Source, Notice: c.Notice, ZaZyciem: c.ZaZyciem, ClientKind: kindOrFamily(c.ClientKind),
		Preventive: c.Preventive, Urgent: c.Urgent, Members: named(c.Members), Address: c.Address, Reason: c.Reason, LockedOut: c.LockedOut,
		Route: c.Route, Orders: c.Orders, Terms: c.Terms, SettingsVer: c.SettingsVer}
	r.withoutLockedOut(c.RoutePerson)
	var f fault.Fields
	r.checkFamily(&f, today)
	r.checkReceived(&f)
	for i, o := range r.Orders {
		o.check(&f, at("referral.court_orders", i)+".", today)
	}
	f.Check(c.Source != SourceOrder || len(c.Orders) > 0, "referral.court_orders", "przy zgłoszeniu z postanowienia sądu podaj to postanowienie.")
	f.Check(len(c.Orders) < 2 || uniqueOrders(c.Orders), "referral.court_orders", "postanowienia mają różne identyfikatory.")
	return f.Err()
}

func (c Update) apply(r *Referral, a Actor, today calendar.Date) error {
	lifted := func(p string) bool { return c.LockedOut != nil && !slices.Contains(*c.LockedOut, p) }
	if a.Role != access.Head && slices.ContainsFunc(r.LockedOut, lifted) {
		return fault.Precondition("LOCK_OUT_BY_HEAD", "step 1", "Wyłączenie osoby z wglądu w sprawę cofa tylko kierownik. Zostaw na liście osoby już wyłączone albo poproś kierownika.")
	}
	set(&r.ReceivedOn, c.ReceivedOn)
	set(&r.ClientKind, c.ClientKind)
	set(&r.Preventive, c.Preventive)
	set(&r.Urgent, c.Urgent)
	set(&r.Address, c.Address)
	set(&r.Reason, c.Reason)
	set(&r.LockedOut, c.LockedOut)
	r.ClientKind = kindOrFamily(r.ClientKind)
	if c.Notice != nil {
		r.Notice = c.Notice
	}
	if c.ZaZyciem != nil {
		r.ZaZyciem = c.ZaZyciem
	}
	var f fault.Fields
	if c.Members != nil {
		r.replaceMembers(*c.Members, c.KeepPesel, &f)
	}
	r.withoutLockedOut(c.RoutePerson)
	r.checkFamily(&f, today)
	if c.ReceivedOn != nil {
		r.checkReceived(&f)
	}
	f.Check(r.Interview == nil || !r.Interview.On.Before(r.ReceivedOn), "referral.received_on", "zgłoszenie nie mogło wpłynąć po wywiadzie, który już odnotowano.")
	return f.Err()
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// withoutLockedOut takes the referral off a social worker who is related to the family; the head then routes it.
func (r *Referral) withoutLockedOut(person string) {
	if person != "" && slices.Contains(r.LockedOut, person) {
		r.Route.SocialWorker, r.Route.Personal = "", true
	}
}

func (c Reroute) apply(r *Referral, _ Actor, _ calendar.Date) error {
	if slices.Contains(r.LockedOut, c.Person) || slices.Contains(c.LockedOut, c.Person) {
		return lockedOut("step 1", "Wskaż innego pracownika socjalnego")
	}
	if slices.Contains(decided, r.State) && !r.waitsForAnswer() {
		line, _ := Line(ActRoute)
		return line.outOfOrder(r.State)
	}
	r.Route = c.Route
	return nil
}

func lockedOut(rule, what string) error {
	return fault.Precondition("LOCKED_OUT", rule, "Ta osoba jest wyłączona ze sprawy z powodu powiązania z rodziną. "+what+".")
}

func (c RecordInterview) apply(r *Referral, a Actor, today calendar.Date) error {
	var f fault.Fields
	past(&f, "held_on", c.On, today)
	f.Check(!c.On.Before(r.ReceivedOn), "held_on", "wywiad nie mógł się odbyć przed wpływem zgłoszenia ("+r.ReceivedOn.Polish()+").")
	if err := f.Err(); err != nil {
		return err
	}
	r.Interview = &Interview{On: c.On, By: a.By, OriginalAt: c.OriginalAt}
	r.Urgent = r.Urgent || c.Urgent
	r.Analysis, r.Opinion = nil, nil // an analysis of an earlier interview no longer holds
	return nil
}

func (c RecordAnalysis) apply(r *Referral, a Actor, today calendar.Date) error {
	var f fault.Fields
	past(&f, "analysed_on", c.On, today)
	f.Check(!c.On.Before(r.Interview.On), "analysed_on", "analiza opiera się na wywiadzie, który odbył się "+r.Interview.On.Polish()+"; podaj tę lub późniejszą datę.")
	f.Check(c.Reasons != "", "reasons", "uzasadnij, dlaczego asystent jest potrzebny albo nie.")
	f.Check(c.Difficulty >= 1 && c.Difficulty <= 3, "difficulty", "stopień trudności to 1, 2 albo 3.")
	r.Analysis = &Analysis{On: c.On, Needed: c.Needed, Reasons: c.Reasons, Interested: c.Interested, Difficulty: c.Difficulty, By: a.By}
	return f.Err()
}

func (c RecordConsent) apply(r *Referral, _ Actor, today calendar.Date) error {
	var f fault.Fields
	past(&f, "offer_presented_on", c.OfferOn, today)
	f.Check(!c.OfferOn.Before(r.ReceivedOn), "offer_presented_on", "oferty nie można przedstawić przed wpływem zgłoszenia.")
	f.Check(len(c.Consents) > 0, "consents", "podaj decyzję co najmniej jednej osoby dorosłej.")
	r.OfferOn = c.OfferOn
	r.Consents = slices.Clone(r.Consents)
	for i, d := range c.Consents {
		r.checkConsent(&f, at("consents", i), d, c.OfferOn, today)
		r.Consents = append(r.Consents, d)
	}
	f.Check(len(r.Consents) <= maxConsents, "consents", "w tym zgłoszeniu odnotowano już zbyt wiele decyzji; zarejestruj nowe zgłoszenie.")
	return f.Err()
}

func (c RecordOrder) apply(r *Referral, _ Actor, today calendar.Date) error {
	var f fault.Fields
	c.Order.check(&f, "court_order.", today)
	orders := slices.DeleteFunc(slices.Clone(r.Orders), func(o Order) bool { return o.ID == c.Order.ID })
	before := r.ordered()
	r.Orders = append(orders, c.Order)
	f.Check(!before || r.ordered(), "court_order.ordered_on", r.orderedLate())
	f.Check(len(r.Orders) <= maxOrders, "court_order", "zgłoszenie mieści najwyżej 10 postanowień; popraw istniejące, podając jego identyfikator.")
	return f.Err()
}

func (c Return) apply(r *Referral, a Actor, today calendar.Date) error {
	if c.Reasons == "" {
		return fault.Invalid("reasons", "REASONS_MISSING", "podaj, co trzeba uzupełnić.")
	}
	on, err := r.decisionDay(c.On, today)
	if err != nil {
		return err
	}
	r.Decision = &Decision{On: on, By: a.By, Deputy: a.Deputy, Reasons: c.Reasons}
	r.Request, r.Opinion = nil, nil
	return nil
}

func (c Refuse) apply(r *Referral, a Actor, today calendar.Date) error {
	if c.Reasons == "" {
		return fault.Invalid("reasons", "REASONS_MISSING", "uzasadnij odmowę.")
	}
	on, err := r.decisionDay(c.On, today)
	if err != nil {
		return err
	}
	if r.boundOn(on, today) {
		return courtOrderBinds("step 6 (art. 109(2)(1) k.r.o.)", "Postanowienia sądu nie można odmówić wykonania. Przydziel asystenta, a gdy wszyscy mają komplet rodzin, zatwierdź wniosek bez asystenta: rodzina będzie czekać w kolejce.")
	}
	r.Decision = &Decision{On: on, By: a.By, Deputy: a.Deputy, Reasons: c.Reasons}
	return nil
}

func courtOrderBinds(rule, polish string) error {
	return fault.Precondition("COURT_ORDER_BINDS", rule, polish)
}

func (c AnswerInstitution) apply(r *Referral, a Actor, today calendar.Date) error {
	if !r.waitsForAnswer() {
		return fault.Precondition("NO_ANSWER_DUE", "step 7", "Żadna instytucja nie czeka na odpowiedź w tej sprawie: zgłoszenie nie pochodzi od instytucji albo odpowiedź już odnotowano.")
	}
	var f fault.Fields
	past(&f, "answered_on", c.On, today)
	f.Check(!c.On.Before(r.ReceivedOn), "answered_on", "odpowiedź nie mogła wyjść przed wpływem zgłoszenia.")
	f.Check(c.Outcome != Granted || r.State == Approved, "outcome", "rodzinie nie przyznano usługi; wybierz inną odpowiedź.")
	f.Check(c.Outcome != NotGranted || r.State != Approved, "outcome", "rodzinie przyznano usługę; wybierz inną odpowiedź.")
	r.Answer = &Answer{On: c.On, Outcome: c.Outcome, By: a.By}
	return f.Err()
}

// waitsForAnswer says that an institution gave notice and was not answered yet.
func (r Referral) waitsForAnswer() bool { return r.Source == SourceInstitution && r.Answer == nil }
