package office

import (
	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/store"
)

// The county of the tests and two of its gminas.
const (
	County = "2004"
	Gmina  = "2004042" // Radziłów
	Nearby = "2004052" // Wąsosz
)

// EmployedSince is the day from which everybody here works.
var EmployedSince = calendar.MustOf(2020, 1, 1)

// Settle writes one of the two gminas with its settings.
func (o *Office) Settle(gmina string, s directory.Settings) {
	o.t.Helper()
	g := directory.Gmina{TERYT: gmina, DisplayName: "gmina Wąsosz", Settings: s}
	if gmina == Gmina {
		g.DisplayName = "gmina Radziłów"
		g.Office = directory.Office{Name: "Gminny Ośrodek Pomocy Społecznej w Radziłowie", Address: "Plac 500-lecia 15", Place: "19-213 Radziłów", Phone: "86 273 68 72"}
	}
	o.Write(o.Deps.Store.ForCounty(County), store.Gminas, gmina, g)
}

// Employ makes a person who works in a gmina in a role, or as more says; the person's id is "p-" before the staff id, which is also the login.
func (o *Office) Employ(gmina, staff string, role access.Role, more ...func(*directory.Staff)) {
	o.t.Helper()
	o.Appoint(gmina[:4], staff)
	s := directory.Staff{Person: "p-" + staff, DisplayName: staff, Roles: []access.Role{role}, Contract: directory.ContractEmployment, FTE: directory.FullTime, ActiveFrom: EmployedSince}
	for _, m := range more {
		m(&s)
	}
	o.Write(o.Deps.Store.For(gmina), store.Staff, staff, s)
}

// Appoint makes a person with roles of the county; the login is the name, the id "p-" before it.
func (o *Office) Appoint(county, login string, roles ...access.Role) {
	o.t.Helper()
	o.Write(o.Deps.Store.ForCounty(county), store.People, "p-"+login, directory.Person{DisplayName: login, Subjects: []string{login}, CountyRoles: roles, ActiveFrom: EmployedSince})
}
