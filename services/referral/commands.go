package referral

import (
	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
)

// Actor is who acts. Role is the one in which the object rules let the person reach the referral.
type Actor struct {
	By
	Role   access.Role
	Body   string // institution id of the body the person works for; "" for the centre's own staff
	Deputy bool   // HEAD comes from deputizing
}

// Act names a command in the transition table; it is the name of the method that carries it out.
type Act string

// The acts of steps 1 to 7.
const (
	ActCreate       Act = "CreateReferral"
	ActUpdate       Act = "UpdateReferral"
	ActRoute        Act = "RouteReferral"
	ActInterview    Act = "RecordInterview"
	ActAnalysis     Act = "RecordAnalysis"
	ActConsent      Act = "RecordConsent"
	ActOrder        Act = "RecordCourtOrder"
	ActRequest      Act = "RequestAssistant"
	ActOpinion      Act = "GiveOpinion"
	ActApprove      Act = "ApproveReferral"
	ActReturn       Act = "ReturnReferral"
	ActRefuse       Act = "RefuseReferral"
	ActClose        Act = "CloseReferral"
	ActAnswer       Act = "AnswerInstitution"
	ActFileOpened   Act = "FileOpened"   // the system, after the casefile service has opened the file
	ActFileRejected Act = "FileRejected" // the system, after the casefile service has refused for good to open it
)

// Command is one act with what it needs.
type Command interface {
	Act() Act
	// apply changes r, whose slices it may replace but not alter. The table has been asked before.
	apply(r *Referral, a Actor, today calendar.Date) error
}

// Create records an information about a family (step 1), already routed.
type Create struct {
	ReceivedOn  calendar.Date
	Source      familyfile.Source
	Notice      *Notice
	ZaZyciem    *Authorisation
	ClientKind  string
	Preventive  bool
	Urgent      bool
	Members     []Member
	Address     Address
	Reason      string
	LockedOut   []string
	Orders      []Order
	Route       Route
	RoutePerson string // person id of the social worker
	Terms       Terms
	SettingsVer int64
}

// Update corrects the family data before the request. Nil fields stay.
type Update struct {
	ReceivedOn *calendar.Date
	Notice     *Notice
	ZaZyciem   *Authorisation
	ClientKind *string
	Preventive *bool
	Urgent     *bool
	Members    *[]Member
	// KeepPesel has the ids of members whose sealed PESEL is not given anew and stays.
	KeepPesel []string
	Address   *Address
	Reason    *string
	LockedOut *[]string
	// RoutePerson is the person id of the social worker the referral is routed to.
	RoutePerson string
}

// Reroute sends the referral to another social worker or area.
type Reroute struct {
	Route     Route
	Person    string   // person id of the social worker
	LockedOut []string // person ids of those whom the family file, where there is one, keeps out
}

// RecordInterview is step 2.
type RecordInterview struct {
	On         calendar.Date
	Urgent     bool
	OriginalAt string
}

// RecordAnalysis is step 3.
type RecordAnalysis struct {
	On         calendar.Date
	Needed     bool
	Reasons    string
	Interested bool
	Difficulty int
}

// RecordConsent is step 4.
type RecordConsent struct {
	OfferOn  calendar.Date
	Consents []Consent
}

// RecordOrder records or corrects an order of a court; the id tells which.
type RecordOrder struct{ Order Order }

// RequestAssistant is step 5. Addressee "" means the organiser's kind.
type RequestAssistant struct {
	On          calendar.Date
	Addressee   Addressee
	Organiser   Organiser
	Terms       Terms
	SettingsVer int64
}

// GiveOpinion is the first half of step 6.
type GiveOpinion struct {
	On         calendar.Date
	Favourable bool
	Text       string
}

// Approve is the second half of step 6. Duplicates and Served are what the shell has found. On is the day of the decision; zero is today.
type Approve struct {
	On                 calendar.Date
	FamilyFile         string // derived id of the file to open
	Assistant          string // staff id; "" while every assistant is full, under a court order
	AssistantPerson    string
	AssistantBody      string
	AssistantWorker    bool // the assistant is a social worker of the gmina too
	DuplicatesReviewed bool
	Duplicates         bool // there are likely duplicates
	Served             bool // an open family file holds a PESEL of the family
}

// Return sends the request back. On is the day of the decision; zero is today.
type Return struct {
	On      calendar.Date
	Reasons string
}

// Refuse refuses the request. On is the day of the decision; zero is today.
type Refuse struct {
	On      calendar.Date
	Reasons string
}

// Close ends the referral before an approval.
type Close struct {
	On     calendar.Date
	Reason ClosureReason
	Remark string
}

// AnswerInstitution is step 7.
type AnswerInstitution struct {
	On      calendar.Date
	Outcome Outcome
}

// FileOpened ends an approval: the family file is there.
type FileOpened struct{ FamilyFile string }

// FileRejected undoes an approval whose file can never be opened.
type FileRejected struct{ FamilyFile string }

// Act implements Command.
func (Create) Act() Act { return ActCreate }

// Act implements Command.
func (Update) Act() Act { return ActUpdate }

// Act implements Command.
func (Reroute) Act() Act { return ActRoute }

// Act implements Command.
func (RecordInterview) Act() Act { return ActInterview }

// Act implements Command.
func (RecordAnalysis) Act() Act { return ActAnalysis }

// Act implements Command.
func (RecordConsent) Act() Act { return ActConsent }

// Act implements Command.
func (RecordOrder) Act() Act { return ActOrder }

// Act implements Command.
func (RequestAssistant) Act() Act { return ActRequest }

// Act implements Command.
func (GiveOpinion) Act() Act { return ActOpinion }

// Act implements Command.
func (Approve) Act() Act { return ActApprove }

// Act implements Command.
func (Return) Act() Act { return ActReturn }

// Act implements Command.
func (Refuse) Act() Act { return ActRefuse }

// Act implements Command.
func (Close) Act() Act { return ActClose }

// Act implements Command.
func (AnswerInstitution) Act() Act { return ActAnswer }

// Act implements Command.
func (FileOpened) Act() Act { return ActFileOpened }

// Act implements Command.
func (FileRejected) Act() Act { return ActFileRejected }
