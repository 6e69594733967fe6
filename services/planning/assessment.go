package planning

import (
	"slices"
	"strconv"

	"asysta.example/internal/calendar"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/fault"
)

// Recommendation is what the assistant proposes after an assessment.
type Recommendation string

// Recommendations.
const (
	Continue Recommendation = "CONTINUE"
	Change   Recommendation = "CHANGE"
	End      Recommendation = "END"
)

// Assessment is one periodic assessment of the family's situation (art. 15(1)(15)).
type Assessment struct {
	ID             string         `bson:"id"`
	Number         int            `bson:"number"` // half year after day 0 it answers, from 1
	Stage          Stage          `bson:"stage"`
	PeriodFrom     calendar.Date  `bson:"period_from,omitempty"`
	PeriodTo       calendar.Date  `bson:"period_to,omitempty"`
	Situation      string         `bson:"situation,omitempty"`
	Goals          []Mark         `bson:"goals,omitempty"`
	Conclusions    string         `bson:"conclusions,omitempty"`
	Recommendation Recommendation `bson:"recommendation,omitempty"`
	PlanVersion    int            `bson:"plan_version,omitempty"`
	Due            calendar.Date  `bson:"due"`
	PresentedOn    calendar.Date  `bson:"presented_on,omitempty"`
	PresentedBy    string         `bson:"presented_by,omitempty"` // staff id
	ReceivedOn     calendar.Date  `bson:"received_on,omitempty"`
	ReceivedBy     string         `bson:"received_by,omitempty"` // staff id
	Remarks        string         `bson:"remarks,omitempty"`
}

// Assessing writes a draft of an assessment. With an empty stage in the file it begins one; Number 0 takes the next.
type Assessing struct {
	Draft Assessment
	New   bool
}

func (c Assessing) apply(f File, env Env) (File, Events, error) {
	a := c.Draft
	if c.New {
		begun, err := f.begin(a)
		if err != nil {
			return f, Events{}, err
		}
		a = begun
		f.Section.Assessments = append(f.Section.Assessments, a)
	}
	cur, err := f.assessment(a.ID, ActReassess)
	if err != nil {
		return f, Events{}, err
	}
	if err := checkAssessment(f, a, env); err != nil {
		return f, Events{}, err
	}
	a.Number, a.Stage, a.Due, a.PresentedOn, a.ReceivedOn, a.ReceivedBy, a.Remarks = cur.Number, Drafting, cur.Due, calendar.Date{}, calendar.Date{}, "", ""
	a.PresentedBy = ""
	*cur = a
	return f, Events{}, nil
}

// begin gives a new draft its number.
func (f File) begin(a Assessment) (Assessment, error) {
	if f.Cover.State != familyfile.Cooperation {
		return a, notCooperating()
	}
	if slices.ContainsFunc(f.Section.Assessments, func(o Assessment) bool { return o.Stage == Drafting }) {
		return a, fault.Precondition("ASSESSMENT_OPEN", "step 15", "Inna ocena okresowa jest w opracowaniu. Dokończ ją i przedstaw kierownikowi, zanim zaczniesz następną.")
	}
	n := f.Cover.NextAssessment()
	switch {
	case a.Number == 0:
		a.Number = n
	case a.Number != n && (!f.Cover.TakenOver || len(f.Cover.Assessments) > 0 || a.Number < 1):
		return a, fault.Invalid("assessment.number", "ASSESSMENT_NUMBER", "oceny odpowiadają kolejnym półroczom współpracy, teraz przypada ocena nr "+strconv.Itoa(n)+"; podaj ten numer albo zostaw puste.")
	}
	a.Stage, a.Due = Drafting, f.Cover.AssessmentDue(a.Number)
	return a, nil
}

// assessment gives an open assessment for an act, or the refusal.
func (f File) assessment(id string, act Act) (*Assessment, error) {
	i := slices.IndexFunc(f.Section.Assessments, func(a Assessment) bool { return a.ID == id })
	if i < 0 {
		if slices.ContainsFunc(f.Cover.Assessments, func(a familyfile.Assessed) bool { return a.ID == id }) {
			return nil, closedAssessment(act)
		}
		return nil, ErrAbsent
	}
	a := &f.Section.Assessments[i]
	if act != ActReceive && f.Cover.State != familyfile.Cooperation {
		return nil, notCooperating()
	}
	if _, _, ok := next(AssessmentTransitions, act, a.Stage); !ok {
		return nil, closedAssessment(act)
	}
	return a, nil
}

func closedAssessment(act Act) error {
	if act == ActReceive {
		return fault.Precondition("ASSESSMENT_NOT_PRESENTED", "step 15", "Ocena nie czeka na przyjęcie: nie została przedstawiona albo już ją przyjęto. Odczytaj listę ocen.")
	}
	return fault.Precondition("ASSESSMENT_NOT_DRAFT", "step 15", "Ocena została już przedstawiona kierownikowi i nie można jej zmieniać. Uwagi wpisz do następnej oceny.")
}

