package planning

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"asysta.example/internal/calendar"
)

// Responsible is who does an action.
type Responsible string

// Who may be responsible for an action.
const (
	ByMember       Responsible = "MEMBER"        // Who is a member id
	ByAssistant    Responsible = "ASSISTANT"     //
	BySocialWorker Responsible = "SOCIAL_WORKER" //
	ByOther        Responsible = "OTHER"         // Who names the body or person
)

// CareGoal is what is to become of a child in foster care.
type CareGoal string

// Goals for a child in care; "" for a goal that is not about care.
const (
	CareReturn       CareGoal = "RETURN"
	CareAdoption     CareGoal = "ADOPTION"
	CareIndependence CareGoal = "INDEPENDENCE"
	CareStay         CareGoal = "STAY"
)

// Status is how far a goal or an action has come.
type Status string

// Statuses; "" while nothing is recorded.
const (
	Planned     Status = "PLANNED"
	UnderWay    Status = "UNDER_WAY"
	Achieved    Status = "ACHIEVED"
	Partly      Status = "PARTLY"
	NotAchieved Status = "NOT_ACHIEVED"
	Dropped     Status = "DROPPED"
)

// Holder is whose a strength or resource is.
type Holder string

// Holders of strengths.
const (
	OfMember      Holder = "MEMBER"
	OfFamily      Holder = "FAMILY"
	OfCommunity   Holder = "COMMUNITY"
	OfInstitution Holder = "INSTITUTION"
)

// Expectation is what one member expects in one life area (step 10: per member, not per family).
type Expectation struct {
	Member string `bson:"member"`
	Text   string `bson:"text"`
}

// Diagnosis is the assistant's own diagnosis of one life area.
type Diagnosis struct {
	LifeArea     string        `bson:"life_area"` // code of catalogue.LifeAreas
	Problem      string        `bson:"problem"`
	Cause        string        `bson:"cause,omitempty"`
	Resource     string        `bson:"resource,omitempty"`
	Expectations []Expectation `bson:"expectations,omitempty"`
}

// Strength is something that the work can build on.
type Strength struct {
	Holder Holder `bson:"holder"`
	Member string `bson:"member,omitempty"` // with OfMember
	Text   string `bson:"text"`
}

// Goal is a main goal, or a detailed one that serves a main goal.
type Goal struct {
	ID       string   `bson:"id"`             // stays from version to version
	Main     string   `bson:"main,omitempty"` // main goal served; "" for a main goal
	Title    string   `bson:"title"`
	Aims     []string `bson:"aims,omitempty"`     // codes of catalogue.Aims (art. 8)
	Children []string `bson:"children,omitempty"` // member ids of children in care whom it is about
	Care     CareGoal `bson:"care,omitempty"`     // what is to become of them
}

// Action is what is done for a goal; art. 15(3) asks for a term and an expected effect.
type Action struct {
	ID          string        `bson:"id"` // stays from version to version
	Goal        string        `bson:"goal"`
	Description string        `bson:"description"`
	Responsible Responsible   `bson:"responsible,omitempty"`
	Who         string        `bson:"who,omitempty"`
	Task        string        `bson:"task,omitempty"` // code of catalogue.Tasks
	Due         calendar.Date `bson:"due,omitempty"`
	Effect      string        `bson:"effect,omitempty"`
}

// ChildPlanRef is the version of a child's help plan that the plan was coordinated with.
type ChildPlanRef struct {
	Child   string `bson:"child"`
	Version int    `bson:"version"`
}

// Content is what a version of the plan says; marks are over the hash of all of it.
type Content struct {
	Reason       string         `bson:"reason,omitempty"` // why this version; from the second on
	ValidFrom    calendar.Date  `bson:"valid_from,omitempty"`
	Diagnosis    []Diagnosis    `bson:"diagnosis,omitempty"`
	Strengths    []Strength     `bson:"strengths,omitempty"`
	Goals        []Goal         `bson:"goals,omitempty"`
	Actions      []Action       `bson:"actions,omitempty"`
	SupportForms []string       `bson:"support_forms,omitempty"`
	WorkForms    []string       `bson:"work_forms,omitempty"`
	HelpSources  []string       `bson:"help_sources,omitempty"`
	ChildPlans   []ChildPlanRef `bson:"child_plans,omitempty"`
}

// Hash is the SHA-256 of the content in a canonical form, lowercase hex. Equal contents have equal hashes whether their empty lists are nil or not.
func (c Content) Hash() string { return digest("asysta/plan-content/1", c.tidy()) }

