package server

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"

	"google.golang.org/genproto/googleapis/api/httpbody"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/catalogue"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/printpage"
	"asysta.example/internal/store"
	"asysta.example/services/planning"
)

//go:embed plan.html
var planPage string

var planPaper = printpage.New("plan", planPage, template.FuncMap{
	"task": catalogue.Tasks.Title, "aim": catalogue.Aims.Title, "area": catalogue.LifeAreas.Title,
	"form": catalogue.WorkForms.Title, "support": catalogue.SupportForms.Title, "help": catalogue.HelpSources.Title,
	"care": planning.CareTitle, "holder": func(h planning.Holder) string { return holderTitle[h] }, "status": func(s planning.Status) string { return statusTitle[s] },
})

var holderTitle = map[planning.Holder]string{
	planning.OfMember: "członek rodziny", planning.OfFamily: "rodzina", planning.OfCommunity: "społeczność lokalna", planning.OfInstitution: "instytucje",
}

var statusTitle = map[planning.Status]string{
	planning.Planned: "zaplanowano", planning.UnderWay: "w trakcie", planning.Achieved: "osiągnięto", planning.Partly: "osiągnięto częściowo",
	planning.NotAchieved: "nie osiągnięto", planning.Dropped: "zaniechano",
}

// printed is what the page shows. It holds no address of the family: a copy may reach a parent from whom the others are protected.
type printed struct {
	Number    string
	Family    string
	Version   int
	Draft     bool
	AdoptedOn calendar.Date
	Content   planning.Content
	Goals     []printedGoal
	Hash      string
	Marks     []printedMark // signatures and agreements recorded so far
	Head      bool          // the head signs too
	Care      bool          // the coordinator signs too
	members   map[string]string
}

// printedMark is a signature, a refusal or an agreement that stands to the content.
type printedMark struct {
	planning.SignOff
	Who string
}

// What says what was done.
func (m printedMark) What() string {
	switch {
	case m.Refused:
		return "odmowa podpisu"
	case m.Kind == planning.Consultation:
		return "konsultacja"
	case m.Kind == planning.Agreement:
		return "uzgodnienie"
	case m.Kind == planning.HeadApproval:
		return "zatwierdzenie"
	}
	return "podpis"
}

type printedGoal struct {
	planning.Goal
	Mark    planning.Mark
	Actions []printedAction
}

type printedAction struct {
	planning.Action
	Mark planning.Mark
}

// Member names a member of the family on paper.
func (p printed) Member(id string) string {
	if n := p.members[id]; n != "" {
		return n
	}
	return "członek rodziny"
}

// Doer names who is responsible for an action.
func (p printed) Doer(a planning.Action) string {
	switch a.Responsible {
	case planning.ByMember:
		return p.Member(a.Who)
	case planning.ByAssistant:
		return "asystent rodziny"
	case planning.BySocialWorker:
		return "pracownik socjalny"
	}
	return a.Who
}

// Subtitle says which version it is and since when it is in force.
func (p printed) Subtitle() string {
	if p.Draft {
		return fmt.Sprintf("Wersja %d – projekt", p.Version)
	}
	return fmt.Sprintf("Wersja %d, przyjęta %s", p.Version, p.AdoptedOn.Polish())
}

// Signatures are the lines to sign on.
func (p printed) Signatures() []string {
	lines := []string{"członek rodziny", "członek rodziny", "asystent rodziny", "pracownik socjalny (konsultacja)"}
	if p.Care {
		lines = append(lines, "koordynator rodzinnej pieczy zastępczej (uzgodnienie)")
	}
	if p.Head {
		lines = append(lines, "kierownik ośrodka (zatwierdzenie)")
	}
	return lines
}

