package server

import (
	"context"
	"slices"
	"strconv"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/fault"
	"asysta.example/internal/name"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/planning"
)

type familyDeadline = familyv1.Deadline

func itoa(n int) string { return strconv.Itoa(n) }

const assessmentPurpose = "okresowa ocena sytuacji rodziny"

// assessment carries an act on an assessment out and answers with it.
func (s *planningServer) assessment(ctx context.Context, n name.Name, id, etag string, command func(planning.File) (planning.Command, error)) (*planningv1.Assessment, error) {
	o, _, err := s.commit(ctx, change{file: n, etag: etag, purpose: assessmentPurpose, command: command})
	if err != nil {
		return nil, err
	}
	return s.findAssessment(ctx, o, id)
}

// findAssessment gives an open assessment of the section or a received one of the records.
func (s *planningServer) findAssessment(ctx context.Context, o opened, id string) (*planningv1.Assessment, error) {
	for _, a := range o.file.Section.Assessments {
		if a.ID == id {
			return o.assessmentMessage(a), nil
		}
	}
	r, err := s.deps.Scope(ctx).Record(ctx, store.Assessments, o.doc.ID, id)
	if err != nil {
		return nil, rpc.Absent(ctx, err)
	}
	a, err := rpc.Decode[planning.Assessment](r.Body)
	if err != nil {
		return nil, err
	}
	return o.assessmentMessage(a), nil
}

// assessmentFrom reads what may be written of an assessment.
func assessmentFrom(a *planningv1.Assessment, id string) (planning.Assessment, error) {
	var ds dates
	marks, err := marksFrom(a.GetGoals(), "assessment.goals.noted_on")
	out := planning.Assessment{
		ID: id, Number: int(a.GetNumber()), Situation: a.GetSituation(), Goals: marks, Conclusions: a.GetConclusions(),
		PeriodFrom: ds.read(a.GetPeriodFromDate(), "assessment.period_from_date"), PeriodTo: ds.read(a.GetPeriodToDate(), "assessment.period_to_date"),
		Recommendation: rpc.Word[planning.Recommendation](a.GetRecommendation()),
	}
	if err == nil {
		err = ds.err
	}
	return out, err
}

// CreateAssessment implements PlanningService.
func (s *planningServer) CreateAssessment(ctx context.Context, req *planningv1.CreateAssessmentRequest) (*planningv1.Assessment, error) {
	n, err := fileName(req.GetParent())
	if err != nil {
		return nil, err
	}
	a, err := assessmentFrom(req.GetAssessment(), rpc.DerivedID(ctx))
	if err != nil {
		return nil, err
	}
	return s.assessment(ctx, n, a.ID, "", always(planning.Assessing{Draft: a, New: true}))
}

// UpdateAssessment implements PlanningService.
func (s *planningServer) UpdateAssessment(ctx context.Context, req *planningv1.UpdateAssessmentRequest) (*planningv1.Assessment, error) {
	n, err := fileName(req.GetAssessment().GetName(), name.Assessments)
	if err != nil {
		return nil, err
	}
	a, err := assessmentFrom(req.GetAssessment(), n.SubID)
	if err != nil {
		return nil, err
	}
	return s.assessment(ctx, n, n.SubID, req.GetEtag(), func(f planning.File) (planning.Command, error) {
		i := slices.IndexFunc(f.Section.Assessments, func(o planning.Assessment) bool { return o.ID == n.SubID })
		if i < 0 {
			return planning.Assessing{Draft: a}, nil // refused by the core
		}
		merged, err := mergeAssessment(f.Section.Assessments[i], a, req.GetUpdateMask().GetPaths())
		return planning.Assessing{Draft: merged}, err
	})
}

// mergeAssessment puts the fields named by a mask into an assessment; without a mask all of them.
func mergeAssessment(base, change planning.Assessment, paths []string) (planning.Assessment, error) {
	if len(paths) == 0 {
		return change, nil
	}
	for _, p := range paths {
		switch p {
		case "period_from_date":
			base.PeriodFrom = change.PeriodFrom
		case "period_to_date":
			base.PeriodTo = change.PeriodTo
		case "situation":
			base.Situation = change.Situation
		case "goals":
			base.Goals = change.Goals
		case "conclusions":
			base.Conclusions = change.Conclusions
		case "recommendation":
			base.Recommendation = change.Recommendation
		default:
			return base, fault.Invalid("update_mask", "UPDATE_MASK", "maska wskazuje pole, którego nie można zmienić; podaj np. situation albo conclusions.")
		}
	}
	return base, nil
}