func checkAssessment(f File, a Assessment, env Env) error {
	var bad fault.Fields
	bad.Check(a.PeriodTo.IsZero() || !a.PeriodTo.Before(a.PeriodFrom), "assessment.period_to_date", "koniec okresu nie może być przed jego początkiem.")
	notBefore := func(d calendar.Date, field, polish string) {
		bad.Check(d.IsZero() || !d.Before(f.Cover.Day0), field, polish+" nie może być przed rozpoczęciem współpracy ("+f.Cover.Day0.Polish()+").")
	}
	notBefore(a.PeriodFrom, "assessment.period_from_date", "początek okresu oceny")
	notBefore(a.PeriodTo, "assessment.period_to_date", "koniec okresu oceny")
	bad.Check(!a.PeriodTo.After(env.Today), "assessment.period_to_date", "okres oceny nie może sięgać poza dzisiejszy dzień.")
	if err := bad.Err(); err != nil {
		return err
	}
	known := func(id string) bool {
		if f.Section.InForce == nil {
			return false
		}
		_, ok := f.Section.InForce.Content.Goal(id)
		return ok
	}
	return checkMarks(a.Goals, known, env.Today)
}

// Present hands the assessment to the head (step 15).
type Present struct {
	ID string
	On calendar.Date
}

func (c Present) apply(f File, env Env) (File, Events, error) {
	a, err := f.assessment(c.ID, ActPresent)
	if err != nil {
		return f, Events{}, err
	}
	if c.On.IsZero() || c.On.After(env.Today) || c.On.Before(a.PeriodTo) || c.On.Before(f.Cover.Day0) {
		return f, Events{}, fault.Invalid("presented_on", "PRESENTED_DAY", "podaj dzień przedstawienia: nie późniejszy niż dzisiejszy, nie przed końcem okresu oceny i nie przed rozpoczęciem współpracy.")
	}
	if !a.complete(f.Section.InForce) {
		return f, Events{}, fault.Precondition("ASSESSMENT_INCOMPLETE", "step 15",
			"Ocena musi zawierać okres, opis sytuacji rodziny, postępy w każdym celu głównym, wnioski i rekomendację. Uzupełnij ją przed przedstawieniem.")
	}
	a.Number = f.Cover.AssessmentOn(a.Number, c.On)
	a.Stage, a.Due, a.PresentedOn, a.PresentedBy = Presented, f.Cover.AssessmentDue(a.Number), c.On, env.Staff
	if f.Section.InForce != nil {
		a.PlanVersion = f.Section.InForce.Version
	}
	f.Cover.Assessments = append(f.Cover.Assessments, familyfile.Assessed{Number: a.Number, ID: a.ID, PresentedOn: c.On})
	return f, Events{}, nil
}

func (a Assessment) complete(plan *Version) bool {
	if a.PeriodFrom.IsZero() || a.PeriodTo.IsZero() || a.Situation == "" || a.Conclusions == "" || a.Recommendation == "" {
		return false
	}
	if plan == nil {
		return true
	}
	return !slices.ContainsFunc(plan.Content.Goals, func(g Goal) bool {
		return g.Main == "" && !slices.ContainsFunc(a.Goals, func(m Mark) bool { return m.Target == g.ID })
	})
}

// Receive is the head's receipt with remarks; also after the work has ended.
type Receive struct {
	ID      string
	On      calendar.Date
	Remarks string
}

func (c Receive) apply(f File, env Env) (File, Events, error) {
	a, err := f.assessment(c.ID, ActReceive)
	if err != nil {
		return f, Events{}, err
	}
	if c.On.IsZero() || c.On.After(env.Today) || c.On.Before(a.PresentedOn) {
		return f, Events{}, fault.Invalid("received_on", "RECEIVED_DAY", "podaj dzień przyjęcia: nie późniejszy niż dzisiejszy i nie przed przedstawieniem oceny ("+a.PresentedOn.Polish()+").")
	}
	if a.PresentedBy != "" && a.PresentedBy == env.Staff {
		return f, Events{}, samePerson("step 15", "Ocenę przyjmuje kto inny niż osoba, która ją przedstawiła.")
	}
	done := *a
	done.Stage, done.ReceivedOn, done.ReceivedBy, done.Remarks = Received, c.On, env.Staff, c.Remarks
	f.Section.Assessments = slices.DeleteFunc(f.Section.Assessments, func(o Assessment) bool { return o.ID == c.ID })
	for i := range f.Cover.Assessments {
		if f.Cover.Assessments[i].ID == c.ID {
			f.Cover.Assessments[i].ReceivedOn = c.On
		}
	}
	return f, Events{Received: &done}, nil
}