// PrintPlan implements PlanningService.
func (s *planningServer) PrintPlan(ctx context.Context, req *planningv1.PrintPlanRequest) (*httpbody.HttpBody, error) {
	n, version, err := planName(req.GetName())
	if err != nil {
		return nil, err
	}
	o, err := s.read(ctx, n)
	if err != nil {
		return nil, err
	}
	if _, err := s.plan(ctx, o, version); err != nil {
		return nil, err
	}
	page, err := s.printed(ctx, o, version)
	if err != nil {
		return nil, err
	}
	settings, _, err := s.deps.Directory.Gmina(ctx, o.gmina())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("planning: office: %w", err)
	}
	office := settings.Office
	body, err := planPaper.Render(printpage.Frame{
		Office: printpage.Office{Name: office.Name, Address: office.Address, Place: office.Place, Phone: office.Phone, Email: office.Email},
		Title:  "Plan pracy z rodziną", Number: page.Number, Subtitle: page.Subtitle(), PrintedOn: o.env.Today, Signatures: page.Signatures(),
	}, page)
	if err != nil {
		return nil, fmt.Errorf("planning: print plan: %w", err)
	}
	return &httpbody.HttpBody{ContentType: printpage.ContentType, Data: body}, nil
}

// printed gathers what the page of a version shows.
func (s *planningServer) printed(ctx context.Context, o opened, version int) (printed, error) {
	sec := o.file.Section
	p := printed{Number: o.file.Cover.Number, Family: o.file.Cover.Label.FamilyName, Version: version, Head: o.env.HeadApproves,
		Care: len(o.file.Cover.Coordinators()) > 0, members: memberNames(o.file.Cover)}
	var marks []planning.Mark
	var signed []planning.SignOff
	switch {
	case sec.Draft != nil && sec.Draft.Version == version:
		p.Draft, p.Content, p.Hash, signed = true, sec.Draft.Content, sec.Draft.Hash, sec.Draft.SignOffs
	case sec.InForce != nil && sec.InForce.Version == version:
		p.Content, p.Hash, p.AdoptedOn, marks, signed = sec.InForce.Content, sec.InForce.Hash, sec.InForce.AdoptedOn, sec.Progress, sec.InForce.SignOffs
	default:
		old, err := s.versionRecord(ctx, o.doc.ID, version)
		if err != nil {
			return p, err
		}
		p.Content, p.Hash, p.AdoptedOn, signed = old.Content, old.Hash, old.AdoptedOn, old.SignOffs
	}
	for _, mark := range signed {
		if !mark.Counts(p.Hash) {
			continue
		}
		who, err := s.signer(ctx, o, p, mark)
		if err != nil {
			return p, err
		}
		p.Marks = append(p.Marks, printedMark{mark, who})
	}
	of := planning.Section{Progress: marks}
	for _, g := range p.Content.Goals {
		goal := printedGoal{Goal: g, Mark: of.Mark(g.ID)}
		for _, a := range p.Content.Actions {
			if a.Goal == g.ID {
				goal.Actions = append(goal.Actions, printedAction{a, of.Mark(a.ID)})
			}
		}
		p.Goals = append(p.Goals, goal)
	}
	return p, nil
}

// signer names on paper who gave a mark: by name and by what they are to the family. Whom the directory does not know any more is named by the latter alone.
func (s *planningServer) signer(ctx context.Context, o opened, p printed, mark planning.SignOff) (string, error) {
	var what, named string
	var err error
	switch mark.Kind {
	case planning.FamilyMark:
		return p.Member(mark.By), nil
	case planning.Agreement:
		var person directory.Person
		person, err = s.deps.Directory.Person(ctx, o.doc.County, mark.By)
		what, named = "koordynator rodzinnej pieczy zastępczej", person.DisplayName
	case planning.Consultation, planning.HeadApproval:
		var staff directory.Staff
		staff, err = s.deps.Directory.Staff(ctx, o.gmina(), mark.By)
		what, named = "pracownik socjalny", staff.DisplayName
		if mark.Kind == planning.HeadApproval {
			what = "kierownik ośrodka"
		}
	}
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return "", fmt.Errorf("planning: who signed: %w", err)
	case named == "":
		return what, nil
	}
	return named + " – " + what, nil
}

// memberNames are the names that the file's label has for its members.
func memberNames(c familyfile.Cover) map[string]string {
	out := map[string]string{}
	for _, m := range c.Label.Members {
		out[m.Member] = m.Name
	}
	return out
}
