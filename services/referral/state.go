package referral

import (
	"slices"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/seal"
)

// State is where a referral stands.
type State string

// States of a referral. The zero State is that of a referral which does not exist yet.
const (
	None        State = ""
	Received    State = "RECEIVED"    // step 1 done: routed to a social worker
	Interviewed State = "INTERVIEWED" // step 2 done
	Analysed    State = "ANALYSED"    // step 3 done; step 4 happens here
	Requested   State = "REQUESTED"   // step 5 done
	Approving   State = "APPROVING"   // step 6 decided, the family file is being opened
	Approved    State = "APPROVED"    // step 6 done
	Returned    State = "RETURNED"    // the request came back with reasons
	Refused     State = "REFUSED"     // the request was refused
	Closed      State = "CLOSED"      // closed before an approval
)

// States are all states, in the order of the procedure.
var States = []State{Received, Interviewed, Analysed, Requested, Approving, Approved, Returned, Refused, Closed}

// Referral is everything known of one information about a family. It is stored as section "referral" of its aggregate.
type Referral struct {
	State      State             `bson:"state"`
	ReceivedOn calendar.Date     `bson:"received_on"`
	Source     familyfile.Source `bson:"source"`
	Notice     *Notice           `bson:"notice,omitempty"`    // source INSTITUTION
	ZaZyciem   *Authorisation    `bson:"za_zyciem,omitempty"` // source ZA_ZYCIEM
	ClientKind string            `bson:"client_kind"`
	Preventive bool              `bson:"preventive,omitempty"`
	Urgent     bool              `bson:"urgent,omitempty"`
	Members    []Member          `bson:"members"`
	Address    Address           `bson:"address"`
	Reason     string            `bson:"reason"`               // what was said about the family's difficulties; personal
	LockedOut  []string          `bson:"locked_out,omitempty"` // person ids of those related to the family

	Route          Route         `bson:"route"`
	Interview      *Interview    `bson:"interview,omitempty"`
	Analysis       *Analysis     `bson:"analysis,omitempty"`
	OfferOn        calendar.Date `bson:"offer_on,omitempty"`
	Consents       []Consent     `bson:"consents,omitempty"` // every decision, oldest first
	Orders         []Order       `bson:"orders,omitempty"`
	Request        *Request      `bson:"request,omitempty"`
	Opinion        *Opinion      `bson:"opinion,omitempty"`
	Decision       *Decision     `bson:"decision,omitempty"`
	Closure        *Closure      `bson:"closure,omitempty"`
	Answer         *Answer       `bson:"answer,omitempty"`
	FamilyFile     string        `bson:"family_file,omitempty"` // id of the file that the approval opens
	Terms          Terms         `bson:"terms"`
	SettingsVer    int64         `bson:"settings_version,omitempty"` // version of the gmina's settings that Terms was copied from
	AbandonedFiles []string      `bson:"abandoned_files,omitempty"`  // file numbers given up because a file could not be opened
}

// Notice is an outside institution's notice.
type Notice struct {
	Institution   string `bson:"institution"` // institution id
	CaseReference string `bson:"case_reference,omitempty"`
}

// Authorisation is the written authorisation under the act "Za życiem".
type Authorisation struct {
	On         calendar.Date `bson:"on"`
	OriginalAt string        `bson:"original_at,omitempty"`
}

// Roles of a member in the family.
const (
	Mother     = "MOTHER"
	Father     = "FATHER"
	Partner    = "PARTNER"
	Guardian   = "GUARDIAN"
	Child      = "CHILD"
	OtherAdult = "OTHER_ADULT"
)

// Member is a member of the family.
type Member struct {
	ID          string        `bson:"id"`
	Role        string        `bson:"role"`
	GivenName   string        `bson:"given_name"`
	FamilyName  string        `bson:"family_name"`
	BornOn      calendar.Date `bson:"born_on,omitempty"`
	Pesel       seal.Value    `bson:"pesel,omitempty"`
	Authority   bool          `bson:"authority,omitempty"` // parental authority
	InCareSince calendar.Date `bson:"in_care_since,omitempty"`
	Coordinator string        `bson:"coordinator,omitempty"` // person id
}

// Address of the family.
type Address struct {
	Place      string `bson:"place"`
	Street     string `bson:"street,omitempty"`
	PostalCode string `bson:"postal_code,omitempty"`
}

// Route says to whom the referral goes.
type Route struct {
	Area         string `bson:"area,omitempty"`
	SocialWorker string `bson:"social_worker"`      // staff id
	Personal     bool   `bson:"personal,omitempty"` // the head chose this social worker in person, not through the area
}

// By is who did something: person of the county and employment in the gmina.
type By struct {
	Person string `bson:"person"`
	Staff  string `bson:"staff"`
}

// Interview is step 2.
type Interview struct {
	On         calendar.Date `bson:"on"`
	By         By            `bson:"by"`
	OriginalAt string        `bson:"original_at,omitempty"`
}

// Analysis is step 3.
type Analysis struct {
	On         calendar.Date `bson:"on"`
	Needed     bool          `bson:"needed"`
	Reasons    string        `bson:"reasons"`
	Interested bool          `bson:"interested"`
	Difficulty int           `bson:"difficulty"` // 1 to 3
	By         By            `bson:"by"`
}

// ConsentDecision is what an adult decided in step 4.
type ConsentDecision string

// Decisions of step 4.
const (
	Given     ConsentDecision = "GIVEN"
	Declined  ConsentDecision = "REFUSED"
	Withdrawn ConsentDecision = "WITHDRAWN"
)