// PresentAssessment implements PlanningService.
func (s *planningServer) PresentAssessment(ctx context.Context, req *planningv1.PresentAssessmentRequest) (*planningv1.Assessment, error) {
	n, err := fileName(req.GetName(), name.Assessments)
	if err != nil {
		return nil, err
	}
	on, err := rpc.PastDate(req.GetPresentedOn(), "presented_on", s.deps.Today())
	if err != nil {
		return nil, err
	}
	return s.assessment(ctx, n, n.SubID, req.GetEtag(), always(planning.Present{ID: n.SubID, On: on}))
}

// ReceiveAssessment implements PlanningService.
func (s *planningServer) ReceiveAssessment(ctx context.Context, req *planningv1.ReceiveAssessmentRequest) (*planningv1.Assessment, error) {
	n, err := fileName(req.GetName(), name.Assessments)
	if err != nil {
		return nil, err
	}
	on, err := rpc.PastDate(req.GetReceivedOn(), "received_on", s.deps.Today())
	if err != nil {
		return nil, err
	}
	return s.assessment(ctx, n, n.SubID, req.GetEtag(), always(planning.Receive{ID: n.SubID, On: on, Remarks: req.GetRemarks()}))
}

// GetAssessment implements PlanningService.
func (s *planningServer) GetAssessment(ctx context.Context, req *planningv1.GetAssessmentRequest) (*planningv1.Assessment, error) {
	n, err := fileName(req.GetName(), name.Assessments)
	if err != nil {
		return nil, err
	}
	o, err := s.read(ctx, n)
	if err != nil {
		return nil, err
	}
	return s.findAssessment(ctx, o, n.SubID)
}

// ListAssessments implements PlanningService.
func (s *planningServer) ListAssessments(ctx context.Context, req *planningv1.ListAssessmentsRequest) (*planningv1.ListAssessmentsResponse, error) {
	o, page, err := s.records(ctx, store.Assessments, req)
	if err != nil {
		return nil, err
	}
	out := &planningv1.ListAssessmentsResponse{NextPageToken: page.Next}
	if req.GetPageToken() == "" {
		for _, a := range slices.Backward(o.file.Section.Assessments) {
			out.Assessments = append(out.Assessments, o.assessmentMessage(a))
		}
	}
	for _, r := range page.Records {
		a, err := rpc.Decode[planning.Assessment](r.Body)
		if err != nil {
			return nil, err
		}
		out.Assessments = append(out.Assessments, o.assessmentMessage(a))
	}
	return out, nil
}

// assessmentMessage writes an assessment for the wire.
func (o opened) assessmentMessage(a planning.Assessment) *planningv1.Assessment {
	out := &planningv1.Assessment{
		Name: name.Sub(o.gmina(), name.FamilyFiles, o.doc.ID, name.Assessments, a.ID), Number: int32(a.Number), State: rpc.Enum[planningv1.AssessmentState](a.Stage),
		PeriodFromDate: rpc.Date(a.PeriodFrom), PeriodToDate: rpc.Date(a.PeriodTo), Situation: a.Situation, Goals: mapped(a.Goals, markOf),
		Conclusions: a.Conclusions, Recommendation: rpc.Enum[planningv1.Recommendation](a.Recommendation), PlanVersion: int32(a.PlanVersion), PresentedOn: rpc.Date(a.PresentedOn),
		ReceivedOn: rpc.Date(a.ReceivedOn), ReceivedBy: rpc.StaffName(o.gmina(), a.ReceivedBy), Remarks: a.Remarks, DueDate: rpc.Date(a.Due), Etag: o.etag(),
	}
	for _, t := range planning.AssessmentTransitions {
		if t.Act != planning.ActAssess && slices.Contains(t.Roles, o.role) && slices.Contains(t.From, a.Stage) {
			out.AllowedActions = append(out.AllowedActions, verbs[t.Act])
		}
	}
	return out
}
