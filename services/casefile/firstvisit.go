package casefile

import (
	"slices"
	"strconv"

	"asysta.example/internal/calendar"
	"asysta.example/internal/catalogue"
	"asysta.example/internal/fault"
)

func (cmd RecordDocumentationRead) apply(o *Outcome, _ Actor, today calendar.Date) error {
	f := &o.File
	if !f.Cover.DocsReadOn.IsZero() {
		return fault.Precondition("ALREADY_RECORDED", "step 8", "Zapoznanie się z dokumentacją odnotowano już z dniem "+f.Cover.DocsReadOn.Polish()+".")
	}
	if err := f.pastDay(cmd.On, today, "read_on"); err != nil {
		return err
	}
	f.Cover.DocsReadOn = cmd.On
	return nil
}

func (cmd AgreeJointVisit) apply(o *Outcome, _ Actor, today calendar.Date) error {
	f := &o.File
	var fs fault.Fields
	notBefore(&fs, cmd.On, f.spellFrom(), "visit_date", "dzień rozpoczęcia sprawy")
	fs.Check(!cmd.On.IsZero(), "visit_date", "podaj dzień wspólnej wizyty.")
	fs.Check(!cmd.On.After(today.AddMonths(12)), "visit_date", "termin wizyty jest zbyt odległy; uzgodnij wcześniejszy.")
	if err := fs.Err(); err != nil {
		return err
	}
	f.Cover.NextVisitOn = cmd.On
	return nil
}

// The joint visit begins the cooperation by the consent of at least one adult, or under a court's order without any (step 9).
func (cmd RecordJointVisit) apply(o *Outcome, _ Actor, today calendar.Date) error {
	f, v := &o.File, cmd.Visit
	if f.Cover.DocsReadOn.IsZero() && !f.Cover.TakenOver {
		return fault.Precondition("DOCUMENTATION_FIRST", "step 8", "Przed wspólną wizytą asystent zapoznaje się z wywiadem i dokumentacją rodziny. Najpierw odnotuj krok 8.")
	}
	if err := f.checkVisit(v, today); err != nil {
		return err
	}
	given, err := f.takeVisitConsents(cmd, today)
	if err != nil {
		return err
	}
	if given && !v.RulesDiscussed {
		return rulesNotDiscussed()
	}
	v.Assistant = f.Cover.Assistant
	v.Members = slices.Clone(v.Members)
	f.Section.JointVisit = &v
	if f.Cover.JointVisitOn.IsZero() {
		f.Cover.JointVisitOn = v.On
	}
	f.Cover.NextVisitOn = calendar.Date{}
	if given || f.obliged(v.On) {
		f.startCooperation(v.On)
	}
	f.judgeConsent(v.On)
	return nil
}

func (f *File) checkVisit(v JointVisit, today calendar.Date) error {
	var fs fault.Fields
	notFuture(&fs, v.On, today, "visit.visited_on")
	if as := f.assignment(); as != nil {
		notBefore(&fs, v.On, as.From, "visit.visited_on", "dzień przydziału asystenta")
	}
	notBefore(&fs, v.On, f.spellFrom(), "visit.visited_on", "dzień rozpoczęcia sprawy")
	fs.Check(v.SocialWorker != "", "visit.social_worker", "podaj pracownika socjalnego, który był na wizycie.")
	fs.Check(v.SocialWorker != f.Cover.Assistant, "visit.social_worker", "wspólna wizyta wymaga dwóch osób: asystenta i pracownika socjalnego.")
	adults := 0
	for i, id := range v.Members {
		m, ok := f.Member(id)
		fs.Check(ok && m.Present(), "visit.member_ids["+strconv.Itoa(i)+"]", "nie ma takiego członka rodziny w tej sprawie.")
		fs.Check(slices.Index(v.Members, id) == i, "visit.member_ids["+strconv.Itoa(i)+"]", "ta osoba jest podana dwa razy.")
		if ok && m.Adult() {
			adults++
		}
	}
	fs.Check(adults > 0, "visit.member_ids", "podaj co najmniej jedną osobę dorosłą, która była na wizycie.")
	return fs.Err()
}

