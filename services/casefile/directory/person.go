package directory

import (
	"errors"
	"slices"
	"strings"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"

	dir "asysta.example/internal/directory"
)

// NewPerson checks a person of the county; the right to log in begins today.
func NewPerson(p dir.Person, today calendar.Date) (dir.Person, error) {
	p.ActiveFrom, p.ActiveTo, p.Subjects = today, calendar.Date{}, nil
	return p, checkPerson(p)
}

// RevisePerson puts new name, contact and county roles in the place of the old ones. Nobody changes own roles.
func RevisePerson(old, p dir.Person, by Actor) (dir.Person, error) {
	next := old
	next.DisplayName, next.Email, next.Phone, next.CountyRoles = p.DisplayName, p.Email, p.Phone, p.CountyRoles
	if err := checkPerson(next); err != nil {
		return dir.Person{}, err
	}
	if old.ID == by.Person && !sameRoles(old.CountyRoles, next.CountyRoles) {
		return dir.Person{}, ownRoles()
	}
	return next, nil
}

func checkPerson(p dir.Person) error {
	var bad fault.Fields
	bad.Check(strings.TrimSpace(p.DisplayName) != "", "person.display_name", "podaj imię i nazwisko.")
	for _, r := range p.CountyRoles {
		bad.Check(slices.Contains(access.CountyRoles, r), "person.county_roles", "nieznana rola powiatowa.")
	}
	bad.Check(unique(p.CountyRoles), "person.county_roles", "każdą rolę podaj raz.")
	return bad.Err()
}

// LinkSubject gives a person a login. A subject that is linked already stays. Whether another person holds it is not the person's to know: the
// shell claims the subject first.
func LinkSubject(p dir.Person, subject string, today calendar.Date) (dir.Person, error) {
	switch err := dir.CheckSubject(subject); {
	case errors.Is(err, dir.ErrSubjectPesel):
		return dir.Person{}, fault.Invalid("subject", ReasonSubjectPesel, "login nie może zawierać numeru PESEL, bo zapisuje się go przy każdej zmianie. Podaj inny identyfikator od dostawcy logowania.")
	case err != nil:
		return dir.Person{}, fault.Invalid("subject", ReasonSubjectForm, "login ma od 1 do 255 znaków, bez spacji na początku i na końcu. Przepisz go tak, jak podaje go dostawca logowania.")
	}
	if !p.ActiveOn(today) {
		return dir.Person{}, refuse(ReasonPersonInactive, "accounts", "Konto tej osoby jest wyłączone. Najpierw włącz je ponownie.")
	}
	if !slices.Contains(p.Subjects, subject) {
		p.Subjects = append(slices.Clone(p.Subjects), subject)
	}
	return p, nil
}

// UnlinkSubject takes a login from a person, but not the one the caller uses.
func UnlinkSubject(p dir.Person, subject string, by Actor) (dir.Person, error) {
	if p.ID == by.Person && subject == by.Subject {
		return dir.Person{}, refuse(ReasonOwnLogin, "accounts", "Nie można odłączyć loginu, którym właśnie pracujesz. Poproś innego administratora powiatu.")
	}
	i := slices.Index(p.Subjects, subject)
	if i < 0 {
		return dir.Person{}, refuse(ReasonSubjectNotLinked, "accounts", "Ten login nie jest przypisany do tej osoby. Odczytaj jej dane ponownie.")
	}
	p.Subjects = slices.Delete(slices.Clone(p.Subjects), i, i+1)
	return p, nil
}

// Deactivate takes from a person the right to log in after a last day; with no day, at once.
func Deactivate(p dir.Person, last calendar.Date, by Actor, today calendar.Date) (dir.Person, error) {
	switch {
	case p.ID == by.Person:
		return dir.Person{}, refuse(ReasonOwnAccount, "accounts", "Nie można wyłączyć własnego konta. Poproś innego administratora powiatu.")
	case !p.ActiveOn(today):
		return dir.Person{}, refuse(ReasonPersonInactive, "accounts", "Konto tej osoby jest już wyłączone.")
	case last.IsZero():
		last = today.AddDays(-1)
	case last.Before(today):
		return dir.Person{}, fault.Invalid("last_date", "PAST_DATE", "ostatni dzień nie może być wcześniejszy niż dzisiejszy; zostaw go pustym, aby wyłączyć konto od razu.")
	}
	p.ActiveTo = last
	return p, nil
}

// Reactivate gives a deactivated person the right to log in back, from today on. A last day to come is taken back too.
func Reactivate(p dir.Person, by Actor, today calendar.Date) (dir.Person, error) {
	if p.ID == by.Person {
		return dir.Person{}, refuse(ReasonOwnAccount, "accounts", "Nie można zmieniać ważności własnego konta. Poproś innego administratora powiatu.")
	}
	if p.ActiveOn(today) && p.ActiveTo.IsZero() {
		return dir.Person{}, refuse(ReasonPersonActive, "accounts", "Konto tej osoby jest włączone.")
	}
	if !p.ActiveOn(today) {
		p.ActiveFrom = today
	}
	p.ActiveTo = calendar.Date{}
	return p, nil
}

func sameRoles(a, b []access.Role) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func unique(roles []access.Role) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(roles)))) == len(roles)
}

// PersonActions are the commands a county administrator may give on a person today.
func PersonActions(p dir.Person, by Actor, today calendar.Date) []string {
	out := []string{"UpdatePerson"}
	if p.ActiveOn(today) {
		out = append(out, "LinkSubject")
	}
	if len(p.Subjects) > 0 {
		out = append(out, "UnlinkSubject")
	}
	if p.ID == by.Person {
		return out
	}
	if p.ActiveOn(today) {
		out = append(out, "DeactivatePerson")
	}
	if !p.ActiveOn(today) || !p.ActiveTo.IsZero() {
		out = append(out, "ReactivatePerson")
	}
	return out
}
