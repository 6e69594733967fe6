package familyfile

import (
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
)

// State is where the family's service stands. Owner: casefile.
type State string

// States of a family file.
const (
	AwaitingAssistant State = "AWAITING_ASSISTANT" // approved, no assistant (every place taken, absence, end of contract)
	Assigned          State = "ASSIGNED"           // step 6 done; documentation, joint visit and consent 2 to come
	Cooperation       State = "COOPERATION"        // steps 10 to 19; day 0 is set
	Monitoring        State = "MONITORING"         // closed with a reason, monitored (steps 20 and 21)
	Ended             State = "ENDED"              // closed, monitoring done or not wanted
	Fenced            State = "FENCED"             // never opened: the number was given up
)

// Active says that the family counts in the caseload and its clocks run. A monitored family counts only where the county wants it (directory.CountySettings).
func (s State) Active() bool { return s == AwaitingAssistant || s == Assigned || s == Cooperation }

// Source is where the information about the family came from (step 1).
type Source string

// Sources.
const (
	SourceOwnDiagnosis Source = "OWN_DIAGNOSIS"
	SourceInstitution  Source = "INSTITUTION"
	SourceCourtOrder   Source = "COURT_ORDER"
	SourceFamily       Source = "FAMILY"
	SourceZaZyciem     Source = "ZA_ZYCIEM"
	SourceTakenOver    Source = "TAKEN_OVER" // open paper case
)

// Basis is on what ground the family is worked with.
type Basis string

// Bases.
const (
	BasisConsent    Basis = "CONSENT"
	BasisCourtOrder Basis = "COURT_ORDER"
)

// Cover is the cover of a family file.
type Cover struct {
	Number         string        `bson:"number"`                    // casefile: running number of the gmina and year
	Label          Label         `bson:"label"`                     // casefile: what lists show and searches find
	State          State         `bson:"state"`                     // casefile
	Source         Source        `bson:"source"`                    // casefile, from the referral
	Basis          Basis         `bson:"basis"`                     // casefile
	ClientKind     string        `bson:"client_kind"`               // casefile: FAMILY, KINSHIP_FOSTER_FAMILY, CARE_LEAVER, ZA_ZYCIEM
	Preventive     bool          `bson:"preventive,omitempty"`      // casefile: passing difficulties only
	Referral       string        `bson:"referral,omitempty"`        // casefile: id of the referral that opened it
	TakenOver      bool          `bson:"taken_over,omitempty"`      // casefile: open paper case taken over
	OpenedOn       calendar.Date `bson:"opened_on"`                 // casefile: day of approval
	Area           string        `bson:"area,omitempty"`            // casefile: area of the social worker
	SocialWorker   string        `bson:"social_worker,omitempty"`   // casefile: staff id
	ContractedBody string        `bson:"contracted_body,omitempty"` // casefile: institution id, where the family is given to one
	Assistant      string        `bson:"assistant,omitempty"`       // casefile: staff id, "" while none
	AssistantPer   string        `bson:"assistant_person,omitempty"`
	Assignments    []Assignment  `bson:"assignments,omitempty"`    // casefile: every assistant with from and to
	AwaitingSince  calendar.Date `bson:"awaiting_since,omitempty"` // casefile
	Difficulty     int           `bson:"difficulty"`               // casefile: weight 1 to 3
	DocsReadOn     calendar.Date `bson:"docs_read_on,omitempty"`   // casefile: step 8
	JointVisitOn   calendar.Date `bson:"joint_visit_on,omitempty"` // casefile: step 9
	Day0           calendar.Date `bson:"day0,omitempty"`           // casefile: start of cooperation, anchor of the clocks
	Spells         []Spell       `bson:"spells,omitempty"`         // casefile: periods of service, the last one open while active
	Adults         int           `bson:"adults"`                   // casefile
	Children       []Child       `bson:"children,omitempty"`       // casefile, but for the plan facts: planning
	PeselHashes    []string      `bson:"pesel_hashes,omitempty"`   // casefile: keyed per gmina
	CourtOrders    []CourtTerm   `bson:"court_orders,omitempty"`   // casefile
	CourtReports   []CourtReport `bson:"court_reports,omitempty"`  // casefile: opinions due
	StoppedOn      calendar.Date `bson:"stopped_on,omitempty"`     // casefile: last day on which work stood on a consent 2 or an order, see Stopped; under an order with a term it may lie ahead
	PaperVisits    int           `bson:"paper_visits,omitempty"`   // casefile: visits in the paper work card of a case taken over
	LastVisitOn    calendar.Date `bson:"last_visit_on,omitempty"`  // casefile
	NextVisitOn    calendar.Date `bson:"next_visit_on,omitempty"`  // casefile: joint visit as agreed, or next meeting
	ClosedOn       calendar.Date `bson:"closed_on,omitempty"`      // casefile
	ClosureReason  string        `bson:"closure_reason,omitempty"` // casefile: code
	MonitoredOn    []MonitorMark `bson:"monitored_on,omitempty"`   // casefile: monitoring done, with its schedule month
	LockedOut      []string      `bson:"locked_out,omitempty"`     // casefile: person ids of staff related to the family
	BlueCard       bool          `bson:"blue_card,omitempty"`      // casefile: a reference is held (never its content)

	PlanVersion   int            `bson:"plan_version,omitempty"`     // planning: last adopted version
	PlanAdoptedOn calendar.Date  `bson:"plan_adopted_on,omitempty"`  // planning: first plan of the present spell
	PlanRevisedOn calendar.Date  `bson:"plan_revised_on,omitempty"`  // planning: last adopted version
	PlanHash      string         `bson:"plan_hash,omitempty"`        // planning: content hash of the plan in force
	GoalsTotal    int            `bson:"goals_total,omitempty"`      // planning
	GoalsAchieved int            `bson:"goals_achieved,omitempty"`   // planning
	Assessments   []Assessed     `bson:"assessments,omitempty"`      // planning: presented and received assessments of the present spell
	SettingsVer   int64          `bson:"settings_version,omitempty"` // version of the gmina's settings that Terms was copied from
	Terms         Terms          `bson:"terms"`                      // casefile: the gmina's settings in force for this file
	Extra         map[string]any `bson:",inline"`                    // facts of a newer program, kept
}

