package casefile

import (
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

func (cmd Update) apply(o *Outcome, a Actor, _ calendar.Date) error {
	f := &o.File
	c := &f.Cover
	if (cmd.SocialWorker != nil || cmd.Area != nil || cmd.Body != nil) && a.Role != access.Head {
		return fault.Denied()
	}
	var fs fault.Fields
	fs.Check(cmd.FamilyName == nil || *cmd.FamilyName != "", "family_file.family_name", "podaj nazwisko, pod którym ośrodek zna rodzinę.")
	fs.Check(cmd.Address == nil || cmd.Address.Place != "", "family_file.address.place", "podaj miejscowość.")
	fs.Check(cmd.SocialWorker == nil || *cmd.SocialWorker == "" || *cmd.SocialWorker != c.Assistant, "family_file.social_worker", "asystent nie może być zarazem pracownikiem socjalnym tej rodziny (art. 17).")
	if err := fs.Err(); err != nil {
		return err
	}
	put(&c.Label.FamilyName, cmd.FamilyName)
	if cmd.Address != nil {
		c.Label.Place, c.Label.Address, f.Section.PostalCode = cmd.Address.Place, cmd.Address.Street, cmd.Address.PostalCode
	}
	put(&c.Preventive, cmd.Preventive)
	put(&c.ClientKind, cmd.ClientKind)
	put(&c.SocialWorker, cmd.SocialWorker)
	put(&c.Area, cmd.Area)
	put(&c.ContractedBody, cmd.Body)
	f.retell()
	return nil
}

func put[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func (cmd SetBlueCard) apply(o *Outcome, _ Actor, today calendar.Date) error {
	f := &o.File
	var fs fault.Fields
	notFuture(&fs, cmd.On, today, "noted_on")
	if err := fs.Err(); err != nil {
		return err
	}
	f.Cover.BlueCard = !cmd.Reference.IsZero()
	f.Section.BlueCard = nil
	if f.Cover.BlueCard {
		f.Section.BlueCard = &BlueCard{Reference: cmd.Reference, NotedOn: cmd.On}
	}
	return nil
}

func checkOrder(fs *fault.Fields, o Order, today calendar.Date) {
	fs.Check(o.ID != "", "court_order.order_id", "brakuje identyfikatora postanowienia.")
	fs.Check(o.Court != "", "court_order.court", "podaj sąd i wydział.")
	fs.Check(o.CaseNumber != "", "court_order.case_number", "podaj sygnaturę akt.")
	notFuture(fs, o.OrderedOn, today, "court_order.ordered_on")
	notBefore(fs, o.ValidUntil, o.OrderedOn, "court_order.valid_until", "dzień postanowienia")
	fs.Check(o.ReportEveryMonths >= 0 && o.ReportEveryMonths <= 24, "court_order.report_every_months", "sąd wyznacza sprawozdania co 1 do 24 miesięcy.")
}

// inForce notes a violation where an order that is to be the ground of the work was over before a day.
func inForce(fs *fault.Fields, o Order, on calendar.Date) {
	fs.Check(!o.expired(on), "court_order.valid_until", "postanowienie, które już nie obowiązuje, nie jest podstawą pracy z rodziną.")
}

// addOrder adds a checked order. The first report that the court waits for is the first that falls on or after today.
func (f *File) addOrder(o Order, today calendar.Date) {
	o.EndedOn = calendar.Date{}
	f.Section.Orders = append(f.Section.Orders, o)
	term := familyfile.CourtTerm{Matter: o.ID, OrderedOn: o.OrderedOn, ValidUntil: o.ValidUntil, ReportMonths: o.ReportEveryMonths}
	term.FirstReport = term.ReportFrom(today)
	f.Cover.CourtOrders = append(f.Cover.CourtOrders, term)
}

func (cmd AddOrder) apply(o *Outcome, _ Actor, today calendar.Date) error {
	f := &o.File
	var fs fault.Fields
	checkOrder(&fs, cmd.Order, today)
	inForce(&fs, cmd.Order, today)
	fs.Check(!slices.ContainsFunc(f.Section.Orders, func(x Order) bool { return x.ID == cmd.Order.ID }), "court_order.order_id", "ten identyfikator ma już inne postanowienie.")
	if err := fs.Err(); err != nil {
		return err
	}
	f.addOrder(cmd.Order, today)
	f.setBasis(familyfile.BasisCourtOrder)
	f.judgeConsent(today)
	return nil
}

// When no order binds any more, work is voluntary again and stands or falls with the consents. The term of a report that falls after the end is none. The end is
// recorded after the work with the family, too, whose court has its say until then; it leaves nothing to report there, and the basis of the work as it was.
func (cmd EndOrder) apply(o *Outcome, _ Actor, today calendar.Date) error {
	f := &o.File
	i := slices.IndexFunc(f.Section.Orders, func(x Order) bool { return x.ID == cmd.ID })
	if i < 0 {
		return fault.Invalid("order_id", "UNKNOWN_ORDER", "nie ma takiego postanowienia w tej sprawie.")
	}
	order := &f.Section.Orders[i]
	if !order.EndedOn.IsZero() {
		return fault.Precondition("ORDER_ENDED", "step 17", "Koniec tego postanowienia odnotowano już z dniem "+order.EndedOn.Polish()+".")
	}
	var fs fault.Fields
	notFuture(&fs, cmd.On, today, "ended_on")
	notBefore(&fs, cmd.On, order.OrderedOn, "ended_on", "dzień postanowienia")
	if err := fs.Err(); err != nil {
		return err
	}
	order.EndedOn = cmd.On
	for i := range f.Cover.CourtOrders {
		if f.Cover.CourtOrders[i].Matter == cmd.ID {
			f.Cover.CourtOrders[i].EndedOn, f.Cover.CourtOrders[i].NothingOwed = cmd.On, !f.Cover.State.Active()
		}
	}
	if f.Cover.State.Active() && f.Cover.Basis == familyfile.BasisCourtOrder {
		f.Cover.StoppedOn = calendar.Date{} // of the terms as they were
		last, _ := f.lastBound()
		if !f.bound(today) {
			f.setBasis(familyfile.BasisConsent)
		}
		f.judgeConsent(last)
	}
	return nil
}

func (cmd LockOut) apply(o *Outcome, _ Actor, _ calendar.Date) error {
	c := &o.File.Cover
	if cmd.Person == c.AssistantPer || cmd.Person == cmd.SocialWorkerPerson {
		return fault.Precondition("LOCKED_OUT_WORKS", "step 6", "Ta osoba prowadzi sprawę rodziny. Najpierw przekaż rodzinę innemu asystentowi albo pracownikowi socjalnemu, potem wyłącz tę osobę.")
	}
	if !slices.Contains(c.LockedOut, cmd.Person) {
		c.LockedOut = append(c.LockedOut, cmd.Person)
		slices.Sort(c.LockedOut)
	}
	return nil
}

func (cmd LiftLockOut) apply(o *Outcome, _ Actor, _ calendar.Date) error {
	c := &o.File.Cover
	if !slices.Contains(c.LockedOut, cmd.Person) {
		return fault.Invalid("person", "NOT_LOCKED_OUT", "ta osoba nie jest wyłączona z wglądu w tę sprawę.")
	}
	c.LockedOut = slices.DeleteFunc(c.LockedOut, func(p string) bool { return p == cmd.Person })
	return nil
}
