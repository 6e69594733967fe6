package casefile

import (
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/seal"
)

// Name names a command in the table of transitions; it is the name of the method that carries it out.
type Name string

// Names of the commands.
const (
	NameOpen              Name = "OpenFamilyFile"
	NameFence             Name = "Fence"
	NameTakeOver          Name = "TakeOverPaperCase"
	NameUpdate            Name = "UpdateFamilyFile"
	NameAssign            Name = "AssignAssistant"
	NameReassign          Name = "ReassignAssistant"
	NameUnassign          Name = "UnassignAssistant"
	NameDocumentationRead Name = "RecordDocumentationRead"
	NameAgreeVisit        Name = "AgreeJointVisit"
	NameJointVisit        Name = "RecordJointVisit"
	NameConsent           Name = "RecordConsent"
	NameMembers           Name = "UpdateMembers"
	NameExpectations      Name = "RecordExpectations"
	NameBlueCard          Name = "SetBlueCardReference"
	NameAddOrder          Name = "AddCourtOrder"
	NameEndOrder          Name = "EndCourtOrder"
	NameLockOut           Name = "LockOut"
	NameLiftLockOut       Name = "LiftLockOut"
	NameProposeDecision   Name = "ProposeDecision"
	NameConfirmDecision   Name = "ConfirmDecision"
	NameProposeClosure    Name = "ProposeClosure"
	NameClose             Name = "CloseFamilyFile"
	NameMonitoring        Name = "RecordMonitoring"
	NameEndMonitoring     Name = "EndMonitoring"
	NameReopen            Name = "ReopenFamilyFile"
	NameDifficulty        Name = "SetDifficulty"
	NameCorrectDay0       Name = "CorrectDay0"
	NameCorrectConsent    Name = "CorrectConsent"
	NameCorrectAssignment Name = "CorrectAssignment"
)

// Command is one act with what it needs.
type Command interface {
	// Name is the command's name in the table of transitions.
	Name() Name
	apply(o *Outcome, a Actor, today calendar.Date) error
}

// Address of the family.
type Address struct{ Place, Street, PostalCode string }

// Assistant is a staff member with the person behind; the zero Assistant is nobody.
type Assistant struct{ Staff, Person string }

// Opening is what every beginning of a file needs.
type Opening struct {
	Number     string
	FamilyName string // "" takes the surname of the first adult
	Basis      familyfile.Basis
	ClientKind string
	Preventive bool
	Members    []Member
	Care       []familyfile.Child // children in foster care at the opening, by member
	Address    Address
	Consents   []Consent
	Order      *Order

	SocialWorker, Area, Body string
	Assistant                Assistant
	Difficulty               int
	OpenedOn                 calendar.Date
	LockedOut                []string
	Terms                    familyfile.Terms
	SettingsVer              int64
}

// Open opens the file of an approved referral (step 6). Consent 1 was the referral's to check.
type Open struct {
	Opening
	Referral string
	Source   familyfile.Source
}

// Fence gives up the number of a file that never came.
type Fence struct{}

// TakeOver opens a file in the middle, with its past dates.
type TakeOver struct {
	Opening
	AssistantSince calendar.Date
	Day0           calendar.Date
	PlanAdoptedOn  calendar.Date
	Assessments    []familyfile.Assessed // presented and received days, oldest first
	Visits         int
	LastVisitOn    calendar.Date
	Reference      string
}

// Update changes what is known of the family as a whole. Nil fields stay.
type Update struct {
	FamilyName               *string
	Address                  *Address
	Preventive               *bool
	ClientKind               *string
	SocialWorker, Area, Body *string // the head's alone
}

// Assign gives a waiting family its assistant.
type Assign struct {
	Assistant Assistant
	From      calendar.Date
}

// Reassign hands the family over.
type Reassign struct {
	Assistant Assistant
	On        calendar.Date
	Reason    string
}

// Unassign takes the assistant off without a successor.
type Unassign struct {
	To     calendar.Date
	Reason string
}

// SetDifficulty weighs the family within the caseload.
type SetDifficulty struct{ Weight int }

