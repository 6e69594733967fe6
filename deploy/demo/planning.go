package demo

import (
	"context"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/rpc"
)

// plan is the version of the plan of work that the story deals with.
type plan struct {
	name, hash string
	version    int32
	mains      []string // main goals in force
}

// firstPlan is step 12: within two months of day 0, or as a draft that waits where the fate has no plan.
func (f *family) firstPlan(from calendar.Date) {
	day := f.workday(from.AddDays(36 + f.rand.IntN(6)))
	f.then(day, "plan", func(ctx context.Context) error {
		return f.draft(ctx, f.content(from, "", planningv1.CareGoal_CARE_GOAL_UNSPECIFIED, ""))
	})
	if f.noPlan {
		return
	}
	on := f.workday(day.AddDays(6))
	f.then(on, "adoption", func(ctx context.Context) error { return f.adopt(ctx, on, "") })
	f.then(f.workday(from.AddDays(130)), "progress", f.progress)
}

// content makes a plan; a child in care adds a goal of its own, agreed with a version of the help plan.
func (f *family) content(from calendar.Date, child string, goal planningv1.CareGoal, reason string) *planningv1.PlanContent {
	term := func(n int) calendar.Date { return f.workday(from.AddDays(n)) }
	mother := f.members[0].GetMemberId()
	c := &planningv1.PlanContent{
		Reason: reason,
		Diagnosis: []*planningv1.Diagnosis{
			{LifeArea: "UPBRINGING", Problem: pick(f.rand, reasons), Cause: "Brak wspólnych ustaleń rodziców.", Resource: "Chęć zmiany.", Expectations: []*planningv1.Expectation{{MemberId: mother, Text: "Chcę spokojniejszych poranków."}}},
			{LifeArea: "FINANCES", Problem: "Zaległości w opłatach.", Resource: "Regularne świadczenia."}},
		Strengths: []*planningv1.Strength{{Holder: planningv1.ResourceHolder_RESOURCE_HOLDER_FAMILY, Text: "Rodzina trzyma się razem."}},
		Goals:     []*planningv1.Goal{{GoalId: "c1", Title: "Dzieci mają stały rytm dnia", Aims: []string{"PARENTING"}}, {GoalId: "c2", Title: "Domowy budżet jest zrównoważony", Aims: []string{"AWARENESS", "AGAINST_MARGINALISATION"}}},
		Actions: []*planningv1.Action{
			{ActionId: "d1", GoalId: "c1", Description: "Ułożenie planu dnia i ćwiczenie stawiania granic", Responsible: planningv1.ResponsibleKind_RESPONSIBLE_KIND_MEMBER, Who: mother, TaskCode: "6", DueDate: rpc.Date(term(180)), ExpectedEffect: "Spokojne poranki i wieczory"},
			{ActionId: "d2", GoalId: "c2", Description: "Zeszyt wydatków i ugoda z wierzycielem", Responsible: planningv1.ResponsibleKind_RESPONSIBLE_KIND_ASSISTANT, TaskCode: "3", DueDate: rpc.Date(term(240)), ExpectedEffect: "Brak nowych zaległości"}},
		SupportForms: []string{"FAMILY_WORK"}, WorkForms: []string{"CONSULTATION"}, HelpSources: []string{"INSTITUTION"},
	}
	if child != "" {
		c.Goals = append(c.Goals, &planningv1.Goal{GoalId: "c4", Title: "Dziecko bezpiecznie wraca do domu", Aims: []string{"REINTEGRATION"}, Children: []string{child}, CareGoal: goal})
		c.Actions = append(c.Actions, &planningv1.Action{ActionId: "d4", GoalId: "c4", Description: "Spotkania rodziców z dzieckiem z udziałem asystenta", Responsible: planningv1.ResponsibleKind_RESPONSIBLE_KIND_ASSISTANT,
			TaskCode: "2", DueDate: rpc.Date(term(200)), ExpectedEffect: "Stały kontakt dziecka z rodzicami"})
		c.ChildPlans = []*planningv1.ChildPlanReference{{Child: child, Version: 1}}
	}
	return c
}

// planned notes a version of the plan after an act; its etag is the file's.
func (f *family) planned(p *planningv1.Plan, err error) error {
	if err == nil {
		f.plan.name, f.plan.hash, f.plan.version, f.tag = p.GetName(), p.GetContentHash(), p.GetVersion(), p.GetEtag()
		if p.GetState() == planningv1.PlanState_PLAN_STATE_IN_FORCE {
			f.plan.mains = nil
			for _, g := range p.GetContent().GetGoals() {
				if g.GetMainGoalId() == "" {
					f.plan.mains = append(f.plan.mains, g.GetGoalId())
				}
			}
		}
	}
	return err
}

func (f *family) draft(ctx context.Context, c *planningv1.PlanContent) error {
	return f.planned(as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*planningv1.Plan, error) {
		return f.plans.CreatePlanDraft(ctx, &planningv1.CreatePlanDraftRequest{Parent: f.file, Content: c, RequestId: rid})
	}))
}

