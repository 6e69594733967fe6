package planning

import (
	"slices"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

// mark puts a mark over the present content of the draft; a mark of the same kind by the same hand over it is replaced.
func (f File) mark(s SignOff, env Env) error {
	d := f.Section.Draft
	if s.Hash != d.Hash {
		return fault.Precondition("PLAN_CONTENT_CHANGED", "step 13",
			"Treść planu zmieniła się od czasu, gdy ją odczytano. Odczytaj projekt ponownie i potwierdź jego obecną treść.")
	}
	if s.On.IsZero() || s.On.After(env.Today) {
		return fault.Invalid(markFields[s.Kind], "FUTURE_DATE", "podaj dzień, nie późniejszy niż dzisiejszy.")
	}
	if limit, what := f.earliest(s); s.On.Before(limit) {
		return fault.Invalid(markFields[s.Kind], "MARK_DAY", "podaj dzień nie wcześniejszy niż "+what+" ("+limit.Polish()+"): wcześniej tej wersji planu nie mogło być.")
	}
	d.SignOffs = slices.DeleteFunc(d.SignOffs, func(o SignOff) bool { return o.Kind == s.Kind && o.By == s.By && o.Counts(d.Hash) })
	d.SignOffs = append(d.SignOffs, s)
	return nil
}

var markFields = map[SignOffKind]string{Consultation: "consulted_on", FamilyMark: "signatures.signed_on", Agreement: "agreed_on", HeadApproval: "approved_on"}

// earliest gives the first day on which a mark on the draft can have been made, and what began then: the cooperation, the version that the draft is to replace; for
// a coordinator the care of the child too, and the child's help plan that the content names. The day on which the draft was typed in is no limit: a plan is often
// written and signed on paper with the family first.
func (f File) earliest(s SignOff) (limit calendar.Date, what string) {
	later := func(d calendar.Date, polish string) {
		if d.After(limit) {
			limit, what = d, polish
		}
	}
	later(f.Cover.Day0, "początek współpracy")
	if f.Section.InForce != nil {
		later(f.Section.InForce.AdoptedOn, "przyjęcie poprzedniej wersji planu")
	}
	if s.Kind != Agreement {
		return limit, what
	}
	var care calendar.Date
	for _, ch := range OwnChildren(f.Cover, s.By) {
		if care.IsZero() || ch.InCareSince.Before(care) {
			care = ch.InCareSince
		}
		if slices.Contains(f.Section.Draft.Content.ChildPlans, ChildPlanRef{Child: ch.Member, Version: ch.ChildPlanVersion}) {
			later(ch.ChildPlanOn, "ogłoszenie planu pomocy dziecku, na który plan się powołuje")
		}
	}
	later(care, "początek pieczy zastępczej")
	return limit, what
}

// Sign records signatures of the family, or refusals.
type Sign struct {
	Version    int
	Hash       string
	Signatures []SignOff // By, On, Refused, OriginalAt
}

func (c Sign) apply(f File, env Env) (File, Events, error) {
	if _, err := f.draft(ActSign, c.Version); err != nil {
		return f, Events{}, err
	}
	for _, s := range c.Signatures {
		if s.By == "" {
			return f, Events{}, fault.Invalid("signatures.signer", "SIGNER_MISSING", "wskaż członka rodziny, który podpisał albo odmówił podpisu.")
		}
		if !member(f.Cover, s.By) {
			return f, Events{}, fault.Invalid("signatures.signer", "SIGNER_UNKNOWN", "nie ma takiego członka rodziny w tej teczce; wybierz osobę z listy.")
		}
		if !ofAge(f.Cover, s.By, limitedCapacity, s.On) {
			return f, Events{}, fault.Invalid("signatures.signer", "SIGNER_TOO_YOUNG",
				"dziecko przed ukończeniem 13 lat nie podpisuje planu (art. 12 Kodeksu cywilnego); odnotuj podpis albo odmowę osoby dorosłej.")
		}
		if left := leftOn(f.Cover, s.By); !left.IsZero() && s.On.After(left) {
			return f, Events{}, fault.Invalid("signatures.signer", "SIGNER_LEFT",
				"ta osoba nie należała już wtedy do rodziny (ostatni dzień: "+left.Polish()+"). Popraw dzień podpisu albo wskaż członka rodziny, który podpisał.")
		}
		s.Kind, s.Hash = FamilyMark, c.Hash
		if err := f.mark(s, env); err != nil {
			return f, Events{}, err
		}
	}
	return f, Events{}, nil
}

// Ages of the Civil Code: full capacity to act in law (art. 10 and 11) and limited capacity (art. 15), in years.
const (
	fullCapacity    = 18
	limitedCapacity = 13
)

// member tells whether somebody is or was a member of the family.
func member(c familyfile.Cover, id string) bool {
	return c.Child(id) != nil || slices.ContainsFunc(c.Label.Members, func(m familyfile.MemberName) bool { return m.Member == id })
}

// leftOn gives a member's last day in the family, zero for who belongs to it still.
func leftOn(c familyfile.Cover, id string) calendar.Date {
	if ch := c.Child(id); ch != nil && !ch.LeftOn.IsZero() {
		return ch.LeftOn
	}
	if i := slices.IndexFunc(c.Label.Members, func(m familyfile.MemberName) bool { return m.Member == id }); i >= 0 {
		return c.Label.Members[i].LeftOn
	}
	return calendar.Date{}
}

// ofAge tells whether a member is so many years old on a day. Adults of the family are, whose birth the office may not know; a child without a day of birth is not.
func ofAge(c familyfile.Cover, id string, years int, on calendar.Date) bool {
	ch := c.Child(id)
	return ch == nil || (!ch.BornOn.IsZero() && !on.Before(ch.BornOn.AddMonths(12*years)))
}

// signed tells whether an adult of the family has signed the draft or refused to: a minor's signature stands beside it.
func (f File) signed() bool {
	d := f.Section.Draft
	return slices.ContainsFunc(d.SignOffs, func(s SignOff) bool {
		return s.Kind == FamilyMark && s.Counts(d.Hash) && ofAge(f.Cover, s.By, fullCapacity, s.On)
	})
}
