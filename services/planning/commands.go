package planning

import (
	"slices"

	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"
)

// Command is one act with what it needs.
type Command interface {
	apply(File, Env) (File, Events, error)
}

// Apply carries an act out. The file given is not changed. What is refused is a fault with its rule; a plan, assessment or child that the file does not
// have is ErrAbsent.
func Apply(f File, c Command, env Env) (File, Events, error) {
	out, ev, err := c.apply(f.clone(), env)
	if err != nil {
		return f, Events{}, err
	}
	return out, ev, nil
}

// CreateDraft begins the next version, with a content or a copy of the version in force.
type CreateDraft struct {
	Content *Content
}

func (c CreateDraft) apply(f File, env Env) (File, Events, error) {
	if err := allowed(f, ActCreate); err != nil {
		return f, Events{}, err
	}
	if err := stopped(f, env.Today); err != nil {
		return f, Events{}, err
	}
	content := Content{}
	switch {
	case c.Content != nil:
		content = c.Content.tidy()
	case f.Section.InForce != nil:
		content = f.Section.InForce.Content.tidy()
		content.Reason, content.ValidFrom = "", calendar.Date{}
	}
	if c.Content != nil {
		if err := check(content, f.Cover, env.Today); err != nil {
			return f, Events{}, err
		}
	}
	f.Section.Draft = &Draft{Version: f.Cover.PlanVersion + 1, Content: content, Hash: content.Hash(), Begun: env.Now}
	return f, Events{}, nil
}

// UpdatePlan replaces the draft's content. Marks over another content become void.
type UpdatePlan struct {
	Version int
	Content Content
}

func (c UpdatePlan) apply(f File, env Env) (File, Events, error) {
	d, err := f.draft(ActUpdate, c.Version)
	if err != nil {
		return f, Events{}, err
	}
	content := c.Content.tidy()
	if err := check(content, f.Cover, env.Today); err != nil {
		return f, Events{}, err
	}
	d.Content, d.Hash = content, content.Hash()
	for i := range d.SignOffs {
		if s := &d.SignOffs[i]; s.VoidedOn.IsZero() && s.Hash != d.Hash {
			s.VoidedOn = env.Today
		}
	}
	d.SignOffs = newest(d.SignOffs)
	return f, Events{}, nil
}

// rememberedVoid is how many void marks a draft shows; the journal has them all.
const rememberedVoid = 20

// newest drops the oldest void marks beyond rememberedVoid.
func newest(marks []SignOff) []SignOff {
	void := 0
	for _, s := range marks {
		if !s.VoidedOn.IsZero() {
			void++
		}
	}
	return slices.DeleteFunc(marks, func(s SignOff) bool {
		if s.VoidedOn.IsZero() || void <= rememberedVoid {
			return false
		}
		void--
		return true
	})
}

// draft gives the draft of a version for an act, or the refusal.
func (f File) draft(act Act, version int) (*Draft, error) {
	d := f.Section.Draft
	switch {
	case d != nil && d.Version == version:
		return d, allowed(f, act)
	case version < 1 || version > f.Cover.PlanVersion:
		return nil, ErrAbsent
	case d != nil: // an older version, while the next is being written
		f.Section.Draft = nil
	}
	return nil, allowed(f, act)
}

// DiscardDraft gives the draft up.
type DiscardDraft struct{ Version int }

func (c DiscardDraft) apply(f File, _ Env) (File, Events, error) {
	if _, err := f.draft(ActDiscard, c.Version); err != nil {
		return f, Events{}, err
	}
	f.Section.Draft = nil
	return f, Events{}, nil
}

// Marking puts a mark on the draft: consultation, coordinator's agreement or head's approval. Hash is that of the content the person has seen.
type Marking struct {
	Kind    SignOffKind
	Version int
	Hash    string
	On      calendar.Date
	Note    string
}

var markActs = map[SignOffKind]Act{Consultation: ActConsult, Agreement: ActAgree, HeadApproval: ActApprove}

func (c Marking) apply(f File, env Env) (File, Events, error) {
	if _, err := f.draft(markActs[c.Kind], c.Version); err != nil {
		return f, Events{}, err
	}
	by := env.Staff
	switch c.Kind {
	case HeadApproval:
		if !env.HeadApproves {
			return f, Events{}, fault.Precondition("PLAN_APPROVAL_NOT_USED", "setting of the gmina",
				"W tej gminie kierownik nie zatwierdza planu pracy z rodziną. Aby to zmienić, włącz zatwierdzanie planu w ustawieniach gminy.")
		}
		if by != "" && by == f.Cover.Assistant {
			return f, Events{}, samePerson("setting of the gmina", "Planu nie zatwierdza asystent, który go przygotował.")
		}
	case Agreement:
		by = env.Person
		if !slices.Contains(f.Cover.Coordinators(), by) {
			return f, Events{}, fault.Denied()
		}
	}
	err := f.mark(SignOff{Kind: c.Kind, By: by, On: c.On, Hash: c.Hash, Note: c.Note}, env)
	return f, Events{}, err
}

// samePerson refuses to the deputy of the head what is the head's in a family that the deputy works with as assistant.
func samePerson(rule, polish string) error {
	return fault.Precondition("SAME_PERSON", rule, polish+" Poproś kierownika albo innego zastępcę.")
}

// Adopt makes the draft the version in force.
type Adopt struct {
	Version int
	Hash    string
	On      calendar.Date
}

