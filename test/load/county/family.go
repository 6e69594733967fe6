package county

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/workcard"
	"asysta.example/services/planning"
)

// family is one family's file while its story is told: the state that the cores work on, and what is to be committed.
type family struct {
	spec   Spec
	office office
	n      int // number of the file in the county
	fate   fate
	dice   *rand.Rand

	id, referral string
	number       string
	assistant    member // nobody while the family waits
	worker       member
	opened, day0 calendar.Date
	closed       calendar.Date // zero while the family is worked with

	members []casefile.Member
	life    casefile.File
	plan    planning.Section
	card    workcard.Card
	visits  int // entries made
	err     error
	commits []step
}

// step is one commit of the story.
type step struct {
	by      access.Role
	member  member
	method  string
	on      calendar.Date
	change  store.Change
	request string
}

// newFamily draws the family with number n of the county, the k-th of its gmina.
func (s Spec) newFamily(o office, n, k int) *family {
	f := &family{spec: s, office: o, n: n, fate: fates[n%block], dice: s.random(diceFamily, n)}
	f.id, f.referral = s.id(f.dice), s.id(f.dice)
	f.worker = o.workers[k%workers]
	f.opened = s.Day.AddDays(-420 - f.dice.IntN(340))
	switch f.fate {
	case assigned:
		f.opened = s.Day.AddDays(-3 - f.dice.IntN(5))
	case awaiting:
		f.opened = s.Day.AddDays(-2 - f.dice.IntN(40))
	case monitored:
		f.closed = s.Day.AddDays(-20 - f.dice.IntN(120))
		f.opened = f.opened.AddDays(-60)
	case ended:
		f.closed = s.Day.AddDays(-120 - f.dice.IntN(120))
		f.opened = f.opened.AddDays(-240)
	}
	f.day0 = f.opened.AddDays(9)
	f.number = fmt.Sprintf("AR/%d/%d", k+1, f.opened.Year())
	switch {
	case f.fate.placed():
		f.assistant = o.assistants[placeOf(k)%len(o.assistants)]
	case f.fate != awaiting:
		f.assistant = o.assistants[k%len(o.assistants)]
	}
	return f
}

// placeOf counts the families before the k-th of a gmina that take a place of a caseload.
func placeOf(k int) int {
	n := k / block * places
	for i := range k % block {
		if fates[i].placed() {
			n++
		}
	}
	return n
}

// household draws the members; their numbers are sealed by whoever writes.
func (f *family) household(seal func(pesel string) (casefileSeal, error)) error {
	name := pick(f.dice, surnames)
	add := func(id string, role casefile.MemberRole, given, family string, ageFrom, span int) error {
		born := f.spec.Day.AddDays(-365*ageFrom - f.dice.IntN(365*span) - 1)
		m := casefile.Member{ID: id, Role: role, GivenName: given, FamilyName: family, BornOn: born, Authority: role != casefile.ChildRole}
		var err error
		m.Pesel, err = seal(pesel(born, f.n*7+len(f.members)*1111))
		f.members = append(f.members, m)
		return err
	}
	if err := add("m", casefile.Mother, pick(f.dice, women), name[1], 24, 16); err != nil {
		return err
	}
	if f.dice.IntN(3) > 0 {
		if err := add("o", casefile.Father, pick(f.dice, men), name[0], 26, 18); err != nil {
			return err
		}
	}
	for i := range 1 + f.dice.IntN(4) {
		if err := add(fmt.Sprintf("d%d", i+1), casefile.ChildRole, pick(f.dice, children), name[0], 4, 13); err != nil {
			return err
		}
	}
	return nil
}

