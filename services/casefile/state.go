package casefile

import (
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/seal"
)

// SectionName is the section of the family file that this package's state is stored in.
const SectionName = "casefile"

// File is the family file as the lifecycle sees it: the cover shared by all services and the section of this one. The zero File does not exist yet.
type File struct {
	Cover   familyfile.Cover
	Section Section
}

// Section is what this service alone keeps of a family.
type Section struct {
	PostalCode  string         `bson:"postal_code,omitempty"` // the rest of the address is in Cover.Label
	Members     []Member       `bson:"members"`               // those who left included
	Consents    []Consent      `bson:"consents,omitempty"`    // oldest first
	JointVisit  *JointVisit    `bson:"joint_visit,omitempty"` // of the present spell, the last one
	Picture     *Picture       `bson:"picture,omitempty"`     // step 10
	Orders      []Order        `bson:"orders,omitempty"`
	BlueCard    *BlueCard      `bson:"blue_card,omitempty"`
	Handovers   []Handover     `bson:"handovers,omitempty"`
	Decisions   []Decision     `bson:"decisions,omitempty"` // step 19
	Proposal    *Closure       `bson:"proposal,omitempty"`  // the assistant's proposal to close
	Closures    []Closure      `bson:"closures,omitempty"`  // one for each closed spell, in their order
	Monitoring  []Monitoring   `bson:"monitoring,omitempty"`
	EndedBy     *Act           `bson:"ended_by,omitempty"` // monitoring ended before its last date
	Reopenings  []Reopening    `bson:"reopenings,omitempty"`
	Paper       *Paper         `bson:"paper,omitempty"`
	Corrections int            `bson:"corrections,omitempty"` // number of corrections; they are records
	Extra       map[string]any `bson:",inline"`               // facts of a newer program, kept
}

// MemberRole is what a member is in the family, spelled as in the contract without prefix.
type MemberRole string

// Roles in the family.
const (
	Mother     MemberRole = "MOTHER"
	Father     MemberRole = "FATHER"
	Partner    MemberRole = "PARTNER"
	Guardian   MemberRole = "GUARDIAN"
	ChildRole  MemberRole = "CHILD"
	OtherAdult MemberRole = "OTHER_ADULT"
)

// Member is a member of the family. Where a child stands in foster care is in Cover.Children.
type Member struct {
	ID         string        `bson:"id"`
	Role       MemberRole    `bson:"role"`
	GivenName  string        `bson:"given_name"`
	FamilyName string        `bson:"family_name"`
	BornOn     calendar.Date `bson:"born_on,omitempty"`
	Pesel      seal.Value    `bson:"pesel,omitempty"`
	Authority  bool          `bson:"authority,omitempty"` // parental authority
	LeftOn     calendar.Date `bson:"left_on,omitempty"`   // last day in the family
	CareEnd    string        `bson:"care_end,omitempty"`  // how the last foster care ended
}

// Adult says that the member is no child.
func (m Member) Adult() bool { return m.Role != ChildRole }

// Present says that the member belongs to the family.
func (m Member) Present() bool { return m.LeftOn.IsZero() }

// Kinds of consent.
const (
	Participation = "PARTICIPATION" // consent 1, step 4
	Cooperation   = "COOPERATION"   // consent 2, step 9
)

// Decisions on a consent.
const (
	Given     = "GIVEN"
	Refused   = "REFUSED"
	Withdrawn = "WITHDRAWN"
)

// Consent is the written decision of one adult.
type Consent struct {
	Member     string        `bson:"member"`
	Kind       string        `bson:"kind"`
	Decision   string        `bson:"decision"`
	SignedOn   calendar.Date `bson:"signed_on"`
	OriginalAt string        `bson:"original_at,omitempty"`
	Unsigned   bool          `bson:"unsigned,omitempty"` // the person refused to sign
}

// JointVisit is the first visit of assistant and social worker together (step 9).
type JointVisit struct {
	On             calendar.Date `bson:"on"`
	Assistant      string        `bson:"assistant"`
	SocialWorker   string        `bson:"social_worker"`
	Members        []string      `bson:"members"`
	RulesDiscussed bool          `bson:"rules_discussed"`
	Note           string        `bson:"note,omitempty"`
}