// tidy gives a copy that shares no list with c and in which empty lists are nil.
func (c Content) tidy() Content {
	c.Diagnosis = own(c.Diagnosis)
	for i := range c.Diagnosis {
		c.Diagnosis[i].Expectations = own(c.Diagnosis[i].Expectations)
	}
	c.Strengths, c.Actions, c.ChildPlans = own(c.Strengths), own(c.Actions), own(c.ChildPlans)
	c.Goals = own(c.Goals)
	for i := range c.Goals {
		c.Goals[i].Aims, c.Goals[i].Children = own(c.Goals[i].Aims), own(c.Goals[i].Children)
	}
	c.SupportForms, c.WorkForms, c.HelpSources = own(c.SupportForms), own(c.WorkForms), own(c.HelpSources)
	return c
}

func own[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return slices.Clone(s)
}

// size of the canonical form in bytes.
func (c Content) size() int { return len(canonical(c.tidy())) }

// canonical writes a value of plain data, the same for equal values.
func canonical(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("planning: plain data does not marshal: " + err.Error())
	}
	return raw
}

// digest hashes a value of plain data under the name of what it is.
func digest(kind string, v any) string {
	sum := sha256.Sum256(append([]byte(kind+"\n"), canonical(v)...))
	return hex.EncodeToString(sum[:])
}

// Goal gives a goal of the content.
func (c Content) Goal(id string) (Goal, bool) {
	i := slices.IndexFunc(c.Goals, func(g Goal) bool { return g.ID == id })
	if i < 0 {
		return Goal{}, false
	}
	return c.Goals[i], true
}

func (c Content) has(target string) bool {
	_, ok := c.Goal(target)
	return ok || slices.ContainsFunc(c.Actions, func(a Action) bool { return a.ID == target })
}

// SignOffKind is whose mark on a draft it is.
type SignOffKind string

// Kinds of marks.
const (
	Consultation SignOffKind = "CONSULTATION" // social worker; By is a staff id
	FamilyMark   SignOffKind = "FAMILY"       // By is a member id
	Agreement    SignOffKind = "COORDINATOR"  // By is a person id
	HeadApproval SignOffKind = "HEAD"         // By is a staff id
)

// SignOff is a mark on a draft, over one content.
type SignOff struct {
	Kind       SignOffKind   `bson:"kind"`
	By         string        `bson:"by"`
	On         calendar.Date `bson:"on"`
	Hash       string        `bson:"hash"`
	Refused    bool          `bson:"refused,omitempty"`
	OriginalAt string        `bson:"original_at,omitempty"`
	Note       string        `bson:"note,omitempty"`
	VoidedOn   calendar.Date `bson:"voided_on,omitempty"` // day of the edit that voided it
}

// Counts says that the mark is over this content and was not voided since.
func (s SignOff) Counts(hash string) bool { return s.VoidedOn.IsZero() && s.Hash == hash }

// Draft is the version being written.
type Draft struct {
	Version  int       `bson:"version"`
	Content  Content   `bson:"content"`
	Hash     string    `bson:"hash"`
	SignOffs []SignOff `bson:"sign_offs,omitempty"`
	Begun    time.Time `bson:"begun"`
}

// marked gives the counting mark of a kind by somebody; by "" of anybody.
func (d Draft) marked(kind SignOffKind, by string) (SignOff, bool) {
	for _, s := range d.SignOffs {
		if s.Kind == kind && (by == "" || s.By == by) && s.Counts(d.Hash) {
			return s, true
		}
	}
	return SignOff{}, false
}

// Version is an adopted version of the plan.
type Version struct {
	Version   int           `bson:"version"`
	Content   Content       `bson:"content"`
	Hash      string        `bson:"hash"`
	SignOffs  []SignOff     `bson:"sign_offs,omitempty"`
	AdoptedOn calendar.Date `bson:"adopted_on"`
	AdoptedBy string        `bson:"adopted_by"` // staff id
	Begun     time.Time     `bson:"begun"`
	Adopted   time.Time     `bson:"adopted"`
}

// Mark is how far one goal or action of the plan in force has come.
type Mark struct {
	Target string        `bson:"target"`
	Status Status        `bson:"status"`
	Result string        `bson:"result,omitempty"`
	On     calendar.Date `bson:"on"`
}

// VersionRecord is what an adoption leaves for ever: the version, and how far the version before had come.
type VersionRecord struct {
	Version  `bson:",inline"`
	Previous []Mark `bson:"previous,omitempty"`
}