// Label is what lists show and the search within the gmina finds. It never leaves the gmina.
type Label struct {
	FamilyName string   `bson:"family_name"` // surname(s) by which the office knows the family
	Place      string   `bson:"place"`       // town or village
	Address    string   `bson:"address"`     // street and number
	Search     []string `bson:"search"`      // folded words of surnames and address, see SearchKeys

	Members []MemberName `bson:"members,omitempty"` // casefile: how papers and the child's coordinator call the members
}

// MemberName is how a member of the family is called on paper, e.g. "Anna Nowak".
type MemberName struct {
	Member string        `bson:"member"`
	Name   string        `bson:"name"`
	LeftOn calendar.Date `bson:"left_on,omitempty"` // last day in the family; zero too in covers that were told before the field and have not changed since
}

// Assignment is one assistant's time with the family.
type Assignment struct {
	Staff  string        `bson:"staff"`
	Person string        `bson:"person"`
	From   calendar.Date `bson:"from"`
	To     calendar.Date `bson:"to,omitempty"` // last day; zero while it lasts
}

// Spell is one period of service, from the approval to the closure; both days count.
type Spell struct {
	From   calendar.Date `bson:"from"`
	Day0   calendar.Date `bson:"day0,omitempty"`
	To     calendar.Date `bson:"to,omitempty"`
	Reason string        `bson:"reason,omitempty"` // closure reason code
	Basis  Basis         `bson:"basis"`
	// StoppedOn is what Cover.StoppedOn was when the spell ended.
	StoppedOn calendar.Date `bson:"stopped_on,omitempty"`
	// Kept are the terms of plan and assessments as they stood when a later spell began; reports of past periods count them.
	Kept []deadline.Deadline `bson:"kept,omitempty"`
}