// Picture is what the assistant learned of the family (step 10).
type Picture struct {
	Members      []MemberPicture `bson:"members,omitempty"`
	Family       string          `bson:"family,omitempty"`       // resources of the family
	Community    string          `bson:"community,omitempty"`    // resources of the local community
	Institutions string          `bson:"institutions,omitempty"` // resources of institutions
	Scope        string          `bson:"scope,omitempty"`        // scope of the assistant's services, made precise
	Tasks        []string        `bson:"tasks,omitempty"`        // codes of the catalogue
	KnownOn      calendar.Date   `bson:"known_on"`
}

// MemberPicture is what the assistant learned of one member.
type MemberPicture struct {
	Member       string `bson:"member"`
	Situation    string `bson:"situation,omitempty"`
	Problems     string `bson:"problems,omitempty"`
	Limits       string `bson:"limits,omitempty"`
	Resources    string `bson:"resources,omitempty"`
	Expectations string `bson:"expectations,omitempty"`
}

// Order is a court's order that obliges the family.
type Order struct {
	ID                string        `bson:"id"`
	Court             string        `bson:"court"`
	CaseNumber        string        `bson:"case_number"`
	OrderedOn         calendar.Date `bson:"ordered_on"`
	ValidUntil        calendar.Date `bson:"valid_until,omitempty"`
	ReportEveryMonths int           `bson:"report_every_months,omitempty"`
	EndedOn           calendar.Date `bson:"ended_on,omitempty"`
}

// BlueCard is the reference to a Blue Card proceeding, never its content.
type BlueCard struct {
	Reference seal.Value    `bson:"reference"`
	NotedOn   calendar.Date `bson:"noted_on"`
}

// Handover is a change of the assistant, or its end without a successor.
type Handover struct {
	On     calendar.Date `bson:"on"`
	From   string        `bson:"from"`
	To     string        `bson:"to,omitempty"`
	Reason string        `bson:"reason"`
	By     string        `bson:"by"`
}

// Decision is a joint decision of assistant and head (step 19).
type Decision struct {
	ID             string        `bson:"id"`
	Obstacle       string        `bson:"obstacle"`
	Proposed       string        `bson:"proposed"`
	ProposedBy     string        `bson:"proposed_by"`
	ProposedPerson string        `bson:"proposed_person"`
	ProposedOn     calendar.Date `bson:"proposed_on"`
	Decided        string        `bson:"decided,omitempty"`
	Reasons        string        `bson:"reasons,omitempty"`
	DecidedBy      string        `bson:"decided_by,omitempty"`
	DecidedOn      calendar.Date `bson:"decided_on,omitempty"`
}

// Codes of joint decisions.
const (
	DecideContinue     = "CONTINUE"
	DecideChangeMethod = "CHANGE_METHOD"
	DecideReassign     = "REASSIGN"
	DecideEndEarly     = "END_EARLY"
)

// Closure is the end of the work with the family (step 20).
type Closure struct {
	On         calendar.Date `bson:"on"`
	Reason     string        `bson:"reason"` // code of catalogue.ClosureReasons
	Text       string        `bson:"text,omitempty"`
	Assessment string        `bson:"assessment"`
	ProposedBy string        `bson:"proposed_by,omitempty"`
	ClosedBy   string        `bson:"closed_by,omitempty"`
}

// Codes of closure reasons that rules speak of.
const (
	ReasonOther             = "OTHER"
	ReasonLackOfCooperation = "LACK_OF_COOPERATION"
)

// Monitoring is one check of the family after the work ended (step 21).
type Monitoring struct {
	Month      int           `bson:"month"`
	On         calendar.Date `bson:"on"`
	By         string        `bson:"by"`
	Note       string        `bson:"note"`
	HelpNeeded bool          `bson:"help_needed,omitempty"`
}

// Act is something done by somebody for a reason.
type Act struct {
	On     calendar.Date `bson:"on"`
	By     string        `bson:"by"`
	Reason string        `bson:"reason"`
}

// Reopening is the beginning of another spell.
type Reopening struct {
	On       calendar.Date     `bson:"on"`
	By       string            `bson:"by"`
	Source   familyfile.Source `bson:"source"`
	Referral string            `bson:"referral,omitempty"`
	Reason   string            `bson:"reason,omitempty"`
}

