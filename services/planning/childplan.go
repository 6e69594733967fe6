package planning

import (
	"slices"

	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
)

// ChildTask is a task of a child's help plan.
type ChildTask struct {
	ID          string        `bson:"id"` // stays from version to version
	Description string        `bson:"description"`
	Responsible string        `bson:"responsible"`
	Due         calendar.Date `bson:"due"`
}

// ChildContent is what a version of a child's help plan says.
type ChildContent struct {
	Goal              CareGoal      `bson:"goal"`
	GoalDue           calendar.Date `bson:"goal_due,omitempty"`
	Reason            string        `bson:"reason,omitempty"` // why this version; from the second on
	Tasks             []ChildTask   `bson:"tasks,omitempty"`
	FamilyPlanVersion int           `bson:"family_plan_version,omitempty"` // plan of work the coordinator looked at
}

// Hash is the SHA-256 of the content in a canonical form, lowercase hex.
func (c ChildContent) Hash() string {
	c.Tasks = own(c.Tasks)
	return digest("asysta/child-plan-content/1", c)
}

func (c ChildContent) task(id string) (ChildTask, bool) {
	i := slices.IndexFunc(c.Tasks, func(t ChildTask) bool { return t.ID == id })
	if i < 0 {
		return ChildTask{}, false
	}
	return c.Tasks[i], true
}

// Review is a review of the child's situation in foster care (art. 131).
type Review struct {
	On               calendar.Date `bson:"on"`
	Conclusions      string        `bson:"conclusions"`
	AssistantPresent bool          `bson:"assistant_present,omitempty"`
	By               string        `bson:"by"` // person id
}

// ChildPlan is the help plan of a child in foster care: an aggregate of the county. Versions are records besides.
type ChildPlan struct {
	ID          string        `bson:"id"`
	File        string        `bson:"file"`  // family file
	Child       string        `bson:"child"` // member id
	Version     int           `bson:"version"`
	Content     ChildContent  `bson:"content"`
	Hash        string        `bson:"hash"`
	PublishedOn calendar.Date `bson:"published_on"`
	PublishedBy string        `bson:"published_by"`      // person id
	Reviews     []Review      `bson:"reviews,omitempty"` // newest first, at most RememberedReviews; the journal has all
	// Told is the last version, and ToldReview the day of the last review, that the family file has learned of. Where they lag, the second step is still to be done.
	Told       int           `bson:"told,omitempty"`
	ToldReview calendar.Date `bson:"told_review,omitempty"`
}

// RememberedReviews is how many reviews a child's help plan shows.
const RememberedReviews = 12

// LastReview is the day of the last review; none for zero.
func (p ChildPlan) LastReview() calendar.Date {
	if len(p.Reviews) == 0 {
		return calendar.Date{}
	}
	return p.Reviews[0].On
}

// Settled says that the family file has learned of version and review.
func (p ChildPlan) Settled() bool { return p.Told == p.Version && p.ToldReview == p.LastReview() }

// Publish puts the next version on top of a child's help plan; the zero ChildPlan for the first.
func (p ChildPlan) Publish(c ChildContent, on calendar.Date, env Env) (ChildPlan, error) {
	c.Tasks = own(c.Tasks)
	var bad fault.Fields
	bad.Check(!on.IsZero() && !on.After(env.Today) && !on.Before(p.PublishedOn), "published_on", "podaj dzień ogłoszenia: nie późniejszy niż dzisiejszy i nie przed poprzednią wersją.")
	bad.Check(c.Goal != "", "content.goal", "podaj cel planu pomocy dziecku.")
	bad.Check(p.Version == 0 || c.Reason != "", "content.reason", "podaj powód zmiany planu pomocy dziecku.")
	bad.Check(len(c.Tasks) > 0, "content.tasks", "dodaj co najmniej jedno zadanie.")
	seen := map[string]bool{}
	for _, t := range c.Tasks {
		bad.Check(t.ID != "" && !seen[t.ID], "content.tasks.task_id", "identyfikator zadania musi być niepusty i różny od pozostałych.")
		bad.Check(!t.Due.IsZero(), "content.tasks.due_date", "podaj termin każdego zadania.")
		seen[t.ID] = true
	}
	if err := bad.Err(); err != nil {
		return p, err
	}
	p.Version, p.Content, p.Hash, p.PublishedOn, p.PublishedBy = p.Version+1, c, c.Hash(), on, env.Person
	return p, nil
}

// Reviewed adds a review of a child who has been in care since a day. It may be older than the plan: a review often leads to the next version, and reviews before
// the first one that is kept here count for the next term.
func (p ChildPlan) Reviewed(r Review, since calendar.Date, env Env) (ChildPlan, error) {
	if p.Version == 0 {
		return p, ErrAbsent
	}
	refuse := func(polish string) (ChildPlan, error) {
		return p, fault.Invalid("review.reviewed_on", "REVIEW_DAY", polish)
	}
	switch last := p.LastReview(); {
	case r.On.IsZero() || r.On.After(env.Today):
		return refuse("podaj dzień oceny, nie późniejszy niż dzisiejszy.")
	case r.On.Before(last):
		return refuse("podaj dzień oceny nie wcześniejszy niż poprzednia ocena (" + last.Polish() + ").")
	case r.On.Before(since):
		return refuse("podaj dzień oceny nie wcześniejszy niż początek pieczy zastępczej (" + since.Polish() + ").")
	}
	r.By = env.Person
	p.Reviews = append([]Review{r}, p.Reviews[:min(len(p.Reviews), RememberedReviews-1)]...)
	return p, nil
}
