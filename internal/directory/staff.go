package directory

import (
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
)

// Contract is the kind of contract by which somebody works (statutory report, part of the gmina).
type Contract string

// Kinds of contract.
const (
	ContractEmployment Contract = "EMPLOYMENT" // umowa o pracę
	ContractService    Contract = "SERVICE"    // umowa o świadczenie usług
	ContractBody190    Contract = "ART_190"    // by a body the gmina has contracted (art. 190)
)

// FullTime is a full-time post, in hundredths.
const FullTime = 100

// Staff is the employment of a person in a gmina.
type Staff struct {
	Person         string          `bson:"person"` // person id in the county
	DisplayName    string          `bson:"display_name"`
	Position       string          `bson:"position,omitempty"` // as on papers, e.g. "starszy asystent rodziny"
	Phone          string          `bson:"phone,omitempty"`
	Email          string          `bson:"email,omitempty"`
	Roles          []access.Role   `bson:"roles"` // roles of a gmina, see access.GminaRoles
	Contract       Contract        `bson:"contract"`
	FTE            int             `bson:"fte"` // hundredths of a full-time post
	Areas          []string        `bson:"areas,omitempty"`
	Body           string          `bson:"body,omitempty"` // institution id of the contracted body the person works for
	ActiveFrom     calendar.Date   `bson:"active_from"`
	ActiveTo       calendar.Date   `bson:"active_to,omitempty"` // last day; zero while it lasts
	Absences       []Absence       `bson:"absences,omitempty"`
	DeputyFor      []Deputy        `bson:"deputy_for,omitempty"`
	Qualifications []Qualification `bson:"qualifications,omitempty"`
	// NeverAssistant says that the employment never held the role of an assistant since it was recorded, so that no family can name the member as its assistant: a
	// family is given to none but an assistant. Records older than the field do not say so of anybody.
	NeverAssistant bool `bson:"never_assistant,omitempty"`

	ID      string `bson:"-"` // staff id
	Gmina   string `bson:"-"` // TERYT
	Version int64  `bson:"-"` // version of the aggregate it was read from
}

// Absence is a time in which the person does not work; both days count.
type Absence struct {
	ID   string        `bson:"id"`
	From calendar.Date `bson:"from"`
	To   calendar.Date `bson:"to,omitempty"` // zero: until further notice

}

// Deputy is a time in which the person stands in for the head of the centre; both days count.
type Deputy struct {
	ID   string        `bson:"id"`
	Head string        `bson:"head,omitempty"` // staff id of the head stood in for
	From calendar.Date `bson:"from"`
	To   calendar.Date `bson:"to,omitempty"` // zero: until revoked
}

// Qualification is a proof that the person may do the work, with the day on which it has to be checked again (art. 12).
type Qualification struct {
	Kind      string        `bson:"kind"`               // code, e.g. EDUCATION, TRAINING, NO_CRIMINAL_RECORD
	CheckedOn calendar.Date `bson:"checked_on"`         //
	CheckBy   calendar.Date `bson:"check_by,omitempty"` // zero: once and for all
	Document  string        `bson:"document,omitempty"` // where the original lies
}

func within(d, from, to calendar.Date) bool {
	return !d.Before(from) && (to.IsZero() || !d.After(to))
}

// ActiveOn says that the employment is in force on a day.
func (s Staff) ActiveOn(d calendar.Date) bool {
	return !s.ActiveFrom.IsZero() && within(d, s.ActiveFrom, s.ActiveTo)
}

// AbsentOn says that the person is absent on a day.
func (s Staff) AbsentOn(d calendar.Date) bool {
	_, absent := s.AbsenceOn(d)
	return absent
}

// AbsenceOn gives the absence that covers a day.
func (s Staff) AbsenceOn(d calendar.Date) (Absence, bool) {
	for _, a := range s.Absences {
		if within(d, a.From, a.To) {
			return a, true
		}
	}
	return Absence{}, false
}