func (f *family) adults() []string {
	var ids []string
	for _, m := range f.members {
		if m.Adult() {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// live tells the story from the approval to the day of the county.
func (f *family) live() error {
	f.open()
	if f.fate.worked() {
		f.meet()
		f.know()
		f.adopt()
		f.work()
	}
	if !f.closed.IsZero() {
		f.end()
	}
	return f.err
}

// do gives a command to the lifecycle.
func (f *family) do(on calendar.Date, role access.Role, m member, cmds ...casefile.Command) casefile.Outcome {
	var o casefile.Outcome
	for _, cmd := range cmds {
		if f.err != nil {
			return o
		}
		if o, f.err = casefile.Apply(f.life, cmd, casefile.Actor{Staff: m.staff, Person: m.person, Role: role}, on); f.err == nil {
			f.life = o.File
		}
	}
	return o
}

// keep notes a commit of what the file has become.
func (f *family) keep(on calendar.Date, by access.Role, m member, method string, records ...store.Record) {
	if f.err != nil {
		return
	}
	c := store.Change{Cover: f.life.Cover, Deadlines: slices.Clone(familyfile.Deadlines(f.life.Cover)), Audience: []string{}, Records: records,
		Sections: map[string]any{casefile.SectionName: f.life.Section}}
	f.commits = append(f.commits, step{by: by, member: m, method: method, on: on, change: c, request: fmt.Sprintf("load-%d-%d-%d", f.spec.Seed, f.n, len(f.commits)+1)})
}

// section puts another section in the place of the lifecycle's in the last commit.
func (f *family) section(name string, value any) {
	if f.err == nil {
		f.commits[len(f.commits)-1].change.Sections = map[string]any{name: value}
	}
}

func (f *family) open() {
	cmd := casefile.Open{Referral: f.referral, Source: familyfile.SourceInstitution, Opening: casefile.Opening{
		Number: f.number, Basis: familyfile.BasisConsent, ClientKind: "FAMILY", Members: f.members,
		Address:      casefile.Address{Place: f.office.place, Street: fmt.Sprintf("%s %d", pick(f.dice, streets), 1+f.dice.IntN(80)), PostalCode: "19-213"},
		SocialWorker: f.worker.staff, Area: areaID(slices.IndexFunc(f.office.workers, func(m member) bool { return m.staff == f.worker.staff })),
		Difficulty: 1 + f.dice.IntN(3), OpenedOn: f.opened, Terms: f.office.settings.Terms(), SettingsVer: 1,
		Consents: []casefile.Consent{{Member: "m", Kind: casefile.Participation, Decision: casefile.Given, SignedOn: f.opened.AddDays(-4), OriginalAt: "teczka, k. 3"}},
	}}
	if f.fate != awaiting {
		cmd.Assistant = casefile.Assistant{Staff: f.assistant.staff, Person: f.assistant.person}
	}
	f.do(f.opened, access.System, member{}, cmd)
	f.keep(f.opened, access.System, member{}, "/asysta.casefile.v1.CaseworkInternalService/OpenFamilyFile")
}

// meet is steps 8 and 9.
func (f *family) meet() {
	visit := casefile.RecordJointVisit{Visit: casefile.JointVisit{On: f.day0, SocialWorker: f.worker.staff, Members: f.adults(), RulesDiscussed: true, Note: pick(f.dice, agreements)}}
	for i, m := range f.adults() {
		c := casefile.Consent{Member: m, Kind: casefile.Cooperation, Decision: casefile.Given, SignedOn: f.day0, OriginalAt: "teczka, k. 7"}
		if i > 0 && f.dice.IntN(5) == 0 {
			c.Decision = casefile.Refused
		}
		visit.Consents = append(visit.Consents, c)
	}
	f.do(f.day0, access.Assistant, f.assistant, casefile.RecordDocumentationRead{On: f.opened.AddDays(3)}, visit)
	f.keep(f.day0, access.Assistant, f.assistant, "/asysta.casefile.v1.CasefileService/RecordJointVisit")
}

// know is step 10.
func (f *family) know() {
	on := f.day0.AddDays(12)
	p := casefile.Picture{KnownOn: on, Family: pick(f.dice, resources), Community: pick(f.dice, resources), Institutions: "szkoła, poradnia psychologiczno-pedagogiczna, ośrodek zdrowia",
		Scope: "Dwa spotkania w miesiącu, wsparcie w sprawach wychowawczych i domowych.", Tasks: []string{"3", "6", "9"}}
	for _, m := range f.adults() {
		p.Members = append(p.Members, casefile.MemberPicture{Member: m, Situation: pick(f.dice, problems), Resources: pick(f.dice, resources), Expectations: pick(f.dice, expectations)})
	}
	f.do(on, access.Assistant, f.assistant, casefile.RecordExpectations{Picture: p})
	f.keep(on, access.Assistant, f.assistant, "/asysta.casefile.v1.CasefileService/RecordExpectations")
}

// end is steps 20 and 21.
func (f *family) end() {
	reason := pick(f.dice, []string{"GOALS_ACHIEVED", "FAMILY_WITHDREW", "MOVED_AWAY"})
	f.do(f.closed, access.Head, f.office.head, casefile.Close{Closure: &casefile.Closure{On: f.closed, Reason: reason, Assessment: pick(f.dice, situations)}})
	f.keep(f.closed, access.Head, f.office.head, "/asysta.casefile.v1.CasefileService/CloseFamilyFile")
	if f.fate == ended {
		on := f.closed.AddDays(31)
		f.do(on, access.Head, f.office.head, casefile.EndMonitoring{Reason: "rodzina radzi sobie sama"})
		f.keep(on, access.Head, f.office.head, "/asysta.casefile.v1.CasefileService/EndMonitoring")
	}
}

// write commits the story, step by step.
func (f *family) write(ctx context.Context, b *builder) error {
	scope := b.store.For(f.office.teryt)
	whole, p := piled(ctx)
	doc := scope.New(store.Ref{Kind: store.FamilyFiles, ID: f.id})
	for _, s := range f.commits {
		c := s.change
		c.Actor = store.Actor{Person: s.member.person, Staff: s.member.staff, Role: string(s.by), Subject: s.member.subject, Instance: "load"}
		if s.by == access.System {
			c.Actor.System = "referral"
		}
		c.Method, c.RequestID, c.RecordedAt = s.method, s.request, noon(s.on)
		c.BodyHash = hashOf(s.request)
		next, _, err := scope.Commit(whole, doc, c)
		if err != nil {
			return fmt.Errorf("county: file %d: %w", f.n, err)
		}
		doc = next
	}
	if err := p.write(ctx, b.engine); err != nil {
		return fmt.Errorf("county: file %d: %w", f.n, err)
	}
	b.size(doc)
	return nil
}
