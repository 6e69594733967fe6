package casefile

import (
	"strconv"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

func (cmd UpdateMembers) apply(o *Outcome, _ Actor, today calendar.Date) error {
	f := &o.File
	for i, ch := range cmd.Changes {
		if err := ch.change(f, "changes["+strconv.Itoa(i)+"]", today); err != nil {
			return err
		}
	}
	f.retell()
	if f.Cover.Adults == 0 {
		return fault.Precondition("LAST_ADULT", "step 10", "W rodzinie musi zostać co najmniej jedna osoba dorosła. Najpierw dodaj osobę, która przejmuje opiekę, albo zakończ pracę z rodziną.")
	}
	f.judgeConsent(today)
	return nil
}

// present gives a member who belongs to the family, or a fault.
func (f *File) present(id, path string) (*Member, error) {
	if m := f.member(id); m != nil && m.Present() {
		return m, nil
	}
	return nil, fault.Invalid(path, "UNKNOWN_MEMBER", "nie ma takiego członka rodziny w tej sprawie.")
}

// child gives the child fact of a child who belongs to the family, or a fault.
func (f *File) child(id, path string) (*familyfile.Child, error) {
	m, err := f.present(id, path)
	if err != nil {
		return nil, err
	}
	ch := f.Cover.Child(id)
	if m.Adult() || ch == nil {
		return nil, fault.Invalid(path, "NOT_A_CHILD", "piecza zastępcza dotyczy dziecka; ta osoba jest dorosła.")
	}
	return ch, nil
}

func (cmd AddMember) change(f *File, at string, today calendar.Date) error {
	var fs fault.Fields
	checkMember(&fs, cmd.Member, today, at+".add")
	fs.Check(f.member(cmd.Member.ID) == nil, at+".add.member_id", "ten identyfikator ma już inna osoba.")
	if err := fs.Err(); err != nil {
		return err
	}
	cmd.Member.LeftOn = calendar.Date{}
	f.Section.Members = append(f.Section.Members, cmd.Member)
	if !cmd.Member.Adult() {
		f.Cover.Children = append(f.Cover.Children, familyfile.Child{Member: cmd.Member.ID, BornOn: cmd.Member.BornOn})
	}
	return nil
}

func (cmd ChangeMember) change(f *File, at string, today calendar.Date) error {
	m, err := f.present(cmd.Member.ID, at+".update.member_id")
	if err != nil {
		return err
	}
	var fs fault.Fields
	checkMember(&fs, cmd.Member, today, at+".update")
	ch := f.Cover.Child(m.ID)
	if ch != nil && cmd.Member.Adult() && !ch.InCareSince.IsZero() {
		fs.Check(!ch.InCare(), at+".update.role", "dziecko jest w pieczy zastępczej; najpierw odnotuj jej koniec, potem zmień rolę.")
		fs.Check(ofAge(cmd.Member, today), at+".update.role", "dziecko, które było w pieczy zastępczej, zapisuje się jako osobę dorosłą, gdy skończy 18 lat. Sprawdź datę urodzenia.")
	}
	if err := fs.Err(); err != nil {
		return err
	}
	next := cmd.Member
	next.CareEnd = m.CareEnd
	if cmd.KeepPesel {
		next.Pesel = m.Pesel
	}
	*m = next
	switch {
	case next.Adult() && ch != nil && !ch.InCareSince.IsZero():
		ch.Grown = true
	case next.Adult() && ch != nil:
		f.dropChild(next.ID)
	case !next.Adult() && ch == nil:
		f.Cover.Children = append(f.Cover.Children, familyfile.Child{Member: next.ID, BornOn: next.BornOn})
	case ch != nil:
		ch.BornOn, ch.Grown = next.BornOn, false
	}
	return nil
}

// ofAge says that a person is 18 on a day.
func ofAge(m Member, on calendar.Date) bool {
	return !m.BornOn.IsZero() && !m.BornOn.AddMonths(18*12).After(on)
}

func (f *File) dropChild(member string) {
	for i, ch := range f.Cover.Children {
		if ch.Member == member {
			f.Cover.Children = append(f.Cover.Children[:i:i], f.Cover.Children[i+1:]...)
			return
		}
	}
}

func (cmd Leave) change(f *File, at string, today calendar.Date) error {
	m, err := f.present(cmd.Member, at+".leave.member_id")
	if err != nil {
		return err
	}
	var fs fault.Fields
	notFuture(&fs, cmd.On, today, at+".leave.left_on")
	if err := fs.Err(); err != nil {
		return err
	}
	if ch := f.Cover.Child(m.ID); ch != nil {
		if ch.InCare() {
			return fault.Precondition("ALREADY_IN_CARE", "step 13", "Dziecko jest w pieczy zastępczej. Najpierw odnotuj, jak piecza się zakończyła.")
		}
		ch.LeftOn = cmd.On
	}
	m.LeftOn = cmd.On
	return nil
}

func (cmd PlaceInCare) change(f *File, at string, today calendar.Date) error {
	at += ".place_in_care"
	ch, err := f.child(cmd.Member, at+".member_id")
	if err != nil {
		return err
	}
	if ch.InCare() {
		return fault.Precondition("ALREADY_IN_CARE", "step 13", "Dziecko jest już w pieczy zastępczej od "+ch.InCareSince.Polish()+". Zanim odnotujesz następną pieczę, odnotuj koniec tej.")
	}
	var fs fault.Fields
	notFuture(&fs, cmd.Since, today, at+".in_care_since")
	notBefore(&fs, cmd.Since, ch.BornOn, at+".in_care_since", "dzień urodzenia dziecka")
	notBefore(&fs, cmd.Since, ch.CareEndedOn, at+".in_care_since", "koniec poprzedniej pieczy")
	if err := fs.Err(); err != nil {
		return err
	}
	ch.Stays = ch.CareStays()
	ch.InCareSince, ch.CareEndedOn, ch.Returned = cmd.Since, calendar.Date{}, false
	ch.CareForm, ch.Coordinator = cmd.Form, cmd.Coordinator
	f.member(cmd.Member).CareEnd = ""
	return nil
}

func (cmd EndCare) change(f *File, at string, today calendar.Date) error {
	at += ".end_care"
	ch, err := f.child(cmd.Member, at+".member_id")
	if err != nil {
		return err
	}
	if !ch.InCare() {
		return notInCare()
	}
	var fs fault.Fields
	notFuture(&fs, cmd.On, today, at+".ended_on")
	notBefore(&fs, cmd.On, ch.InCareSince, at+".ended_on", "początek pieczy")
	if err := fs.Err(); err != nil {
		return err
	}
	ch.CareEndedOn, ch.Returned = cmd.On, cmd.End == CareReturned
	f.member(cmd.Member).CareEnd = cmd.End
	return nil
}

func (cmd AssignCoordinator) change(f *File, at string, _ calendar.Date) error {
	ch, err := f.child(cmd.Member, at+".assign_coordinator.member_id")
	if err != nil {
		return err
	}
	if !ch.InCare() {
		return notInCare()
	}
	ch.Coordinator = cmd.Coordinator
	return nil
}

func notInCare() error {
	return fault.Precondition("NOT_IN_CARE", "step 13", "Dziecko nie jest w pieczy zastępczej. Najpierw odnotuj umieszczenie dziecka w pieczy.")
}
