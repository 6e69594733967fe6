package casefile

import (
	"fmt"
	"slices"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

// Apply carries a command out on a file. It is refused with a fault where the role or the state does not allow it, or where its own rules are not met; the file
// handed in stays as it is in any case.
func Apply(f File, cmd Command, a Actor, today calendar.Date) (Outcome, error) {
	t, ok := Line(cmd.Name())
	if !ok {
		return Outcome{}, fmt.Errorf("casefile: command %s is not in the table", cmd.Name())
	}
	if !slices.Contains(t.Roles, a.Role) {
		return Outcome{}, fault.Denied()
	}
	if !slices.Contains(t.From, f.Cover.State) {
		return Outcome{}, t.outOfOrder(f.Cover.State)
	}
	o := Outcome{File: f.clone()}
	if err := cmd.apply(&o, a, today); err != nil {
		return Outcome{}, err
	}
	if !t.Leads(f.Cover.State, o.File.Cover.State) {
		return Outcome{}, fmt.Errorf("casefile: %s led from %s to %s, which the table does not know", cmd.Name(), f.Cover.State, o.File.Cover.State)
	}
	return o, nil
}

// notFuture notes a violation where a day is absent or lies after today.
func notFuture(fs *fault.Fields, d, today calendar.Date, path string) {
	fs.Check(!d.IsZero(), path, "podaj datę.")
	fs.Check(!d.After(today), path, "data nie może być późniejsza niż dzisiejsza ("+today.Polish()+").")
}

// notBefore notes a violation where a day lies before another.
func notBefore(fs *fault.Fields, d, limit calendar.Date, path, what string) {
	fs.Check(d.IsZero() || limit.IsZero() || !d.Before(limit), path, "data nie może być wcześniejsza niż "+what+" ("+limit.Polish()+").")
}

// pastDay checks the day of an event within the present spell.
func (f *File) pastDay(d, today calendar.Date, path string) error {
	var fs fault.Fields
	notFuture(&fs, d, today, path)
	notBefore(&fs, d, f.spellFrom(), path, "dzień rozpoczęcia sprawy")
	return fs.Err()
}

// retell brings the facts of the cover that follow from members and address up to date.
func (f *File) retell() {
	c, s := &f.Cover, &f.Section
	c.Adults, c.PeselHashes, c.Label.Members = 0, nil, nil
	words := []string{c.Label.FamilyName, c.Label.Place, c.Label.Address}
	for _, m := range s.Members {
		c.Label.Members = append(c.Label.Members, familyfile.MemberName{Member: m.ID, Name: m.GivenName + " " + m.FamilyName, LeftOn: m.LeftOn}) // those who left too: old plans name them
		if !m.Present() {
			continue
		}
		words = append(words, m.FamilyName)
		if m.Adult() {
			c.Adults++
		}
		if m.Pesel.GminaHash != "" {
			c.PeselHashes = append(c.PeselHashes, m.Pesel.GminaHash)
		}
	}
	slices.Sort(c.PeselHashes)
	c.PeselHashes = slices.Compact(c.PeselHashes)
	c.Label.Search = familyfile.SearchKeys(words...)
}

// startCooperation sets day 0 (step 9).
func (f *File) startCooperation(on calendar.Date) {
	f.Cover.State = familyfile.Cooperation
	f.setDay0(on)
}

func (f *File) setDay0(on calendar.Date) {
	f.Cover.Day0 = on
	if n := len(f.Cover.Spells); n > 0 {
		f.Cover.Spells[n-1].Day0 = on
	}
}

func (f *File) setBasis(b familyfile.Basis) {
	f.Cover.Basis = b
	if sp := f.Cover.SpellOpen(); sp != nil {
		sp.Basis = b
	}
}
