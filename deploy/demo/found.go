package demo

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	directoryv1 "asysta.example/proto/gen/asysta/directory/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/rpc"
	"asysta.example/internal/scenario"
)

// found puts the founding of the county's offices on the agenda: on its second day, after the scenario's own.
func (c *county) found() {
	c.coordinators = []string{"", ""}
	day := c.start.AddDays(1)
	c.agenda = append(c.agenda, event{day: day, what: "PCPR", do: func(ctx context.Context) (err error) {
		c.coordinators[1], err = c.countyPerson(ctx, "Krystyna Walkowiak", "koordynator2", directoryv1.CountyRole_COUNTY_ROLE_COORDINATOR)
		return err
	}})
	hers, his := 0, 0
	next := func() string { // names alternate
		if (hers+his)%3 == 2 {
			his++
			return staffHis[(his-1)%len(staffHis)]
		}
		hers++
		return staffHers[(hers-1)%len(staffHers)]
	}
	for _, g := range c.gminas {
		c.agenda = append(c.agenda, event{day: day, what: g.display, do: func(ctx context.Context) error { return c.office(ctx, g, next) }})
	}
}

// listScenario adds the people of the scenario to the table, without doubling anybody.
func (c *county) listScenario(f *scenario.File) {
	var first []Person
	for _, r := range f.People() {
		first = append(first, Person{Role: r.Who, Subject: r.Subject})
	}
	c.people = append(first, c.people...)
}

func (c *county) countyPerson(ctx context.Context, display, subject string, role directoryv1.CountyRole) (string, error) {
	p, err := as(ctx, c, Administrator, func(ctx context.Context, rid string) (*directoryv1.Person, error) {
		return c.directory.CreatePerson(ctx, &directoryv1.CreatePersonRequest{Parent: "powiaty/" + County, RequestId: rid,
			Person: &directoryv1.Person{DisplayName: display, CountyRoles: []directoryv1.CountyRole{role}}})
	})
	if err != nil {
		return "", err
	}
	c.people = append(c.people, Person{Role: "koordynatorka rodzinnej pieczy zastępczej, PCPR", Subject: subject})
	return p.GetName(), c.login(ctx, p.GetName(), subject)
}

// login links a login subject to a person.
func (c *county) login(ctx context.Context, person, subject string) error {
	_, err := as(ctx, c, Administrator, func(ctx context.Context, rid string) (*directoryv1.Person, error) {
		p, err := c.directory.GetPerson(ctx, &directoryv1.GetPersonRequest{Name: person})
		if err != nil {
			return nil, err
		}
		return c.directory.LinkSubject(ctx, &directoryv1.LinkSubjectRequest{Name: person, Subject: subject, Etag: p.GetEtag(), RequestId: rid})
	})
	return err
}

// office makes a gmina with its people, partners and settings.
func (c *county) office(ctx context.Context, g *gmina, next func() string) error {
	if !g.founded {
		if _, err := as(ctx, c, Administrator, func(ctx context.Context, rid string) (*directoryv1.Gmina, error) {
			return c.directory.CreateGmina(ctx, &directoryv1.CreateGminaRequest{Parent: "powiaty/" + County, GminaId: g.teryt, RequestId: rid,
				Gmina: &directoryv1.Gmina{DisplayName: g.display, Office: g.office}})
		}); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context, *gmina, func() string) error{c.heads, c.partners, c.employ, c.settle} {
		if err := step(ctx, g, next); err != nil {
			return err
		}
	}
	return nil
}

// heads gives the gmina its head, whom the scenario has made where the gmina is its neighbour.
func (c *county) heads(ctx context.Context, g *gmina, next func() string) (err error) {
	if g.slug == "pyzdry" {
		g.head, err = c.headOf(ctx, g)
		return err
	}
	g.head, err = c.hire(ctx, g, Administrator, post{kind: "kierownik", only: true, name: next(), position: "kierownik ośrodka", role: directoryv1.GminaRole_GMINA_ROLE_HEAD, who: "kierownik ośrodka"})
	return err
}