// Child is what clocks and coordination need of a child.
type Child struct {
	Member      string        `bson:"member"` // member id within the file
	BornOn      calendar.Date `bson:"born_on,omitempty"`
	InCareSince calendar.Date `bson:"in_care_since,omitempty"`
	CareEndedOn calendar.Date `bson:"care_ended_on,omitempty"`
	Returned    bool          `bson:"returned,omitempty"`    // care ended by return to the family
	Coordinator string        `bson:"coordinator,omitempty"` // person id
	CareForm    string        `bson:"care_form,omitempty"`
	LeftOn      calendar.Date `bson:"left_on,omitempty"` // last day in the family; the child's past stays for reports
	Grown       bool          `bson:"grown,omitempty"`   // of age and a member of the family as an adult; what was before stays for reports
	Stays       []CareStay    `bson:"stays,omitempty"`   // stays in foster care before the present or last one, oldest first; they stay for reports

	ChildPlan        string        `bson:"child_plan,omitempty"`         // planning: id of the child's help plan
	ChildPlanVersion int           `bson:"child_plan_version,omitempty"` // planning: last version published
	ChildPlanOn      calendar.Date `bson:"child_plan_on,omitempty"`      // planning: day it was published
	CoordinatedOn    calendar.Date `bson:"coordinated_on,omitempty"`     // planning: both sides signed off the content coordinated with that version
	LastReviewOn     calendar.Date `bson:"last_review_on,omitempty"`     // planning: last review of the child in care
}

// InCareOn says whether the child is in foster care on a day.
func (c Child) InCareOn(d calendar.Date) bool {
	return !c.InCareSince.IsZero() && !c.InCareSince.After(d) && (c.CareEndedOn.IsZero() || c.CareEndedOn.After(d))
}

// InCare says that the child is in foster care as far as the file knows.
func (c Child) InCare() bool { return !c.InCareSince.IsZero() && c.CareEndedOn.IsZero() }

// CareStay is one stay of a child in foster care.
type CareStay struct {
	Since    calendar.Date `bson:"since"`
	EndedOn  calendar.Date `bson:"ended_on,omitempty"`
	Returned bool          `bson:"returned,omitempty"` // ended by return to the family
}

// CareStays gives every stay of the child in foster care, the oldest first.
func (c Child) CareStays() []CareStay {
	if c.InCareSince.IsZero() {
		return c.Stays
	}
	return append(slices.Clip(c.Stays), CareStay{c.InCareSince, c.CareEndedOn, c.Returned})
}

// CourtTerm is a court's order on the family, as far as clocks need it.
type CourtTerm struct {
	Matter     string        `bson:"matter"` // id of the order within the file
	OrderedOn  calendar.Date `bson:"ordered_on"`
	ValidUntil calendar.Date `bson:"valid_until,omitempty"`
	EndedOn    calendar.Date `bson:"ended_on,omitempty"`

	NothingOwed  bool            `bson:"nothing_owed,omitempty"`  // its end was recorded after the work with the family: a report not sent is waived
	ReportMonths int             `bson:"report_months,omitempty"` // the court wants a report every so many months
	FirstReport  int             `bson:"first_report,omitempty"`  // number of the first one that was still to come when the order was recorded
	ReportedOn   []calendar.Date `bson:"reported_on,omitempty"`   // casefile, work card: days on which something was sent to the court for the order, oldest first
}

// Binds says that the order bound the family on some day from one to another.
func (o CourtTerm) Binds(from, to calendar.Date) bool {
	begun := !o.OrderedOn.After(to)
	return begun && (o.EndedOn.IsZero() || !o.EndedOn.Before(from)) && (o.ValidUntil.IsZero() || !o.ValidUntil.Before(from))
}

