package server

import (
	"context"
	"slices"
	"strconv"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

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

// writable are the fields of an assessment that a change may name.
var writable = []string{"period_from_date", "period_to_date", "situation", "goals", "conclusions", "recommendation"}

// UpdateAssessment implements PlanningService.
func (s *planningServer) UpdateAssessment(ctx context.Context, req *planningv1.UpdateAssessmentRequest) (*planningv1.Assessment, error) {
	n, err := fileName(req.GetAssessment().GetName(), name.Assessments)
	if err != nil {
		return nil, err
	}
	return s.assessment(ctx, n, n.SubID, req.GetEtag(), func(f planning.File) (planning.Command, error) {
		i := slices.IndexFunc(f.Section.Assessments, func(o planning.Assessment) bool { return o.ID == n.SubID })
		if i < 0 || f.Section.Assessments[i].Stage != planning.Drafting {
			return planning.Assessing{Draft: planning.Assessment{ID: n.SubID}}, nil // refused by the core
		}
		merged, err := rpc.MergeAll(assessmentOf(f.Section.Assessments[i]), req.GetAssessment(), req.GetUpdateMask(), writable...)
		if err != nil {
			return nil, err
		}
		a, err := assessmentFrom(merged, n.SubID)
		return planning.Assessing{Draft: a}, err
	})
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

// assessmentOf writes what is written of an assessment, without what the service adds.
func assessmentOf(a planning.Assessment) *planningv1.Assessment {
	return &planningv1.Assessment{
		Number: int32(a.Number), PeriodFromDate: rpc.Date(a.PeriodFrom), PeriodToDate: rpc.Date(a.PeriodTo), Situation: a.Situation, Goals: mapped(a.Goals, markOf),
		Conclusions: a.Conclusions, Recommendation: rpc.Enum[planningv1.Recommendation](a.Recommendation),
	}
}

// assessmentMessage writes an assessment for the wire.
func (o opened) assessmentMessage(a planning.Assessment) *planningv1.Assessment {
	out := assessmentOf(a)
	out.Name, out.Etag = name.Sub(o.gmina(), name.FamilyFiles, o.doc.ID, name.Assessments, a.ID), o.etag()
	out.State, out.PlanVersion, out.DueDate = rpc.Enum[planningv1.AssessmentState](a.Stage), int32(a.PlanVersion), rpc.Date(a.Due)
	out.PresentedOn, out.ReceivedOn, out.ReceivedBy, out.Remarks = rpc.Date(a.PresentedOn), rpc.Date(a.ReceivedOn), rpc.StaffName(o.gmina(), a.ReceivedBy), a.Remarks
	for _, t := range planning.AssessmentTransitions {
		if t.Act != planning.ActAssess && slices.Contains(t.Roles, o.role) && slices.Contains(t.From, a.Stage) {
			out.AllowedActions = append(out.AllowedActions, verbs[t.Act])
		}
	}
	return out
}