// DeputizesOn says that the person stands in for the head on a day.
func (s Staff) DeputizesOn(d calendar.Date) bool {
	return s.ActiveOn(d) && slices.ContainsFunc(s.DeputyFor, func(p Deputy) bool { return within(d, p.From, p.To) })
}

// RolesOn are the roles in force on a day, with HEAD while the person deputizes; none outside the employment.
func (s Staff) RolesOn(d calendar.Date) []access.Role {
	if !s.ActiveOn(d) {
		return nil
	}
	roles := slices.Clone(s.Roles)
	if s.DeputizesOn(d) && !slices.Contains(roles, access.Head) {
		roles = append(roles, access.Head)
	}
	return roles
}

// Has says that the employment carries a role.
func (s Staff) Has(r access.Role) bool { return slices.Contains(s.Roles, r) }

// Employment is the employment as in force on a day, for a principal; false outside it. Areas are those of the employment itself;
// the gmina's settings may name more.
func (s Staff) Employment(d calendar.Date) (access.Employment, bool) {
	roles := s.RolesOn(d)
	if len(roles) == 0 {
		return access.Employment{}, false
	}
	return access.Employment{Staff: s.ID, Gmina: s.Gmina, Roles: roles, Deputy: !s.Has(access.Head) && slices.Contains(roles, access.Head),
		Areas: slices.Clone(s.Areas), Body: s.Body}, true
}

// Person is a person of the county who may log in.
type Person struct {
	DisplayName string        `bson:"display_name"`
	Email       string        `bson:"email,omitempty"`
	Phone       string        `bson:"phone,omitempty"`
	Subjects    []string      `bson:"subjects"`     // login subjects of tokens
	CountyRoles []access.Role `bson:"county_roles"` // see access.CountyRoles
	ActiveFrom  calendar.Date `bson:"active_from"`
	ActiveTo    calendar.Date `bson:"active_to,omitempty"` // last day; zero while active

	ID      string `bson:"-"`
	County  string `bson:"-"`
	Version int64  `bson:"-"`
}

// ActiveOn says that the person may log in on a day.
func (p Person) ActiveOn(d calendar.Date) bool {
	return !p.ActiveFrom.IsZero() && within(d, p.ActiveFrom, p.ActiveTo)
}

// Institution is a partner of the gmina: who gives notice of families, helps them, or does family work for the gmina.
type Institution struct {
	DisplayName string          `bson:"display_name"`
	Kind        InstitutionKind `bson:"kind"`
	Address     string          `bson:"address,omitempty"`
	Phone       string          `bson:"phone,omitempty"`
	Email       string          `bson:"email,omitempty"`
	ContractNo  string          `bson:"contract_no,omitempty"` // of a body of art. 190
	ActiveTo    calendar.Date   `bson:"active_to,omitempty"`   // last day on which it may be chosen; zero: no end

	ID      string `bson:"-"`
	Gmina   string `bson:"-"`
	Version int64  `bson:"-"`
}

// InstitutionKind is what kind of partner an institution is.
type InstitutionKind string

// Kinds of institution.
const (
	InstitutionSchool     InstitutionKind = "SCHOOL"
	InstitutionCourt      InstitutionKind = "COURT"
	InstitutionGuardian   InstitutionKind = "PROBATION" // kurator sądowy
	InstitutionPolice     InstitutionKind = "POLICE"
	InstitutionHealth     InstitutionKind = "HEALTH"
	InstitutionPCPR       InstitutionKind = "PCPR"
	InstitutionDaySupport InstitutionKind = "DAY_SUPPORT" // placówka wsparcia dziennego
	InstitutionNGO        InstitutionKind = "NGO"
	InstitutionUnit       InstitutionKind = "GMINA_UNIT" // unit of the gmina that organises family work
	InstitutionBody190    InstitutionKind = "BODY_190"   // podmiot, art. 190
	InstitutionOther      InstitutionKind = "OTHER"
)