// CourtReport is an opinion that a court waits for.
type CourtReport struct {
	Matter string        `bson:"matter"`
	Anchor calendar.Date `bson:"anchor"`
	Due    calendar.Date `bson:"due"`
	SentOn calendar.Date `bson:"sent_on,omitempty"`
}

// MonitorMark is one monitoring done after the work ended.
type MonitorMark struct {
	Month int           `bson:"month"` // months after the closure, as in Terms.MonitoringMonths
	On    calendar.Date `bson:"on"`
}

// Assessed is one periodic assessment of the present spell.
type Assessed struct {
	Number      int           `bson:"number"` // half year after day 0 it answers, from 1
	ID          string        `bson:"id"`
	PresentedOn calendar.Date `bson:"presented_on,omitempty"`
	ReceivedOn  calendar.Date `bson:"received_on,omitempty"`
}

// Terms are the gmina's settings that deadlines depend on. Zero values mean the rule's own number.
type Terms struct {
	PlanMonths       int   `bson:"plan_months,omitempty"`
	VisitGapDays     int   `bson:"visit_gap_days,omitempty"`
	MonitoringMonths []int `bson:"monitoring_months,omitempty"`
	JointVisitDays   int   `bson:"joint_visit_days,omitempty"`
	DocumentsDays    int   `bson:"documents_days,omitempty"`
	AwaitingDays     int   `bson:"awaiting_days,omitempty"`
}

// DefaultMonitoringMonths is the schedule of step 21 where a gmina has set none.
var DefaultMonitoringMonths = []int{1, 3, 6, 12}

// Monitoring gives the schedule of step 21.
func (t Terms) Monitoring() []int {
	if len(t.MonitoringMonths) == 0 {
		return DefaultMonitoringMonths
	}
	return t.MonitoringMonths
}

// Parties are the people the object rules ask about.
func (c Cover) Parties() access.Parties {
	return access.Parties{SocialWorker: c.SocialWorker, Area: c.Area, Assistant: c.Assistant, ContractedBody: c.ContractedBody,
		Coordinators: c.Coordinators(), LockedOut: c.LockedOut}
}

// Stopped says that on a day the family is not worked with: no adult's consent 2 holds, and no order of a court binds any more. Safety actions go on.
func (c Cover) Stopped(on calendar.Date) bool { return !c.StoppedOn.IsZero() && on.After(c.StoppedOn) }

// StoppedWhy says in Polish, without full stop, why the family is not worked with.
func (c Cover) StoppedWhy() string {
	if c.Basis == BasisCourtOrder {
		return "Postanowienie sądu obowiązywało do " + c.StoppedOn.Polish() + ", a nikt z dorosłych nie zgodził się na współpracę"
	}
	return "Zgody na współpracę zostały cofnięte"
}

// StoppedNow says the same for lists: from the day of the last withdrawal, but under an order with a term from the day after its last one.
func (c Cover) StoppedNow(today calendar.Date) bool {
	return c.Stopped(today) || c.Basis == BasisConsent && !c.StoppedOn.IsZero()
}

// Coordinators are the person ids who coordinate a child of the file that is in care: the audience of the slice. Who is locked out by name is none, so that no
// feed tells them of a relative's file.
func (c Cover) Coordinators() []string {
	out := []string{} // not nil: an empty audience empties the slice
	for _, ch := range c.Children {
		if ch.InCare() && ch.Coordinator != "" && !slices.Contains(out, ch.Coordinator) && !slices.Contains(c.LockedOut, ch.Coordinator) {
			out = append(out, ch.Coordinator)
		}
	}
	slices.Sort(out)
	return out
}

// Child gives the child fact of a member, or nil.
func (c *Cover) Child(member string) *Child {
	for i := range c.Children {
		if c.Children[i].Member == member {
			return &c.Children[i]
		}
	}
	return nil
}

// SpellOpen gives the open spell, or nil.
func (c *Cover) SpellOpen() *Spell {
	if n := len(c.Spells); n > 0 && c.Spells[n-1].To.IsZero() {
		return &c.Spells[n-1]
	}
	return nil
}
