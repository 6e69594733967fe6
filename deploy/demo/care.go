package demo

import (
	"context"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/rpc"
)

// carer is the login of the loader's coordinator of foster care.
const carer = "koordynator2"

// foresters is the story of a child in foster care: placement, help plan, coordination, return (step 13).
func (f *family) foresters() {
	if f.foster == atHome {
		return
	}
	since := f.workday(f.day0.AddDays(66))
	if f.foster == placed || f.foster == published {
		since = f.ago(74 - 50*(1-int(f.foster-placed)))
	}
	f.then(since, "placement", func(ctx context.Context) error { return f.place(ctx, since) })
	if f.foster == placed {
		return
	}
	told := f.workday(since.AddDays(9))
	f.then(told, "help plan", func(ctx context.Context) error {
		return f.publish(ctx, told, planningv1.CareGoal_CARE_GOAL_RETURN, "", "")
	})
	if f.foster == published {
		return
	}
	f.coordinate(told)
	review := f.workday(since.AddMonths(5))
	f.then(review, "review", func(ctx context.Context) error { return f.review(ctx, review) })
	switch f.foster {
	case conflict:
		turn := f.ago(21)
		f.then(turn, "help plan turned", func(ctx context.Context) error {
			return f.publish(ctx, turn, planningv1.CareGoal_CARE_GOAL_ADOPTION, "Rodzice przestali odwiedzać dziecko.", "2")
		})
	case back:
		home := f.workday(since.AddDays(210))
		f.then(home, "return", func(ctx context.Context) error {
			return f.change(ctx, f.worker(), &casefilev1.MemberChange{Change: &casefilev1.MemberChange_EndCare{EndCare: &casefilev1.EndCare{MemberId: f.children()[0], EndedOn: rpc.Date(home), CareEnd: casefilev1.CareEnd_CARE_END_RETURNED}}})
		})
	}
}

// change changes members of the family.
func (f *family) change(ctx context.Context, by string, changes ...*casefilev1.MemberChange) error {
	tag, err := f.fresh(ctx, by)
	if err != nil {
		return err
	}
	return f.filed(as(ctx, f, by, func(ctx context.Context, rid string) (*casefilev1.FamilyFile, error) {
		return f.files.UpdateMembers(ctx, &casefilev1.UpdateMembersRequest{Name: f.file, Changes: changes, Etag: tag, RequestId: rid})
	}))
}

func (f *family) place(ctx context.Context, on calendar.Date) error {
	return f.change(ctx, f.worker(), &casefilev1.MemberChange{Change: &casefilev1.MemberChange_PlaceInCare{PlaceInCare: &casefilev1.PlaceInCare{
		MemberId: f.children()[0], InCareSince: rpc.Date(on), CareForm: "rodzina zastępcza spokrewniona", Coordinator: f.coordinators[1]}}})
}

// publish publishes a version of the child's help plan.
func (f *family) publish(ctx context.Context, on calendar.Date, goal planningv1.CareGoal, reason, etag string) error {
	f.tag = ""
	if etag != "" {
		p, err := as(ctx, f, carer, func(ctx context.Context, _ string) (*planningv1.Coordination, error) {
			return f.care.GetCoordination(ctx, &planningv1.GetCoordinationRequest{Name: f.file, Child: f.children()[0]})
		})
		if err != nil {
			return err
		}
		etag = p.GetChildPlan().GetEtag()
	}
	_, err := as(ctx, f, carer, func(ctx context.Context, rid string) (*planningv1.ChildPlan, error) {
		return f.care.PublishChildPlan(ctx, &planningv1.PublishChildPlanRequest{Parent: "powiaty/" + County, FamilyFile: f.file, Child: f.children()[0], PublishedOn: rpc.Date(on), Etag: etag, RequestId: rid,
			Content: &planningv1.ChildPlanContent{Goal: goal, GoalDueDate: rpc.Date(on.AddDays(300)), Reason: reason, FamilyPlanVersion: f.plan.version, Tasks: []*planningv1.ChildTask{
				{TaskId: "z1", Description: "Kontakty z rodzicami", Responsible: "rodzina zastępcza", DueDate: rpc.Date(on.AddDays(290))},
				{TaskId: "z2", Description: "Konsultacja psychologiczna", Responsible: "PCPR", DueDate: rpc.Date(on.AddDays(60))}}}})
	})
	return err
}

// coordinate changes the plan of work for the child and has both sides sign the coordination.
func (f *family) coordinate(told calendar.Date) {
	day := f.workday(told.AddDays(6))
	f.then(day, "plan with the child's goal", func(ctx context.Context) error {
		return f.draft(ctx, f.content(day, f.children()[0], planningv1.CareGoal_CARE_GOAL_RETURN, "Umieszczenie dziecka w pieczy zastępczej."))
	})
	on := f.workday(day.AddDays(4))
	f.then(on, "agreed plan", func(ctx context.Context) error { return f.adopt(ctx, on, carer) })
	signed := f.workday(on.AddDays(2))
	f.then(signed, "coordination", func(ctx context.Context) error { return f.sign(ctx, signed) })
}

func (f *family) sign(ctx context.Context, on calendar.Date) error {
	f.tag = ""
	child := f.children()[0]
	look := func(by string) (*planningv1.Coordination, error) {
		return as(ctx, f, by, func(ctx context.Context, _ string) (*planningv1.Coordination, error) {
			return f.care.GetCoordination(ctx, &planningv1.GetCoordinationRequest{Name: f.file, Child: child})
		})
	}
	now, err := look(f.asst())
	if err != nil {
		return err
	}
	now, err = as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*planningv1.Coordination, error) {
		return f.care.LinkGoals(ctx, &planningv1.LinkGoalsRequest{Name: f.file, Child: child, Side: planningv1.CoordinationSide_COORDINATION_SIDE_ASSISTANT,
			Links: []*planningv1.GoalLink{{GoalId: "c4", TaskId: "z1"}}, Etag: now.GetEtag(), RequestId: rid})
	})
	for _, s := range []struct {
		by   string
		side planningv1.CoordinationSide
	}{{f.asst(), planningv1.CoordinationSide_COORDINATION_SIDE_ASSISTANT}, {carer, planningv1.CoordinationSide_COORDINATION_SIDE_COORDINATOR}} {
		if err != nil {
			return err
		}
		seen := now
		now, err = as(ctx, f, s.by, func(ctx context.Context, rid string) (*planningv1.Coordination, error) {
			return f.care.SignOff(ctx, &planningv1.SignOffRequest{Name: f.file, Child: child, Side: s.side, ContentHash: seen.GetContentHash(), SignedOn: rpc.Date(on), Etag: seen.GetEtag(), RequestId: rid})
		})
	}
	return err
}

func (f *family) review(ctx context.Context, on calendar.Date) error {
	f.tag = ""
	now, err := as(ctx, f, carer, func(ctx context.Context, _ string) (*planningv1.Coordination, error) {
		return f.care.GetCoordination(ctx, &planningv1.GetCoordinationRequest{Name: f.file, Child: f.children()[0]})
	})
	if err != nil {
		return err
	}
	_, err = as(ctx, f, carer, func(ctx context.Context, rid string) (*planningv1.ChildPlan, error) {
		p := now.GetChildPlan()
		return f.care.RecordChildReview(ctx, &planningv1.RecordChildReviewRequest{Name: p.GetName(), Etag: p.GetEtag(), RequestId: rid,
			Review: &planningv1.ChildReview{ReviewedOn: rpc.Date(on), Conclusions: "Dziecko dobrze się rozwija, kontakty z rodzicami trwają.", AssistantPresent: true}})
	})
	return err
}
