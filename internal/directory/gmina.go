package directory

import (
	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
)

// County is the county of the deployment: its PCPR (powiatowe centrum pomocy rodzinie) and its gminas.
type County struct {
	Digits      string         `bson:"digits"`       // first four digits of the TERYT codes of its gminas
	DisplayName string         `bson:"display_name"` // e.g. "powiat wrzesiński"
	Office      Office         `bson:"office"`       // the PCPR
	Settings    CountySettings `bson:"settings"`
}

// CountySettings are what a county decides for all its gminas, because assistants work across them. Zero is the rule itself.
type CountySettings struct {
	MonitoringCounts bool `bson:"monitoring_counts,omitempty"` // a monitored family (step 21) takes a place of its assistant (art. 15(4)); off by default (DOMAIN 6)
}

// Gmina is a tenant: its social assistance centre and how that works.
type Gmina struct {
	TERYT       string   `bson:"teryt"`        // 7 digits, WWPPGGR
	DisplayName string   `bson:"display_name"` // e.g. "gmina Radziłów"
	Office      Office   `bson:"office"`       // OPS, GOPS, MOPS or CUS; stands on every paper
	Settings    Settings `bson:"settings"`

	Version int64 `bson:"-"` // version of the aggregate it was read from
}

// Office is what stands at the head of a paper.
type Office struct {
	Name    string `bson:"name"`              // e.g. "Gminny Ośrodek Pomocy Społecznej w Radziłowie"
	Address string `bson:"address"`           // street and number
	Place   string `bson:"place"`             // postal code and town
	Phone   string `bson:"phone,omitempty"`   //
	Email   string `bson:"email,omitempty"`   //
	HeadAs  string `bson:"head_as,omitempty"` // how papers call the head, "Kierownik" when empty
}

// Settings are what a gmina decides for itself. Zero means the rule's own number.
type Settings struct {
	PlanMonths          int       `bson:"plan_months,omitempty"`           // step 12: term of the plan of work, months from day 0
	VisitGapDays        int       `bson:"visit_gap_days,omitempty"`        // longest gap between visits, days
	MonitoringMonths    []int     `bson:"monitoring_months,omitempty"`     // step 21: months after the closure
	JointVisitDays      int       `bson:"joint_visit_days,omitempty"`      // step 9, days from the assignment
	DocumentsDays       int       `bson:"documents_days,omitempty"`        // step 8, days from the assignment
	AwaitingDays        int       `bson:"awaiting_days,omitempty"`         // longest wait of a family without an assistant, days
	AnswerDays          int       `bson:"answer_days,omitempty"`           // step 7, days from the notice
	ApprovalDays        int       `bson:"approval_days,omitempty"`         // step 6, days from the request
	Areas               []Area    `bson:"areas,omitempty"`                 // areas of the social workers
	Organiser           Organiser `bson:"organiser"`                       // who organises family work
	PlanApprovalByHead  bool      `bson:"plan_approval_by_head,omitempty"` // the head approves the plan too; off by default (pitfall in DOMAIN 11)
	FamilyAssistantTeam bool      `bson:"family_assistant_team,omitempty"` // the gmina has a zespół do spraw asysty rodzinnej (art. 10.2)
}

// Area is a part of the gmina that one social worker looks after (rejon opiekuńczy).
type Area struct {
	ID           string   `bson:"id"`
	DisplayName  string   `bson:"display_name"`
	SocialWorker string   `bson:"social_worker,omitempty"` // staff id; "" while the post is vacant
	Places       []string `bson:"places,omitempty"`        // villages and streets, for routing (step 1)
}

// OrganiserKind is who organises family work in the gmina (step 5, art. 10).
type OrganiserKind string

// Kinds of organiser.
const (
	OrganiserCentre OrganiserKind = "CENTRE"     // the social assistance centre itself
	OrganiserUnit   OrganiserKind = "GMINA_UNIT" // another unit of the gmina
	OrganiserBody   OrganiserKind = "BODY_190"   // body the work was contracted out to (art. 190)
)

// Organiser is who organises family work, by which resolution of the council. An empty kind is the centre.
type Organiser struct {
	Kind         OrganiserKind `bson:"kind,omitempty"`
	Institution  string        `bson:"institution,omitempty"` // institution id of the unit or body; "" for the centre
	Resolution   string        `bson:"resolution,omitempty"`  // number of the council's resolution
	ResolutionOn calendar.Date `bson:"resolution_on,omitempty"`
}

// KindOrCentre is the kind of organiser, the centre where none is set.
func (o Organiser) KindOrCentre() OrganiserKind {
	if o.Kind == "" {
		return OrganiserCentre
	}
	return o.Kind
}

// Terms are the settings that the deadlines of a family file depend on.
func (s Settings) Terms() familyfile.Terms {
	return familyfile.Terms{PlanMonths: s.PlanMonths, VisitGapDays: s.VisitGapDays, MonitoringMonths: s.MonitoringMonths,
		JointVisitDays: s.JointVisitDays, DocumentsDays: s.DocumentsDays, AwaitingDays: s.AwaitingDays}
}

// Area gives an area by its id.
func (s Settings) Area(id string) (Area, bool) {
	for _, a := range s.Areas {
		if a.ID == id && id != "" {
			return a, true
		}
	}
	return Area{}, false
}

// AreasOf are the ids of the areas that a social worker looks after.
func (s Settings) AreasOf(staff string) []string {
	var ids []string
	for _, a := range s.Areas {
		if staff != "" && a.SocialWorker == staff {
			ids = append(ids, a.ID)
		}
	}
	return ids
}