// RecordDocumentationRead is step 8.
type RecordDocumentationRead struct{ On calendar.Date }

// AgreeJointVisit notes the agreed day of the joint visit.
type AgreeJointVisit struct{ On calendar.Date }

// RecordJointVisit is step 9.
type RecordJointVisit struct {
	Visit    JointVisit
	Consents []Consent
}

// RecordConsent records a consent outside the joint visit.
type RecordConsent struct{ Consent Consent }

// RecordExpectations is step 10.
type RecordExpectations struct{ Picture Picture }

// SetBlueCard notes the reference to a Blue Card; a zero Reference takes it off.
type SetBlueCard struct {
	Reference seal.Value
	On        calendar.Date
}

// AddOrder adds a court's order.
type AddOrder struct{ Order Order }

// EndOrder records that a court has ended its order.
type EndOrder struct {
	ID string
	On calendar.Date
}

// LockOut locks a person out by name.
type LockOut struct {
	Person             string
	SocialWorkerPerson string // who is behind the file's social worker
}

// LiftLockOut lifts a lock-out.
type LiftLockOut struct{ Person, Reason string }

// ProposeDecision is the assistant's act of step 19.
type ProposeDecision struct {
	ID, Obstacle, Decision string
	On                     calendar.Date
}

// ConfirmDecision is the head's act of step 19.
type ConfirmDecision struct {
	Decision, Reasons string
	On                calendar.Date
}

// ProposeClosure is the assistant's proposal of step 20.
type ProposeClosure struct{ Closure Closure }

// Close is step 20. A nil Closure is the one proposed.
type Close struct{ Closure *Closure }

// RecordMonitoring is step 21.
type RecordMonitoring struct {
	Month      int
	On         calendar.Date
	Note       string
	HelpNeeded bool
}

// EndMonitoring ends it before its last date.
type EndMonitoring struct{ Reason string }

// Reopen begins another spell.
type Reopen struct {
	Source      familyfile.Source
	Basis       familyfile.Basis
	Referral    string
	Grounded    bool     // the referral holds a written consent 1 that stands
	LockedOut   []string // person ids of those whom the referral keeps out, because they are related to the family
	Worker      string   // person id of the file's social worker
	Reason      string
	OpenedOn    calendar.Date
	Consents    []Consent
	Order       *Order
	Assistant   Assistant
	Terms       familyfile.Terms
	SettingsVer int64
}

// CorrectDay0 corrects day 0.
type CorrectDay0 struct {
	On     calendar.Date
	Reason string
}

// CorrectConsent corrects a consent; a nil Consent annuls it. Number counts from 1.
type CorrectConsent struct {
	Number  int
	Consent *Consent
	Reason  string
}

// CorrectAssignment corrects the days of an assignment. Number counts from 1.
type CorrectAssignment struct {
	Number   int
	From, To calendar.Date
	Reason   string

	FirstVisit, LastVisit calendar.Date // days of the work card's entries in the assignment as it is, interventions apart; zero for none
}

// UpdateMembers changes the members, all changes or none.
type UpdateMembers struct{ Changes []MemberChange }

// MemberChange is one change of the members.
type MemberChange interface {
	change(f *File, at string, today calendar.Date) error
}

// AddMember lets a member join.
type AddMember struct{ Member Member }

// ChangeMember puts right what is known of a member. KeepPesel keeps the sealed number.
type ChangeMember struct {
	Member    Member
	KeepPesel bool
}

// Leave lets a member leave.
type Leave struct {
	Member string
	On     calendar.Date
}

// PlaceInCare records that a child was placed in foster care.
type PlaceInCare struct {
	Member      string
	Since       calendar.Date
	Form        string
	Coordinator string // person id
}

// EndCare records that a child's foster care ended.
type EndCare struct {
	Member string
	On     calendar.Date
	End    string
}

// CareReturned is the end of foster care by return to the family.
const CareReturned = "RETURNED"

// AssignCoordinator gives a coordinator to a child in care.
type AssignCoordinator struct{ Member, Coordinator string }
