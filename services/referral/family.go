package referral

import (
	"fmt"
	"slices"
	"strings"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
	"asysta.example/internal/pesel"
)

// Sources with rules of their own.
const (
	SourceOrder       = familyfile.SourceCourtOrder
	SourceInstitution = familyfile.SourceInstitution
)

// Kinds of client.
const (
	KindFamily     = "FAMILY"
	KindKinship    = "KINSHIP_FOSTER_FAMILY"
	KindCareLeaver = "CARE_LEAVER"
	KindZaZyciem   = "ZA_ZYCIEM"
)

const (
	maxConsents = 60
	maxOrders   = 10
	adultYears  = 18
)

func kindOrFamily(kind string) string {
	if kind == "" {
		return KindFamily
	}
	return kind
}

func at(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// past notes a day that is missing or has not come yet.
func past(f *fault.Fields, field string, d, today calendar.Date) {
	f.Check(!d.IsZero(), field, "podaj datę.")
	f.Check(!d.After(today), field, "data nie może być późniejsza niż dzisiejsza ("+today.Polish()+").")
}

// BornBy checks a PESEL number against the birth date given, if any, and gives the birth date. The field is the path of the member.
func BornBy(text string, born calendar.Date, field string) (calendar.Date, error) {
	n, err := pesel.Parse(text)
	if err != nil {
		return born, fault.Invalid(field+".pesel", "PESEL_WRONG", "numer PESEL jest błędny (niezgodna cyfra kontrolna lub data). Sprawdź go z dokumentem.")
	}
	if !born.IsZero() && born != n.BirthDate() {
		return born, fault.Invalid(field+".birth_date", "PESEL_BIRTH_DATE", "data urodzenia nie zgadza się z numerem PESEL. Popraw jedno z nich.")
	}
	return n.BirthDate(), nil
}

// checkFamily notes what is wrong with the data of step 1.
func (r Referral) checkFamily(f *fault.Fields, today calendar.Date) {
	const in = "referral."
	past(f, in+"received_on", r.ReceivedOn, today)
	f.Check(strings.TrimSpace(r.Reason) != "", in+"described_reason", "opisz, jakie trudności zgłoszono.")
	f.Check(strings.TrimSpace(r.Address.Place) != "", in+"address", "podaj miejscowość.")
	f.Check((r.Source == SourceInstitution) == (r.Notice != nil), in+"notice", "dane instytucji podaje się wtedy i tylko wtedy, gdy to ona zgłosiła rodzinę.")
	f.Check((r.Source == familyfile.SourceZaZyciem) == (r.ZaZyciem != nil), in+"za_zyciem", "upoważnienie podaje się wtedy i tylko wtedy, gdy zgłoszenie pochodzi z programu „Za życiem”.")
	if r.ZaZyciem != nil {
		past(f, in+"za_zyciem.authorised_on", r.ZaZyciem.On, today)
	}
	f.Check(knownSource(r.Source), in+"source", "wskaż, skąd pochodzi informacja o rodzinie.")
	f.Check(slices.ContainsFunc(r.Members, Member.Adult), in+"members", "podaj co najmniej jedną osobę dorosłą.")
	seen := map[string]bool{}
	for i, m := range r.Members {
		field := at(in+"members", i)
		m.check(f, field, today)
		f.Check(!seen[m.ID], field+".member_id", "identyfikator powtarza się.")
		f.Check(m.Pesel.GminaHash == "" || !seen["p"+m.Pesel.GminaHash], field+".pesel", "ten sam numer PESEL podano dwa razy.")
		seen[m.ID], seen["p"+m.Pesel.GminaHash] = true, true
	}
}

func knownSource(s familyfile.Source) bool {
	return slices.Contains([]familyfile.Source{familyfile.SourceOwnDiagnosis, SourceInstitution, SourceOrder, familyfile.SourceFamily, familyfile.SourceZaZyciem}, s)
}

func (m Member) check(f *fault.Fields, field string, today calendar.Date) {
	f.Check(m.GivenName != "" && m.FamilyName != "", field+".family_name", "podaj imię i nazwisko.")
	f.Check(slices.Contains([]string{Mother, Father, Partner, Guardian, Child, OtherAdult}, m.Role), field+".role", "wskaż, kim jest ta osoba w rodzinie.")
	f.Check(!m.BornOn.After(today), field+".birth_date", "data urodzenia nie może być późniejsza niż dzisiejsza.")
	f.Check(m.Adult() || !m.BornOn.IsZero(), field+".birth_date", "podaj datę urodzenia dziecka.")
	f.Check(m.Adult() || !m.Authority, field+".parental_authority", "dziecko nie ma władzy rodzicielskiej.")
	f.Check(!m.Adult() || m.InCareSince.IsZero(), field+".in_care_since", "tylko dziecko może być w pieczy zastępczej.")
	f.Check(!m.InCareSince.After(today), field+".in_care_since", "data nie może być późniejsza niż dzisiejsza.")
	f.Check(m.InCareSince.IsZero() || !m.InCareSince.Before(m.BornOn), field+".in_care_since", "dziecko nie mogło trafić do pieczy przed urodzeniem.")
	f.Check(m.Coordinator == "" || !m.InCareSince.IsZero(), field+".coordinator", "koordynatora ma tylko dziecko w pieczy zastępczej.")
	f.Check(!m.Authority || m.BornOn.IsZero() || !m.BornOn.AddMonths(12*adultYears).After(today), field+".parental_authority", "osoba niepełnoletnia nie ma władzy rodzicielskiej.")
}

// named gives ids to members without one: m1, m2, … The ids stay when the referral becomes a file.
func named(members []Member) []Member {
	out := slices.Clone(members)
	used := map[string]bool{}
	for _, m := range out {
		used[m.ID] = true
	}
	n := 0
	for i := range out {
		for out[i].ID == "" {
			if n++; !used[fmt.Sprintf("m%d", n)] {
				out[i].ID = fmt.Sprintf("m%d", n)
			}
		}
	}
	return out
}

// replaceMembers takes over new members; those in keep carry their sealed PESEL on. Who has decided on consent cannot vanish.
func (r *Referral) replaceMembers(members []Member, keep []string, f *fault.Fields) {
	old := *r
	r.Members = named(members)
	for i := range r.Members {
		m := &r.Members[i]
		if !slices.Contains(keep, m.ID) {
			continue
		}
		before := old.Member(m.ID)
		if before == nil || before.Pesel.IsZero() {
			f.Add(at("referral.members", i)+".pesel", "podaj numer PESEL cyframi: nie ma zapisanego numeru tej osoby.")
			continue
		}
		m.Pesel = before.Pesel
		f.Check(m.BornOn == before.BornOn, at("referral.members", i)+".birth_date", "aby zmienić datę urodzenia, podaj numer PESEL jeszcze raz.")
	}
	for _, c := range r.Consents {
		f.Check(r.Member(c.Member) != nil, "referral.members", "nie można usunąć osoby, której decyzję już odnotowano; identyfikator członka rodziny musi pozostać.")
	}
}

func (r Referral) checkConsent(f *fault.Fields, field string, c Consent, offer, today calendar.Date) {
	m := r.Member(c.Member)
	f.Check(m != nil, field+".member_id", "nie ma takiego członka rodziny.")
	f.Check(m == nil || m.Adult(), field+".member_id", "zgodę wyraża osoba dorosła.")
	past(f, field+".signature.signed_on", c.SignedOn, today)
	f.Check(!c.SignedOn.Before(offer), field+".signature.signed_on", "decyzję podejmuje się po przedstawieniu oferty ("+offer.Polish()+").")
	f.Check(c.Decision != Given || !c.Unsigned, field+".signature.refused", "zgoda wymaga podpisu.")
	f.Check(c.Decision == Given || c.Decision == Declined || c.Decision == Withdrawn, field+".decision", "wskaż decyzję.")
	last, ok := r.LastConsent(c.Member)
	f.Check(c.Decision != Withdrawn || (ok && last.Decision == Given), field+".decision", "wycofać można tylko zgodę, którą wcześniej wyrażono.")
	f.Check(!ok || !c.SignedOn.Before(last.SignedOn), field+".signature.signed_on", "nowa decyzja nie może być wcześniejsza niż poprzednia decyzja tej osoby.")
}

// inForce is when the act of 9 June 2011 on supporting the family came into force: there was no family assistant to ask for before.
var inForce = calendar.MustParse("2012-01-01")

// checkReceived notes a day on which no such information can have come.
func (r Referral) checkReceived(f *fault.Fields) {
	f.Check(r.ReceivedOn.IsZero() || !r.ReceivedOn.Before(inForce), "referral.received_on", "zgłoszenie nie mogło wpłynąć przed "+inForce.Polish()+", gdy weszła w życie ustawa o wspieraniu rodziny i systemie pieczy zastępczej; popraw datę.")
	f.Check(r.ReceivedOn.IsZero() || r.ordered(), "referral.received_on", r.orderedLate())
}

// ordered says that a referral which a court's order has started came when there was an order. Others may be younger: they came while the referral ran.
func (r Referral) ordered() bool {
	return r.Source != SourceOrder || len(r.Orders) == 0 || slices.ContainsFunc(r.Orders, func(o Order) bool { return !o.OrderedOn.After(r.ReceivedOn) })
}

func (r Referral) orderedLate() string {
	return "zgłoszenie z postanowienia sądu (wpływ: " + r.ReceivedOn.Polish() + ") nie mogło wpłynąć przed jego wydaniem; popraw datę wpływu albo datę postanowienia."
}

func (o Order) check(f *fault.Fields, in string, today calendar.Date) {
	past(f, in+"ordered_on", o.OrderedOn, today)
	f.Check(o.Court != "" && o.CaseNumber != "", in+"court", "podaj sąd i sygnaturę.")
	f.Check(o.ValidUntil.IsZero() || !o.ValidUntil.Before(o.OrderedOn), in+"valid_until", "postanowienie nie może wygasnąć przed jego wydaniem.")
	f.Check(o.ReportEvery >= 0 && o.ReportEvery <= 24, in+"report_every_months", "sąd żąda sprawozdań co 1 do 24 miesięcy; 0, jeżeli ich nie żąda.")
	f.Check(o.ID != "", in+"order_id", "brakuje identyfikatora postanowienia.")
}

func uniqueOrders(orders []Order) bool {
	seen := map[string]bool{}
	for _, o := range orders {
		if seen[o.ID] {
			return false
		}
		seen[o.ID] = true
	}
	return true
}
