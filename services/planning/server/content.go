package server

import (
	"fmt"

	"google.golang.org/genproto/googleapis/type/date"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/rpc"
	"asysta.example/services/planning"
)

// mapped converts a list.
func mapped[A, B any](in []A, f func(A) B) []B {
	var out []B
	for _, a := range in {
		out = append(out, f(a))
	}
	return out
}

// contentOf writes a content for the wire.
func contentOf(c planning.Content) *planningv1.PlanContent {
	return &planningv1.PlanContent{
		Reason: c.Reason, ValidFromDate: rpc.Date(c.ValidFrom), SupportForms: c.SupportForms, WorkForms: c.WorkForms, HelpSources: c.HelpSources,
		Diagnosis: mapped(c.Diagnosis, func(d planning.Diagnosis) *planningv1.Diagnosis {
			return &planningv1.Diagnosis{LifeArea: d.LifeArea, Problem: d.Problem, Cause: d.Cause, Resource: d.Resource,
				Expectations: mapped(d.Expectations, func(e planning.Expectation) *planningv1.Expectation {
					return &planningv1.Expectation{MemberId: e.Member, Text: e.Text}
				})}
		}),
		Strengths: mapped(c.Strengths, func(s planning.Strength) *planningv1.Strength {
			return &planningv1.Strength{Holder: rpc.Enum[planningv1.ResourceHolder](s.Holder), MemberId: s.Member, Text: s.Text}
		}),
		Goals: mapped(c.Goals, goalOf), Actions: mapped(c.Actions, actionOf), ChildPlans: mapped(c.ChildPlans, childRefOf),
	}
}

func goalOf(g planning.Goal) *planningv1.Goal {
	return &planningv1.Goal{GoalId: g.ID, MainGoalId: g.Main, Title: g.Title, Aims: g.Aims, Children: g.Children, CareGoal: rpc.Enum[planningv1.CareGoal](g.Care)}
}

func actionOf(a planning.Action) *planningv1.Action {
	return &planningv1.Action{ActionId: a.ID, GoalId: a.Goal, Description: a.Description, Responsible: rpc.Enum[planningv1.ResponsibleKind](a.Responsible), Who: a.Who,
		TaskCode: a.Task, DueDate: rpc.Date(a.Due), ExpectedEffect: a.Effect}
}

func childRefOf(r planning.ChildPlanRef) *planningv1.ChildPlanReference {
	return &planningv1.ChildPlanReference{Child: r.Child, Version: int32(r.Version)}
}

func markOf(m planning.Mark) *planningv1.Progress {
	return &planningv1.Progress{TargetId: m.Target, Status: rpc.Enum[planningv1.ProgressStatus](m.Status), Result: m.Result, NotedOn: rpc.Date(m.On)}
}

// dates reads dates of a request and keeps the first fault.
type dates struct{ err error }

func (r *dates) read(d *date.Date, field string) calendar.Date {
	v, err := rpc.DateFrom(d, field)
	if err != nil && r.err == nil {
		r.err = err
	}
	return v
}

// contentFrom reads a content; newID gives the ids of goals and actions that come without.
func contentFrom(c *planningv1.PlanContent, newID func(list string, i int) string) (planning.Content, error) {
	var ds dates
	out := planning.Content{
		Reason: c.GetReason(), ValidFrom: ds.read(c.GetValidFromDate(), "plan.content.valid_from_date"),
		SupportForms: c.GetSupportForms(), WorkForms: c.GetWorkForms(), HelpSources: c.GetHelpSources(),
		Diagnosis: mapped(c.GetDiagnosis(), func(d *planningv1.Diagnosis) planning.Diagnosis {
			return planning.Diagnosis{LifeArea: d.GetLifeArea(), Problem: d.GetProblem(), Cause: d.GetCause(), Resource: d.GetResource(),
				Expectations: mapped(d.GetExpectations(), func(e *planningv1.Expectation) planning.Expectation {
					return planning.Expectation{Member: e.GetMemberId(), Text: e.GetText()}
				})}
		}),
		Strengths: mapped(c.GetStrengths(), func(s *planningv1.Strength) planning.Strength {
			return planning.Strength{Holder: rpc.Word[planning.Holder](s.GetHolder()), Member: s.GetMemberId(), Text: s.GetText()}
		}),
		ChildPlans: mapped(c.GetChildPlans(), func(r *planningv1.ChildPlanReference) planning.ChildPlanRef {
			return planning.ChildPlanRef{Child: r.GetChild(), Version: int(r.GetVersion())}
		}),
	}
	for i, g := range c.GetGoals() {
		goal := planning.Goal{ID: g.GetGoalId(), Main: g.GetMainGoalId(), Title: g.GetTitle(), Aims: g.GetAims(), Children: g.GetChildren(), Care: rpc.Word[planning.CareGoal](g.GetCareGoal())}
		if goal.ID == "" {
			goal.ID = newID("goal", i)
		}
		out.Goals = append(out.Goals, goal)
	}
	for i, a := range c.GetActions() {
		action := planning.Action{ID: a.GetActionId(), Goal: a.GetGoalId(), Description: a.GetDescription(), Who: a.GetWho(), Task: a.GetTaskCode(), Effect: a.GetExpectedEffect(),
			Responsible: rpc.Word[planning.Responsible](a.GetResponsible()), Due: ds.read(a.GetDueDate(), fmt.Sprintf("plan.content.actions[%d].due_date", i))}
		if action.ID == "" {
			action.ID = newID("action", i)
		}
		out.Actions = append(out.Actions, action)
	}
	return out, ds.err
}

func marksFrom(in []*planningv1.Progress, field string) ([]planning.Mark, error) {
	var ds dates
	out := mapped(in, func(p *planningv1.Progress) planning.Mark {
		return planning.Mark{Target: p.GetTargetId(), Status: rpc.Word[planning.Status](p.GetStatus()), Result: p.GetResult(), On: ds.read(p.GetNotedOn(), field)}
	})
	return out, ds.err
}