// Consent is one decision of one adult (consent 1, step 4).
type Consent struct {
	Member     string          `bson:"member"`
	Decision   ConsentDecision `bson:"decision"`
	SignedOn   calendar.Date   `bson:"signed_on"`
	OriginalAt string          `bson:"original_at,omitempty"`
	Unsigned   bool            `bson:"unsigned,omitempty"` // the refusal itself was not signed
}

// Order is a court's order that obliges the family.
type Order struct {
	ID          string        `bson:"id"`
	Court       string        `bson:"court"`
	CaseNumber  string        `bson:"case_number"`
	OrderedOn   calendar.Date `bson:"ordered_on"`
	ValidUntil  calendar.Date `bson:"valid_until,omitempty"`
	ReportEvery int           `bson:"report_every,omitempty"` // months
}

// InForceOn says that the order binds on a day; both its days count.
func (o Order) InForceOn(d calendar.Date) bool {
	return !o.OrderedOn.After(d) && (o.ValidUntil.IsZero() || !o.ValidUntil.Before(d))
}

// Addressee is to whom a request goes (art. 11(3)).
type Addressee string

// The three kinds of addressee.
const (
	CentreHead     Addressee = "CENTRE_HEAD"
	GminaUnit      Addressee = "GMINA_UNIT"
	ContractedBody Addressee = "CONTRACTED_BODY"
)

// Organiser is who organises family work in the gmina, as its settings say.
type Organiser struct {
	Kind         Addressee
	Institution  string
	Resolution   string
	ResolutionOn calendar.Date
}

// Request is step 5.
type Request struct {
	On           calendar.Date `bson:"on"`
	By           By            `bson:"by"`
	Addressee    Addressee     `bson:"addressee"`
	Institution  string        `bson:"institution,omitempty"`
	Resolution   string        `bson:"resolution,omitempty"`
	ResolutionOn calendar.Date `bson:"resolution_on,omitempty"`
}

// Opinion is the first half of step 6.
type Opinion struct {
	On         calendar.Date `bson:"on"`
	By         By            `bson:"by"`
	Favourable bool          `bson:"favourable"`
	Text       string        `bson:"text,omitempty"`
}

// Decision is the second half of step 6: approval, return or refusal.
type Decision struct {
	On                 calendar.Date `bson:"on"`
	By                 By            `bson:"by"`
	Deputy             bool          `bson:"deputy,omitempty"`
	Assistant          string        `bson:"assistant,omitempty"` // staff id; "" while the family waits
	DuplicatesReviewed bool          `bson:"duplicates_reviewed,omitempty"`
	Reasons            string        `bson:"reasons,omitempty"`
}

// ClosureReason is why a referral ended before an approval.
type ClosureReason string

// Reasons of a closure.
const (
	NotNeeded         ClosureReason = "NOT_NEEDED"
	NotInterested     ClosureReason = "NOT_INTERESTED"
	WithdrawnBySource ClosureReason = "WITHDRAWN_BY_SOURCE"
	AlreadyServed     ClosureReason = "ALREADY_SERVED"
)

// Closure ends a referral before an approval.
type Closure struct {
	On     calendar.Date `bson:"on"`
	Reason ClosureReason `bson:"reason"`
	Remark string        `bson:"remark,omitempty"`
	By     By            `bson:"by"`
}

// Outcome is what the institution is told.
type Outcome string

// Outcomes of step 7.
const (
	Granted          Outcome = "GRANTED"
	NotGranted       Outcome = "NOT_GRANTED"
	HandledOtherwise Outcome = "HANDLED_OTHERWISE"
)

// Answer is step 7.
type Answer struct {
	On      calendar.Date `bson:"on"`
	Outcome Outcome       `bson:"outcome"`
	By      By            `bson:"by"`
}

// Terms are the gmina's settings that the terms of a referral depend on; zero means the rule's own number.
type Terms struct {
	ApprovalDays int `bson:"approval_days,omitempty"`
	AnswerDays   int `bson:"answer_days,omitempty"`
}

// Member gives a member by id, or nil.
func (r *Referral) Member(id string) *Member {
	for i := range r.Members {
		if r.Members[i].ID == id {
			return &r.Members[i]
		}
	}
	return nil
}

// Adult says that the member is no child of the family.
func (m Member) Adult() bool { return m.Role != Child }

// LastConsent gives the last decision of a member.
func (r Referral) LastConsent(member string) (Consent, bool) {
	for _, c := range slices.Backward(r.Consents) {
		if c.Member == member {
			return c, true
		}
	}
	return Consent{}, false
}

// Consented says that at least one adult with parental authority consents as things stand (step 4).
func (r Referral) Consented() bool {
	return slices.ContainsFunc(r.Members, func(m Member) bool {
		c, ok := r.LastConsent(m.ID)
		return ok && c.Decision == Given && m.mayConsent(r.ClientKind)
	})
}

// mayConsent says whose consent counts: an adult with parental authority; of an adult care leaver, and of a pregnant woman under "Za życiem",
// who have no child to have authority over, the adult's own.
func (m Member) mayConsent(kind string) bool {
	return m.Adult() && (m.Authority || kind == KindCareLeaver || kind == KindZaZyciem)
}

// OrderOn gives the order in force on a day: the youngest.
func (r Referral) OrderOn(d calendar.Date) (Order, bool) {
	var found Order
	for _, o := range r.Orders {
		if o.InForceOn(d) && (found.ID == "" || o.OrderedOn.After(found.OrderedOn)) {
			found = o
		}
	}
	return found, found.ID != ""
}

// Basis is on what ground the family would be worked with on a day.
func (r Referral) Basis(d calendar.Date) familyfile.Basis {
	if _, ok := r.OrderOn(d); ok {
		return familyfile.BasisCourtOrder
	}
	return familyfile.BasisConsent
}
