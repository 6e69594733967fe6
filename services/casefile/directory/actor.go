package directory

import (
	"asysta.example/internal/fault"
)

// Actor is who gives a command, as the rules of the directory ask.
type Actor struct {
	Person        string // person id
	Subject       string // login subject used for the call
	Administrator bool   // county administrator
	Head          bool   // head of the centre or of a contracted body, deputies included
	Deputy        bool   // head only by standing in
	Body          string // institution id of the contracted body the head heads; "" for the centre's own
}

// Manages says whether the actor manages staff of a contracted body ("" for the gmina's own): the administrator all, the head of the centre
// all, the head of a body its own.
func (a Actor) Manages(body string) bool {
	return a.Administrator || a.Head && (a.Body == "" || a.Body == body)
}

// Heads says whether the actor heads the centre itself or administers the county: settings, institutions and deputies are theirs.
func (a Actor) Heads() bool { return a.Administrator || a.Head && a.Body == "" }

// Reasons of refusals. Each is told with a Polish sentence that says what to do.
const (
	ReasonOwnRoles         = "OWN_ROLES"
	ReasonOwnAccount       = "OWN_ACCOUNT"
	ReasonOwnLogin         = "OWN_LOGIN"
	ReasonHeadByAdmin      = "HEAD_BY_ADMINISTRATOR"
	ReasonArt17            = "ASSISTANT_IS_SOCIAL_WORKER"
	ReasonEmployedAlready  = "EMPLOYED_ALREADY"
	ReasonEmploymentEnded  = "EMPLOYMENT_ENDED"
	ReasonAbsenceOverlaps  = "ABSENCE_OVERLAPS"
	ReasonAbsenceOver      = "ABSENCE_OVER"
	ReasonNoAbsence        = "NO_SUCH_ABSENCE"
	ReasonIsHead           = "IS_HEAD"
	ReasonDeputyOfBody     = "DEPUTY_OF_BODY"
	ReasonDeputyOverlaps   = "DEPUTY_OVERLAPS"
	ReasonDeputyByDeputy   = "DEPUTY_BY_DEPUTY"
	ReasonDeputyOver       = "DEPUTY_OVER"
	ReasonNoDeputy         = "NO_SUCH_DEPUTY"
	ReasonPersonInactive   = "PERSON_DEACTIVATED"
	ReasonPersonActive     = "PERSON_ACTIVE"
	ReasonSubjectPesel     = "SUBJECT_PESEL"
	ReasonSubjectForm      = "SUBJECT"
	ReasonSubjectNotLinked = "SUBJECT_NOT_LINKED"
	ReasonSubjectTaken     = "SUBJECT_TAKEN"
	ReasonHasFamilies      = "HAS_FAMILIES"
	ReasonGminaExists      = "GMINA_EXISTS"
	ReasonBootstrapped     = "BOOTSTRAPPED"
)

func refuse(reason, rule, polish string) error { return fault.Precondition(reason, rule, polish) }

func ownRoles() error {
	return refuse(ReasonOwnRoles, "separation of duties", "Nikt nie zmienia własnych uprawnień. Poproś o to innego administratora powiatu.")
}