// takeVisitConsents adds the consents of a joint visit; it tells whether anybody consented. Every adult who took part has a decision, but under a court's order.
func (f *File) takeVisitConsents(cmd RecordJointVisit, today calendar.Date) (given bool, err error) {
	var decided []string
	for i, c := range cmd.Consents {
		path := "consents[" + strconv.Itoa(i) + "]"
		c.Kind = Cooperation
		if err := f.checkConsent(c, today, path); err != nil {
			return false, err
		}
		var fs fault.Fields
		fs.Check(slices.Contains(cmd.Visit.Members, c.Member), path+".member_id", "ta osoba nie była na wizycie; jej zgodę odnotuj osobno.")
		fs.Check(!slices.Contains(decided, c.Member), path+".member_id", "decyzja tej osoby jest podana dwa razy.")
		fs.Check(c.Decision != Withdrawn, path+".decision", "na pierwszej wizycie zgody się udziela lub odmawia.")
		fs.Check(c.SignedOn == cmd.Visit.On, path+".signature.signed_on", "zgoda z wizyty ma datę wizyty; zgodę z innego dnia odnotuj osobno.")
		if err := fs.Err(); err != nil {
			return false, err
		}
		decided = append(decided, c.Member)
		given = given || c.Decision == Given
		f.Section.Consents = append(f.Section.Consents, c)
	}
	for _, id := range cmd.Visit.Members {
		m, _ := f.Member(id)
		if m.Adult() && !slices.Contains(decided, id) && !f.obliged(cmd.Visit.On) {
			return false, consentMissing("step 9", "Podaj, czy każda osoba dorosła obecna na wizycie zgodziła się na aktywną współpracę, czy odmówiła. "+
				"Bez zgody pracuje się tylko na podstawie postanowienia sądu, które obowiązuje w dniu wizyty.")
		}
	}
	return given, nil
}

func consentMissing(rule, polish string) error {
	return fault.Precondition("CONSENT_MISSING", rule, polish)
}

func (cmd RecordExpectations) apply(o *Outcome, _ Actor, today calendar.Date) error {
	f, p := &o.File, cmd.Picture
	var fs fault.Fields
	notFuture(&fs, p.KnownOn, today, "picture.known_on")
	notBefore(&fs, p.KnownOn, f.spellFrom(), "picture.known_on", "dzień rozpoczęcia sprawy")
	seen := map[string]bool{}
	for i, m := range p.Members {
		path := "picture.members[" + strconv.Itoa(i) + "]"
		_, ok := f.Member(m.Member)
		fs.Check(ok, path+".member_id", "nie ma takiego członka rodziny w tej sprawie.")
		fs.Check(!seen[m.Member], path+".member_id", "ta osoba jest opisana dwa razy.")
		fs.Check(m != MemberPicture{Member: m.Member}, path, "opis tej osoby jest pusty.")
		seen[m.Member] = true
	}
	fs.Check(len(p.Members) > 0, "picture.members", "opisz co najmniej jednego członka rodziny: rozpoznanie prowadzi się dla każdego z osobna.")
	for i, code := range p.Tasks {
		_, ok := catalogue.Task(code, p.KnownOn)
		fs.Check(ok, "picture.task_codes["+strconv.Itoa(i)+"]", "nie ma takiego zadania w katalogu na ten dzień.")
	}
	if err := fs.Err(); err != nil {
		return err
	}
	if err := f.notStopped(p.KnownOn); err != nil {
		return err
	}
	p.Members, p.Tasks = slices.Clone(p.Members), slices.Clone(p.Tasks)
	f.Section.Picture = &p
	return nil
}
