package county

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/store"
)

// teryt gives the code of gmina i; six follow each other in one county.
func teryt(i int) string {
	c := i / perCounty
	return fmt.Sprintf("%02d%02d%02d2", 2+2*(c%voivodeships), 1+c/voivodeships, 1+i%perCounty)
}

// member is somebody who works in an office.
type member struct {
	staff, person, subject, name string
	roles                        []access.Role
}

// office is a gmina with its people, as drawn.
type office struct {
	i          int
	teryt      string
	place      string
	head       member
	deputies   []member // social workers who stand in for the head
	workers    []member // social workers, one for each area; the deputies are among them
	assistants []member
	settings   directory.Settings
}

// workers of a centre, and how many of them deputize for the head.
const (
	workers  = 6
	deputies = 4
)

// since is the first day of everybody's work.
var since = calendar.MustOf(2019, 9, 2)

// officeOf draws gmina i.
func (s Spec) officeOf(i int) office {
	dice := s.random(diceOffice, i)
	o := office{i: i, teryt: teryt(i), place: pick(dice, places20)}
	hire := func(kind string, n int, roles ...access.Role) member {
		subject := fmt.Sprintf("%s-%s-%d", o.teryt, kind, n)
		name := pick(dice, women) + " " + pick(dice, surnames)[1]
		return member{staff: s.id(dice), person: s.id(dice), subject: subject, name: name, roles: roles}
	}
	o.head = hire("head", 1, access.Head)
	for n := range workers {
		w := hire("worker", n+1, access.SocialWorker)
		o.workers = append(o.workers, w)
		o.settings.Areas = append(o.settings.Areas, directory.Area{ID: areaID(n), DisplayName: fmt.Sprintf("rejon %d", n+1), SocialWorker: w.staff, Places: []string{places20[3*n], places20[3*n+1]}})
	}
	o.deputies = o.workers[:deputies]
	for n := range s.assistantsOf(i) {
		o.assistants = append(o.assistants, hire("assistant", n+1, access.Assistant))
	}
	o.settings.VisitGapDays = 30
	return o
}

func areaID(n int) string { return fmt.Sprintf("rejon-%d", n+1) }

// id draws a ULID of the first day of work, so that drawn ids are ids of their time.
func (s Spec) id(dice *rand.Rand) string { return store.NewID(since.Start(), reader{dice}) }

// reader gives the bytes of dice.
type reader struct{ dice *rand.Rand }

func (r reader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.dice.Uint32())
	}
	return len(p), nil
}

// claim is who holds a login subject.
type claim struct {
	Person string `bson:"person"`
}

// found commits a gmina and its people; the first gmina of a county brings the county.
func (b *builder) found(ctx context.Context, o office) error {
	county := b.store.ForCounty(o.teryt[:4])
	put := func(scope store.Scope, kind store.Kind, id string, cover any) error {
		return b.commit(ctx, scope, scope.New(store.Ref{Kind: kind, ID: id}), b.change("/asysta.directory.v1.DirectoryService/CreateGmina", since, cover))
	}
	if o.i%perCounty == 0 {
		if err := put(county, store.Counties, o.teryt[:4], directory.County{Digits: o.teryt[:4], DisplayName: "powiat " + o.place,
			Office: directory.Office{Name: "Powiatowe Centrum Pomocy Rodzinie", Address: "ul. Szkolna 2", Place: o.place}}); err != nil {
			return err
		}
	}
	if err := put(county, store.Gminas, o.teryt, directory.Gmina{TERYT: o.teryt, DisplayName: "gmina " + o.place, Settings: o.settings,
		Office: directory.Office{Name: "Gminny Ośrodek Pomocy Społecznej w gminie " + o.place, Address: "ul. Lipowa 1", Place: o.place}}); err != nil {
		return err
	}
	for _, m := range o.everybody() {
		if err := put(county, store.People, m.person, directory.Person{DisplayName: m.name, Subjects: []string{m.subject}, ActiveFrom: since}); err != nil {
			return err
		}
		sum := sha256.Sum256([]byte("asysta/subject/1:" + m.subject))
		if err := put(county, store.Subjects, hex.EncodeToString(sum[:16]), claim{Person: m.person}); err != nil {
			return err
		}
		s := directory.Staff{Person: m.person, DisplayName: m.name, Roles: m.roles, Contract: directory.ContractEmployment, FTE: directory.FullTime, ActiveFrom: since}
		s.NeverAssistant = !s.Has(access.Assistant)
		if o.deputizes(m) {
			s.DeputyFor = []directory.Deputy{{ID: "1", Head: o.head.staff, From: since}}
		}
		if err := put(b.store.For(o.teryt), store.Staff, m.staff, s); err != nil {
			return err
		}
	}
	return nil
}

func (o office) everybody() []member {
	return append(append([]member{o.head}, o.workers...), o.assistants...)
}

func (o office) deputizes(m member) bool {
	for _, d := range o.deputies {
		if d.staff == m.staff {
			return true
		}
	}
	return false
}