func (c Adopt) apply(f File, env Env) (File, Events, error) {
	d, err := f.draft(ActAdopt, c.Version)
	if err != nil {
		return f, Events{}, err
	}
	if c.Hash != d.Hash {
		return f, Events{}, fault.Precondition("PLAN_CONTENT_CHANGED", "step 12", "Treść planu zmieniła się od czasu, gdy ją odczytano. Odczytaj projekt ponownie.")
	}
	if err := stopped(f, c.On); err != nil {
		return f, Events{}, err
	}
	if missing := Missing(f, env); len(missing) > 0 {
		return f, Events{}, missing[0]
	}
	if err := c.checkDay(f, *d, env); err != nil {
		return f, Events{}, err
	}
	v := Version{Version: d.Version, Content: d.Content, Hash: d.Hash, SignOffs: d.SignOffs, AdoptedOn: c.On, AdoptedBy: env.Staff, Begun: d.Begun, Adopted: env.Now}
	record := &VersionRecord{Version: v, Previous: f.Section.Progress}
	f.Section.Draft, f.Section.InForce = nil, &v
	f.Section.Progress = slices.DeleteFunc(slices.Clone(f.Section.Progress), func(m Mark) bool { return !v.Content.has(m.Target) })
	f.planFacts(v)
	f.coordinateOnAdoption(v, env)
	return f, Events{Adopted: record}, nil
}

// checkDay keeps the order of days: cooperation, marks, adoption, today; versions follow each other.
func (c Adopt) checkDay(f File, d Draft, env Env) error {
	invalid := func(polish string) error { return fault.Invalid("adopted_on", "ADOPTION_DAY", polish) }
	switch {
	case c.On.IsZero() || c.On.After(env.Today):
		return invalid("podaj dzień przyjęcia planu, nie późniejszy niż dzisiejszy.")
	case c.On.Before(f.Cover.Day0):
		return invalid("plan nie może być przyjęty przed rozpoczęciem współpracy (" + f.Cover.Day0.Polish() + ").")
	case f.Section.InForce != nil && c.On.Before(f.Section.InForce.AdoptedOn):
		return invalid("plan nie może być przyjęty przed poprzednią wersją (" + f.Section.InForce.AdoptedOn.Polish() + ").")
	}
	for _, s := range d.SignOffs {
		if s.Counts(d.Hash) && c.On.Before(s.On) {
			return invalid("plan nie może być przyjęty przed dniem podpisów i uzgodnień (" + s.On.Polish() + ").")
		}
	}
	return nil
}

// planFacts brings the cover's facts of the plan up to date after an adoption.
func (f *File) planFacts(v Version) {
	c := &f.Cover
	c.PlanVersion, c.PlanRevisedOn, c.PlanHash = v.Version, v.AdoptedOn, v.Hash
	if c.PlanAdoptedOn.IsZero() || c.PlanAdoptedOn.Before(c.Day0) {
		c.PlanAdoptedOn = v.AdoptedOn
	}
	f.goalFacts()
}

// goalFacts counts goals in force and those achieved.
func (f *File) goalFacts() {
	f.Cover.GoalsTotal, f.Cover.GoalsAchieved = 0, 0
	for _, g := range f.Section.InForce.Content.Goals {
		f.Cover.GoalsTotal++
		if f.Section.Mark(g.ID).Status == Achieved {
			f.Cover.GoalsAchieved++
		}
	}
}

// RecordProgress notes how far goals and actions of the version in force have come.
type RecordProgress struct {
	Version int
	Marks   []Mark
}

func (c RecordProgress) apply(f File, env Env) (File, Events, error) {
	if f.Section.InForce != nil && f.Section.InForce.Version != c.Version {
		if f.Section.Draft != nil && f.Section.Draft.Version == c.Version {
			return f, Events{}, fault.Precondition("PLAN_NOT_IN_FORCE", "step 12", "Postępy odnotowuje się w obowiązującym planie, nie w projekcie. Wybierz obowiązującą wersję.")
		}
		return f, Events{}, fault.Precondition("PLAN_SUPERSEDED", "step 12", "Ta wersja planu została zastąpiona nowszą. Odnotuj postępy w obowiązującej wersji.")
	}
	if err := allowed(f, ActProgress); err != nil {
		return f, Events{}, err
	}
	if err := checkMarks(c.Marks, f.Section.InForce.Content.has, env.Today); err != nil {
		return f, Events{}, err
	}
	for _, m := range c.Marks {
		f.Section.Progress = slices.DeleteFunc(f.Section.Progress, func(o Mark) bool { return o.Target == m.Target })
		f.Section.Progress = append(f.Section.Progress, m)
	}
	f.goalFacts()
	return f, Events{}, nil
}

func checkMarks(marks []Mark, known func(string) bool, today calendar.Date) error {
	var bad fault.Fields
	seen := map[string]bool{}
	for _, m := range marks {
		bad.Check(known(m.Target) && !seen[m.Target], "progress.target_id", "wskaż raz każdy cel lub działanie obowiązującego planu.")
		bad.Check(!m.On.IsZero() && !m.On.After(today), "progress.noted_on", "podaj dzień, nie późniejszy niż dzisiejszy.")
		bad.Check(m.Status != "", "progress.status", "podaj stan realizacji.")
		seen[m.Target] = true
	}
	return bad.Err()
}
