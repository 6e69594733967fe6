package directory

import (
	"cmp"
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"

	dir "asysta.example/internal/directory"
)

// AppointDeputy lets a staff member of the centre stand in for its head, from today on at the earliest. Head is the staff member stood in for.
func AppointDeputy(s dir.Staff, d dir.Deputy, head dir.Staff, by Actor, today calendar.Date) (dir.Staff, error) {
	if err := allowed("AppointDeputy", s, today); err != nil {
		return dir.Staff{}, err
	}
	if err := mayDeputize(s, by); err != nil {
		return dir.Staff{}, err
	}
	var bad fault.Fields
	bad.Check(head.ID != "" && head.Has(access.Head) && head.Body == "" && StaffStateOn(head, today) != StaffEnded, "head", "wskaż kierownika ośrodka, którego osoba ma zastępować.")
	bad.Check(!d.From.Before(today), "from_date", "zastępstwa nie można wyznaczyć wstecz; podaj dzień od dzisiaj.")
	bad.Check(d.To.IsZero() || !d.To.Before(d.From), "until_date", "ostatni dzień nie może być wcześniejszy niż pierwszy.")
	bad.Check(!d.From.Before(s.ActiveFrom) && (s.ActiveTo.IsZero() || !d.From.After(s.ActiveTo)), "from_date", "zastępstwo musi mieścić się w czasie zatrudnienia.")
	if err := bad.Err(); err != nil {
		return dir.Staff{}, err
	}
	for _, o := range s.DeputyFor {
		if overlap(o.From, o.To, d.From, d.To) {
			return dir.Staff{}, refuse(ReasonDeputyOverlaps, "step 6", "W tych dniach ta osoba już zastępuje kierownika.")
		}
	}
	d.Head = head.ID
	s.DeputyFor = append(slices.Clone(s.DeputyFor), d)
	slices.SortFunc(s.DeputyFor, func(a, b dir.Deputy) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.ID, b.ID)) })
	return s, nil
}

// mayDeputize holds who may be a deputy, and who may say so.
func mayDeputize(s dir.Staff, by Actor) error {
	switch {
	case !by.Heads():
		return fault.Denied()
	case by.Deputy && !by.Administrator:
		return refuse(ReasonDeputyByDeputy, "separation of duties", "Zastępca nie wyznacza zastępcy. Zrobi to kierownik albo administrator powiatu.")
	case s.Person == by.Person:
		return ownRoles()
	case s.Has(access.Head):
		return refuse(ReasonIsHead, "step 6", "Ta osoba jest kierownikiem, zastępstwo nie jest potrzebne.")
	case s.Body != "":
		return refuse(ReasonDeputyOfBody, "step 6", "Kierownika ośrodka zastępuje pracownik ośrodka, nie podmiotu z art. 190.")
	}
	return nil
}

// RevokeDeputy ends the standing in for the head at once: yesterday was its last day.
func RevokeDeputy(s dir.Staff, id string, by Actor, today calendar.Date) (dir.Staff, error) {
	if err := allowed("RevokeDeputy", s, today); err != nil {
		return dir.Staff{}, err
	}
	if !by.Heads() {
		return dir.Staff{}, fault.Denied()
	}
	i := slices.IndexFunc(s.DeputyFor, func(d dir.Deputy) bool { return d.ID == id })
	if i < 0 {
		return dir.Staff{}, refuse(ReasonNoDeputy, "step 6", "Nie ma takiego zastępstwa. Odczytaj dane pracownika ponownie.")
	}
	deputies := slices.Clone(s.DeputyFor)
	switch d := deputies[i]; {
	case !d.To.IsZero() && d.To.Before(today):
		return dir.Staff{}, refuse(ReasonDeputyOver, "step 6", "To zastępstwo już się zakończyło.")
	case d.From.Before(today):
		deputies[i].To = today.AddDays(-1)
	default:
		deputies = slices.Delete(deputies, i, i+1)
	}
	s.DeputyFor = deputies
	return s, nil
}
