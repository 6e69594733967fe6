package casefile

import (
	"slices"
	"strconv"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

func (Fence) apply(o *Outcome, _ Actor, _ calendar.Date) error {
	o.File = File{Cover: familyfile.Cover{State: familyfile.Fenced}}
	return nil
}

func (cmd Open) apply(o *Outcome, _ Actor, today calendar.Date) error {
	if err := cmd.begin(&o.File, today); err != nil {
		return err
	}
	c := &o.File.Cover
	c.Source, c.Referral = cmd.Source, cmd.Referral
	return cmd.staff(&o.File, cmd.OpenedOn)
}

// begin checks an opening and writes what every file starts with.
func (cmd Opening) begin(f *File, today calendar.Date) error {
	if err := cmd.check(today); err != nil {
		return err
	}
	f.Section = Section{PostalCode: cmd.Address.PostalCode, Members: slices.Clone(cmd.Members)}
	f.Cover = familyfile.Cover{
		Number: cmd.Number, State: familyfile.AwaitingAssistant, Basis: cmd.Basis, ClientKind: cmd.ClientKind, Preventive: cmd.Preventive,
		OpenedOn: cmd.OpenedOn, Area: cmd.Area, SocialWorker: cmd.SocialWorker, ContractedBody: cmd.Body, Difficulty: max(1, cmd.Difficulty),
		LockedOut: slices.Clone(cmd.LockedOut), Terms: cmd.Terms, SettingsVer: cmd.SettingsVer,
		Label: familyfile.Label{FamilyName: cmd.surname(), Place: cmd.Address.Place, Address: cmd.Address.Street},
	}
	if f.Cover.ClientKind == "" {
		f.Cover.ClientKind = "FAMILY"
	}
	f.Cover.Spells = []familyfile.Spell{{From: cmd.OpenedOn, Basis: cmd.Basis}}
	for _, m := range cmd.Members {
		if !m.Adult() {
			f.Cover.Children = append(f.Cover.Children, cmd.childOf(m))
		}
	}
	for i, c := range cmd.Consents {
		if err := f.checkConsent(c, today, "consents["+strconv.Itoa(i)+"]"); err != nil && !before(c, f.spellFrom()) {
			return err
		}
		f.Section.Consents = append(f.Section.Consents, c)
	}
	if cmd.Order != nil {
		f.addOrder(*cmd.Order, today)
	}
	f.retell()
	return nil
}

// before says that a consent was signed before the spell; consents 1 always are.
func before(c Consent, from calendar.Date) bool {
	return c.Kind == Participation && c.SignedOn.Before(from)
}

func (cmd Opening) childOf(m Member) familyfile.Child {
	ch := familyfile.Child{Member: m.ID}
	for _, care := range cmd.Care {
		if care.Member == m.ID {
			ch = care
		}
	}
	ch.BornOn = m.BornOn
	return ch
}

// staff gives the file its assistant, or lets the family wait.
func (cmd Opening) staff(f *File, since calendar.Date) error {
	if cmd.Assistant.Staff == "" {
		f.Cover.AwaitingSince = since
		return nil
	}
	f.Cover.State = familyfile.Assigned
	return f.take(cmd.Assistant, since)
}

// surname by which the office knows the family.
func (cmd Opening) surname() string {
	if cmd.FamilyName != "" {
		return cmd.FamilyName
	}
	for _, m := range cmd.Members {
		if m.Adult() {
			return m.FamilyName
		}
	}
	return ""
}

func (cmd Opening) check(today calendar.Date) error {
	var fs fault.Fields
	adults := 0
	for i, m := range cmd.Members {
		path := "members[" + strconv.Itoa(i) + "]"
		checkMember(&fs, m, today, path)
		fs.Check(slices.IndexFunc(cmd.Members, func(x Member) bool { return x.ID == m.ID }) == i, path+".member_id", "dwie osoby mają ten sam identyfikator.")
		if m.Adult() {
			adults++
		}
	}
	fs.Check(adults > 0, "members", "podaj co najmniej jedną osobę dorosłą.")
	fs.Check(cmd.Address.Place != "", "address.place", "podaj miejscowość.")
	notFuture(&fs, cmd.OpenedOn, today, "opened_on")
	fs.Check(cmd.Basis == familyfile.BasisConsent || cmd.Basis == familyfile.BasisCourtOrder, "basis", "podaj podstawę pracy z rodziną: zgodę albo postanowienie sądu.")
	fs.Check(cmd.Basis != familyfile.BasisCourtOrder || cmd.Order != nil, "court_order", "podaj postanowienie sądu, na podstawie którego prowadzona jest praca.")
	fs.Check(cmd.Difficulty >= 0 && cmd.Difficulty <= 3, "difficulty", "waga trudności to 1, 2 albo 3.")
	if cmd.Order != nil {
		checkOrder(&fs, *cmd.Order, today)
	}
	return fs.Err()
}

func checkMember(fs *fault.Fields, m Member, today calendar.Date, path string) {
	fs.Check(m.ID != "", path+".member_id", "brakuje identyfikatora osoby.")
	fs.Check(m.GivenName != "", path+".given_name", "podaj imię.")
	fs.Check(m.FamilyName != "", path+".family_name", "podaj nazwisko.")
	fs.Check(m.Role != "", path+".role", "podaj, kim ta osoba jest w rodzinie.")
	fs.Check(m.Adult() || !m.BornOn.IsZero(), path+".birth_date", "podaj datę urodzenia dziecka albo jego PESEL.")
	fs.Check(!m.BornOn.After(today), path+".birth_date", "data urodzenia nie może być późniejsza niż dzisiejsza.")
	fs.Check(m.Adult() || !m.Authority, path+".parental_authority", "władzę rodzicielską ma osoba dorosła.")
}

// A paper case brings its past along; dates must stand in the order of the procedure.
func (cmd TakeOver) apply(o *Outcome, a Actor, today calendar.Date) error {
	if cmd.AssistantSince.IsZero() {
		cmd.AssistantSince = cmd.OpenedOn
	}
	if err := cmd.checkPast(today); err != nil {
		return err
	}
	f := &o.File
	if err := cmd.begin(f, today); err != nil {
		return err
	}
	c := &f.Cover
	c.Source, c.TakenOver = familyfile.SourceTakenOver, true
	since := cmd.AssistantSince
	if cmd.Assistant.Staff == "" {
		since = cmd.OpenedOn
	}
	if err := cmd.staff(f, since); err != nil {
		return err
	}
	if !cmd.Day0.IsZero() {
		f.setDay0(cmd.Day0)
		if c.State == familyfile.Assigned {
			c.State = familyfile.Cooperation
		}
	}
	c.PlanAdoptedOn, c.PlanRevisedOn = cmd.PlanAdoptedOn, cmd.PlanAdoptedOn
	for _, as := range cmd.Assessments {
		c.Assessments = append(c.Assessments, familyfile.Assessed{Number: c.AssessmentOn(c.NextAssessment(), as.PresentedOn), PresentedOn: as.PresentedOn, ReceivedOn: as.ReceivedOn})
	}
	c.PaperVisits, c.LastVisitOn = cmd.Visits, cmd.LastVisitOn
	f.Section.Paper = &Paper{Reference: cmd.Reference, TakenOn: today, By: a.Staff}
	f.judgeConsent(today)
	return cmd.checkGround(f)
}

func (cmd TakeOver) checkPast(today calendar.Date) error {
	var fs fault.Fields
	start := "dzień objęcia rodziny pomocą"
	check := func(d, limit calendar.Date, path, what string) {
		fs.Check(!d.After(today), path, "data nie może być późniejsza niż dzisiejsza ("+today.Polish()+").")
		notBefore(&fs, d, limit, path, what)
	}
	check(cmd.AssistantSince, cmd.OpenedOn, "assistant_since_date", start)
	check(cmd.Day0, cmd.OpenedOn, "cooperation_start_date", start)
	check(cmd.PlanAdoptedOn, cmd.Day0, "plan_adopted_on", "dzień rozpoczęcia współpracy")
	check(cmd.LastVisitOn, cmd.OpenedOn, "last_visit_on", start)
	if !cmd.LastVisitOn.Before(cmd.OpenedOn) {
		check(cmd.LastVisitOn, cmd.Day0, "last_visit_on", "dzień rozpoczęcia współpracy, od którego prowadzi się kartę pracy")
	}
	worked := !cmd.PlanAdoptedOn.IsZero() || len(cmd.Assessments) > 0
	fs.Check(!cmd.Day0.IsZero() || !worked, "cooperation_start_date", "podaj dzień rozpoczęcia współpracy: bez niego nie ma planu ani ocen.")
	last := cmd.Day0
	for i, as := range cmd.Assessments {
		path := "assessments[" + strconv.Itoa(i) + "]"
		fs.Check(!as.PresentedOn.IsZero(), path+".presented_on", "podaj dzień przedstawienia oceny.")
		check(as.PresentedOn, last, path+".presented_on", "poprzednia czynność")
		check(as.ReceivedOn, as.PresentedOn, path+".received_on", "dzień przedstawienia oceny")
		last = as.PresentedOn
	}
	if cmd.Order != nil && cmd.Basis == familyfile.BasisCourtOrder {
		inForce(&fs, *cmd.Order, today)
	}
	fs.Check(cmd.Visits >= 0, "visits_count", "liczba wizyt nie może być ujemna.")
	return fs.Err()
}

// checkGround sees that voluntary work stands on a consent.
func (cmd TakeOver) checkGround(f *File) error {
	if cmd.Basis == familyfile.BasisCourtOrder {
		return nil
	}
	kind := Participation
	if !cmd.Day0.IsZero() {
		kind = Cooperation
	}
	for _, c := range f.Section.Consents {
		if c.Kind == kind && c.Decision == Given && f.mayConsent(c.Member) {
			return nil
		}
	}
	return consentMissing("step 9", "Praca dobrowolna wymaga pisemnej zgody co najmniej jednej osoby dorosłej z władzą rodzicielską. Wpisz zgodę z teczki papierowej albo podaj postanowienie sądu.")
}

// A new spell leads back to step 1: clocks and steps begin anew, number, members and history stay. Facts of the spell that ended are emptied, whichever
// service owns them.
func (cmd Reopen) apply(o *Outcome, a Actor, today calendar.Date) error {
	f := &o.File
	if err := cmd.check(f, today); err != nil {
		return err
	}
	c, s := &f.Cover, &f.Section
	basis := cmd.Basis
	c.Source, c.Referral, c.TakenOver = cmd.Source, cmd.Referral, false
	c.KeepTerms()
	c.Spells = append(c.Spells, familyfile.Spell{From: cmd.OpenedOn, Basis: basis})
	c.State, c.AwaitingSince = familyfile.AwaitingAssistant, cmd.OpenedOn
	c.Assistant, c.AssistantPer = "", ""
	c.Day0, c.DocsReadOn, c.JointVisitOn, c.NextVisitOn = calendar.Date{}, calendar.Date{}, calendar.Date{}, calendar.Date{}
	c.ClosedOn, c.ClosureReason, c.MonitoredOn, c.StoppedOn = calendar.Date{}, "", nil, calendar.Date{}
	c.PlanAdoptedOn, c.PlanRevisedOn, c.PlanHash = calendar.Date{}, calendar.Date{}, ""
	c.Assessments, c.GoalsTotal, c.GoalsAchieved = nil, 0, 0
	c.Terms, c.SettingsVer = cmd.Terms, cmd.SettingsVer
	s.JointVisit, s.Proposal, s.Monitoring, s.EndedBy = nil, nil, nil, nil
	s.Reopenings = append(s.Reopenings, Reopening{On: cmd.OpenedOn, By: a.Staff, Source: cmd.Source, Referral: cmd.Referral, Reason: cmd.Reason})
	s.Consents = append(s.Consents, cmd.Consents...)
	if cmd.Order != nil {
		f.addOrder(*cmd.Order, today)
	}
	if f.bound(cmd.OpenedOn) {
		basis = familyfile.BasisCourtOrder
	}
	f.setBasis(basis)
	cmd.keepOut(c)
	if cmd.Assistant.Staff == "" {
		return nil
	}
	c.State = familyfile.Assigned
	return f.take(cmd.Assistant, cmd.OpenedOn)
}

// keepOut locks out of the file whom the referral keeps out. A social worker among them is taken off the file, as of the referral; the head gives it to another.
func (cmd Reopen) keepOut(c *familyfile.Cover) {
	c.LockedOut = slices.Concat(c.LockedOut, cmd.LockedOut)
	slices.Sort(c.LockedOut)
	c.LockedOut = slices.Compact(c.LockedOut)
	if slices.Contains(cmd.LockedOut, cmd.Worker) {
		c.SocialWorker = ""
	}
}

func (cmd Reopen) check(f *File, today calendar.Date) error {
	var fs fault.Fields
	notFuture(&fs, cmd.OpenedOn, today, "opened_on")
	notBefore(&fs, cmd.OpenedOn, f.Cover.ClosedOn, "opened_on", "dzień zakończenia pracy")
	for _, m := range f.Cover.MonitoredOn {
		notBefore(&fs, cmd.OpenedOn, m.On, "opened_on", "monitorowanie po zakończeniu pracy")
	}
	fs.Check(cmd.Referral != "" || cmd.Reason != "", "reason", "podaj nowe zgłoszenie albo powód wznowienia pracy.")
	if cmd.Order != nil {
		checkOrder(&fs, *cmd.Order, today)
		inForce(&fs, *cmd.Order, cmd.OpenedOn)
	}
	fs.Check(cmd.Basis != familyfile.BasisCourtOrder || cmd.Order != nil || f.bound(cmd.OpenedOn), "court_order", "podaj postanowienie sądu, na podstawie którego prowadzona będzie praca.")
	if err := fs.Err(); err != nil {
		return err
	}
	given := cmd.Referral != "" && cmd.Grounded || cmd.Basis == familyfile.BasisCourtOrder || f.bound(cmd.OpenedOn)
	for i, c := range cmd.Consents {
		if err := f.checkConsent(c, today, "consents["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
		if c.Kind != Participation || c.SignedOn.Before(f.Cover.ClosedOn) {
			return fault.Invalid("consents["+strconv.Itoa(i)+"]", "CONSENT_OF_ANOTHER_SPELL", "do wznowienia potrzebna jest zgoda na udział podpisana po zakończeniu poprzedniej pracy.")
		}
		given = given || c.Decision == Given && f.mayConsent(c.Member)
	}
	if !given {
		return consentMissing("step 4", "Bez postanowienia sądu co najmniej jedna osoba dorosła z władzą rodzicielską musi na piśmie zgodzić się na ponowny udział. Dołącz nową zgodę albo podaj zgłoszenie, w którym ją odnotowano.")
	}
	return nil
}