func (c *county) headOf(ctx context.Context, g *gmina) (string, error) {
	list, err := as(ctx, c, Administrator, func(ctx context.Context, _ string) (*directoryv1.ListStaffMembersResponse, error) {
		return c.directory.ListStaffMembers(ctx, &directoryv1.ListStaffMembersRequest{Parent: g.name(), Role: directoryv1.GminaRole_GMINA_ROLE_HEAD})
	})
	if err != nil {
		return "", err
	}
	if len(list.GetStaffMembers()) != 1 {
		return "", fmt.Errorf("%s has %d heads", g.display, len(list.GetStaffMembers()))
	}
	return list.GetStaffMembers()[0].GetName(), nil
}

// post is what somebody is hired for.
type post struct {
	kind, name, position, who string
	only                      bool // the only one of the kind in the gmina
	i                         int
	role                      directoryv1.GminaRole
	contract                  directoryv1.ContractKind
}

// hire employs somebody and gives them a login; it returns the staff name.
func (c *county) hire(ctx context.Context, g *gmina, by string, p post) (string, error) {
	m := &directoryv1.StaffMember{DisplayName: p.name, Position: p.position, Roles: []directoryv1.GminaRole{p.role}, Contract: p.contract,
		FteHundredths: 100, ActiveFromDate: rpc.Date(c.start.AddDays(-400 - 90*p.i))}
	switch m.GetContract() {
	case directoryv1.ContractKind_CONTRACT_KIND_UNSPECIFIED:
		m.Contract = directoryv1.ContractKind_CONTRACT_KIND_EMPLOYMENT
	case directoryv1.ContractKind_CONTRACT_KIND_SERVICE:
		m.FteHundredths = 0
	case directoryv1.ContractKind_CONTRACT_KIND_BODY_190:
		m.ContractedBody = g.institution
	}
	made, err := as(ctx, c, by, func(ctx context.Context, rid string) (*directoryv1.StaffMember, error) {
		return c.directory.CreateStaffMember(ctx, &directoryv1.CreateStaffMemberRequest{Parent: g.name(), StaffMember: m, RequestId: rid})
	})
	if err != nil {
		return "", err
	}
	i := p.i
	if p.only {
		i = -1
	}
	subject := g.subject(p.kind, i)
	c.people = append(c.people, Person{Role: p.who + ", " + g.display, Subject: subject})
	return made.GetName(), c.login(ctx, made.GetPerson(), subject)
}

// partners records the institutions that the office works with, and the body that family work is contracted out to.
func (c *county) partners(ctx context.Context, g *gmina, _ func() string) error {
	add := func(to *string, display string, kind directoryv1.InstitutionKind, contract string) error {
		made, err := as(ctx, c, g.subject("kierownik", -1), func(ctx context.Context, rid string) (*directoryv1.Institution, error) {
			return c.directory.CreateInstitution(ctx, &directoryv1.CreateInstitutionRequest{Parent: g.name(), RequestId: rid,
				Institution: &directoryv1.Institution{DisplayName: display, Kind: kind, ContractNumber: contract}})
		})
		*to = made.GetName()
		return err
	}
	town := g.places[0][0]
	var court, health string
	err := add(&g.school, "Szkoła Podstawowa nr 1, "+town, directoryv1.InstitutionKind_INSTITUTION_KIND_SCHOOL, "")
	if err == nil {
		err = add(&g.police, "Posterunek Policji, "+town, directoryv1.InstitutionKind_INSTITUTION_KIND_POLICE, "")
	}
	if err == nil {
		err = add(&court, "Sąd Rejonowy we Wrześni, III Wydział Rodzinny i Nieletnich", directoryv1.InstitutionKind_INSTITUTION_KIND_COURT, "")
	}
	if err == nil {
		err = add(&health, "Przychodnia Rodzinna, "+town, directoryv1.InstitutionKind_INSTITUTION_KIND_HEALTH, "")
	}
	if err == nil && g.body {
		err = add(&g.institution, "Fundacja „Dom i Rodzina”", directoryv1.InstitutionKind_INSTITUTION_KIND_BODY_190, "SP.3026.1")
	}
	return err
}