// Paper says where a case taken over came from.
type Paper struct {
	Reference string        `bson:"reference,omitempty"`
	TakenOn   calendar.Date `bson:"taken_on"`
	By        string        `bson:"by"`
}

// Actor is who acts: role is the one in which the object rules let the person reach the file.
type Actor struct {
	Staff  string
	Person string
	Role   access.Role
}

// Correction is what a correcting command did; the shell keeps it as a record.
type Correction struct {
	Subject string `bson:"subject"` // DAY0, CONSENT, ASSIGNMENT
	Number  int    `bson:"number,omitempty"`
	Before  string `bson:"before"` // Polish
	After   string `bson:"after"`  // Polish
	Reason  string `bson:"reason"`
	By      string `bson:"by"`
}

// Subjects of corrections.
const (
	SubjectDay0       = "DAY0"
	SubjectConsent    = "CONSENT"
	SubjectAssignment = "ASSIGNMENT"
)

// Outcome is what a command makes of a file, with what is kept as records beside it.
type Outcome struct {
	File       File
	Correction *Correction
	Monitoring *Monitoring
}

// clone copies whatever commands change in place.
func (f File) clone() File {
	c, s := &f.Cover, &f.Section
	c.Assignments, c.Spells, c.Children = slices.Clone(c.Assignments), slices.Clone(c.Spells), slices.Clone(c.Children)
	c.CourtOrders, c.CourtReports = slices.Clone(c.CourtOrders), slices.Clone(c.CourtReports)
	c.MonitoredOn, c.LockedOut = slices.Clone(c.MonitoredOn), slices.Clone(c.LockedOut)
	s.Members, s.Consents, s.Orders = slices.Clone(s.Members), slices.Clone(s.Consents), slices.Clone(s.Orders)
	s.Handovers, s.Decisions, s.Closures = slices.Clone(s.Handovers), slices.Clone(s.Decisions), slices.Clone(s.Closures)
	s.Monitoring, s.Reopenings = slices.Clone(s.Monitoring), slices.Clone(s.Reopenings)
	return f
}

// member gives a member, or nil.
func (f *File) member(id string) *Member {
	for i := range f.Section.Members {
		if f.Section.Members[i].ID == id {
			return &f.Section.Members[i]
		}
	}
	return nil
}

// Member gives a member by id.
func (f File) Member(id string) (Member, bool) {
	if m := f.member(id); m != nil {
		return *m, true
	}
	return Member{}, false
}

// openDecision gives the decision that waits for the head, or nil.
func (f *File) openDecision() *Decision {
	if n := len(f.Section.Decisions); n > 0 && f.Section.Decisions[n-1].Decided == "" {
		return &f.Section.Decisions[n-1]
	}
	return nil
}

// assignment gives the assignment that lasts, or nil.
func (f *File) assignment() *familyfile.Assignment {
	if n := len(f.Cover.Assignments); n > 0 && f.Cover.Assignments[n-1].To.IsZero() {
		return &f.Cover.Assignments[n-1]
	}
	return nil
}

// spellFrom is the first day of the present or last spell.
func (f *File) spellFrom() calendar.Date {
	if n := len(f.Cover.Spells); n > 0 {
		return f.Cover.Spells[n-1].From
	}
	return calendar.Date{}
}

// bound says that a court's order binds the family on a day.
func (f *File) bound(on calendar.Date) bool {
	return slices.ContainsFunc(f.Section.Orders, func(o Order) bool { return o.EndedOn.IsZero() && !o.expired(on) })
}

// obliged says that the work stands on a court's order that binds on a day.
func (f *File) obliged(on calendar.Date) bool {
	return f.Cover.Basis == familyfile.BasisCourtOrder && f.bound(on)
}

// unended says that an order is there whose end was not recorded.
func (f *File) unended() bool {
	return slices.ContainsFunc(f.Section.Orders, func(o Order) bool { return o.EndedOn.IsZero() })
}

// expired says that the order's own term was over before a day.
func (o Order) expired(on calendar.Date) bool {
	return !o.ValidUntil.IsZero() && o.ValidUntil.Before(on)
}