// adopt has the draft consulted, signed, agreed with the coordinator where one is named, and adopted, all over the same content.
func (f *family) adopt(ctx context.Context, on calendar.Date, coordinator string) error {
	day := rpc.Date(on)
	tag, err := f.fresh(ctx, f.worker())
	if err != nil {
		return err
	}
	if err := f.planned(as(ctx, f, f.worker(), func(ctx context.Context, rid string) (*planningv1.Plan, error) {
		return f.plans.RecordConsultation(ctx, &planningv1.RecordConsultationRequest{Name: f.plan.name, ContentHash: f.plan.hash, ConsultedOn: day, Etag: tag, RequestId: rid})
	})); err != nil {
		return err
	}
	signed := &familyv1.Signature{Signer: f.members[0].GetMemberId(), SignedOn: day, OriginalAt: "teczka AR, k. 9", Refused: f.source == court}
	if err := f.planned(as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*planningv1.Plan, error) {
		return f.plans.RecordFamilySignatures(ctx, &planningv1.RecordFamilySignaturesRequest{Name: f.plan.name, ContentHash: f.plan.hash, Signatures: []*familyv1.Signature{signed}, Etag: f.tag, RequestId: rid})
	})); err != nil {
		return err
	}
	if coordinator != "" {
		p, err := as(ctx, f, coordinator, func(ctx context.Context, rid string) (*planningv1.Plan, error) {
			return f.plans.AgreeAsCoordinator(ctx, &planningv1.AgreeAsCoordinatorRequest{Name: f.plan.name, ContentHash: f.plan.hash, AgreedOn: day, Etag: f.tag, RequestId: rid})
		})
		if err != nil {
			return err
		}
		f.tag = p.GetEtag()
	}
	return f.planned(as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*planningv1.Plan, error) {
		return f.plans.AdoptPlan(ctx, &planningv1.AdoptPlanRequest{Name: f.plan.name, ContentHash: f.plan.hash, AdoptedOn: day, Etag: f.tag, RequestId: rid})
	}))
}

// progress records how far the goals have come.
func (f *family) progress(ctx context.Context) error {
	tag, err := f.fresh(ctx, f.asst())
	if err != nil || len(f.plan.mains) == 0 {
		return err
	}
	return f.planned(as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*planningv1.Plan, error) {
		return f.plans.RecordProgress(ctx, &planningv1.RecordProgressRequest{Name: f.plan.name, Progress: f.marks(f.env.Clock.Today()), Etag: tag, RequestId: rid})
	}))
}

// marks say how far each main goal has come.
func (f *family) marks(on calendar.Date) []*planningv1.Progress {
	var out []*planningv1.Progress
	for i, id := range f.plan.mains {
		status := []planningv1.ProgressStatus{planningv1.ProgressStatus_PROGRESS_STATUS_UNDER_WAY, planningv1.ProgressStatus_PROGRESS_STATUS_PARTLY, planningv1.ProgressStatus_PROGRESS_STATUS_ACHIEVED}[(f.n+i)%3]
		out = append(out, &planningv1.Progress{TargetId: id, Status: status, Result: "Odnotowano postęp.", NotedOn: rpc.Date(on)})
	}
	return out
}

// assess puts the half-yearly assessments on the agenda (step 15), shortly before their terms.
func (f *family) assess(from, last calendar.Date) {
	for n := 1; ; n++ {
		due := f.day0.AddMonths(6 * n)
		day := f.workday(due.AddDays(-9 + f.rand.IntN(4)))
		if day.After(last) || f.noTerm && due.AddMonths(6).After(last) {
			return
		}
		if !day.After(from) {
			continue // made on paper
		}
		f.then(day, "assessment", func(ctx context.Context) error { return f.assessment(ctx, day) })
	}
}

func (f *family) assessment(ctx context.Context, on calendar.Date) error {
	day, from := rpc.Date(on), on.AddMonths(-6)
	if from.Before(f.day0) { // the first one is made shortly before its half year is over
		from = f.day0
	}
	a, err := as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*planningv1.Assessment, error) {
		return f.plans.CreateAssessment(ctx, &planningv1.CreateAssessmentRequest{Parent: f.file, RequestId: rid, Assessment: &planningv1.Assessment{
			PeriodFromDate: rpc.Date(from), PeriodToDate: rpc.Date(on.AddDays(-1)), Situation: pick(f.rand, situations), Goals: f.marks(on.AddDays(-1)), Conclusions: pick(f.rand, conclusions),
			Recommendation: planningv1.Recommendation_RECOMMENDATION_CONTINUE}})
	})
	if err != nil {
		return err
	}
	if a, err = as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*planningv1.Assessment, error) {
		return f.plans.PresentAssessment(ctx, &planningv1.PresentAssessmentRequest{Name: a.GetName(), PresentedOn: day, Etag: a.GetEtag(), RequestId: rid})
	}); err != nil {
		return err
	}
	a, err = as(ctx, f, f.head(), func(ctx context.Context, rid string) (*planningv1.Assessment, error) {
		return f.plans.ReceiveAssessment(ctx, &planningv1.ReceiveAssessmentRequest{Name: a.GetName(), ReceivedOn: day, Etag: a.GetEtag(), RequestId: rid})
	})
	f.tag = a.GetEtag()
	return err
}