// employ hires the deputy, social workers and assistants; the head appoints the deputy.
func (c *county) employ(ctx context.Context, g *gmina, next func() string) (err error) {
	head := g.subject("kierownik", -1)
	if g.deputy, err = c.hire(ctx, g, head, post{kind: "zastepca", only: true, name: next(), position: "zastępca kierownika", role: directoryv1.GminaRole_GMINA_ROLE_SOCIAL_WORKER, who: "zastępca kierownika"}); err != nil {
		return err
	}
	for i := range g.places {
		name, err := c.hire(ctx, g, head, post{kind: "socjalny", i: i, name: next(), position: "pracownik socjalny", role: directoryv1.GminaRole_GMINA_ROLE_SOCIAL_WORKER, who: "pracownik socjalny"})
		if err != nil {
			return err
		}
		g.workers = append(g.workers, name)
	}
	if g.body {
		if g.bodyOffice, err = c.hire(ctx, g, head, post{kind: "podmiot", only: true, name: next(), position: "koordynator zlecenia", role: directoryv1.GminaRole_GMINA_ROLE_CONTRACTED_BODY,
			contract: directoryv1.ContractKind_CONTRACT_KIND_BODY_190, who: "podmiot prowadzący pracę z rodziną (art. 190)"}); err != nil {
			return err
		}
	}
	for i := range g.assistants {
		p := post{kind: "asystent", i: i, name: next(), position: "asystent rodziny", role: directoryv1.GminaRole_GMINA_ROLE_ASSISTANT, who: "asystent rodziny"}
		switch {
		case g.body:
			p.contract = directoryv1.ContractKind_CONTRACT_KIND_BODY_190
		case i == g.assistants-1 && i > 0:
			p.contract = directoryv1.ContractKind_CONTRACT_KIND_SERVICE
		}
		name, err := c.hire(ctx, g, head, p)
		if err != nil {
			return err
		}
		g.helpers = append(g.helpers, name)
	}
	_, err = as(ctx, c, head, func(ctx context.Context, rid string) (*directoryv1.StaffMember, error) {
		m, err := c.directory.GetStaffMember(ctx, &directoryv1.GetStaffMemberRequest{Name: g.deputy})
		if err != nil {
			return nil, err
		}
		return c.directory.AppointDeputy(ctx, &directoryv1.AppointDeputyRequest{Name: g.deputy, FromDate: rpc.Date(c.env.Clock.Today()), Etag: m.GetEtag(), RequestId: rid})
	})
	return err
}

// settle writes areas and organiser into the gmina's settings.
func (c *county) settle(ctx context.Context, g *gmina, _ func() string) error {
	s := &directoryv1.GminaSettings{PlanMonths: 2, VisitGapDays: 30, FamilyAssistantTeam: g.slug == "wrzesnia"}
	for i, places := range g.places {
		s.Areas = append(s.Areas, &directoryv1.Area{AreaId: fmt.Sprintf("rejon-%d", i+1), DisplayName: fmt.Sprintf("Rejon %d", i+1), SocialWorker: g.workers[i], Places: places})
	}
	if g.body {
		s.Organiser = &directoryv1.Organiser{Kind: directoryv1.OrganiserKind_ORGANISER_KIND_BODY_190, Institution: g.institution, ResolutionNumber: "XXVI/126/23",
			ResolutionDate: rpc.Date(calendar.MustOf(2023, 3, 30))}
	}
	_, err := as(ctx, c, g.subject("kierownik", -1), func(ctx context.Context, rid string) (*directoryv1.Gmina, error) {
		now, err := c.directory.GetGmina(ctx, &directoryv1.GetGminaRequest{Name: g.name()})
		if err != nil {
			return nil, err
		}
		return c.directory.UpdateGmina(ctx, &directoryv1.UpdateGminaRequest{Gmina: &directoryv1.Gmina{Name: g.name(), Settings: s},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"settings"}}, Etag: now.GetEtag(), RequestId: rid})
	})
	return err
}
