package server

import (
	"context"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/rpc"
	"asysta.example/services/casefile"
)

// ProposeDecision implements the assistant's act of step 19.
func (s *Server) ProposeDecision(ctx context.Context, req *casefilev1.ProposeDecisionRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		on, err := rpc.DateFrom(req.GetProposedOn(), "proposed_on")
		return casefile.ProposeDecision{ID: rpc.DerivedID(ctx, "decision"), Obstacle: req.GetObstacle(), Decision: rpc.Word[string](req.GetDecision()), On: on}, err
	})
}

// ConfirmDecision implements the head's act of step 19.
func (s *Server) ConfirmDecision(ctx context.Context, req *casefilev1.ConfirmDecisionRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		on, err := rpc.DateFrom(req.GetDecidedOn(), "decided_on")
		return casefile.ConfirmDecision{Decision: rpc.Word[string](req.GetDecision()), Reasons: req.GetReasons(), On: on}, err
	})
}

// ProposeClosure implements the assistant's part of step 20.
func (s *Server) ProposeClosure(ctx context.Context, req *casefilev1.ProposeClosureRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		c, err := closureFrom(req.GetClosure())
		return casefile.ProposeClosure{Closure: c}, err
	})
}

// RecordMonitoring implements step 21. The last one of the schedule ends it and frees the place that it may have taken.
func (s *Server) RecordMonitoring(ctx context.Context, req *casefilev1.RecordMonitoringRequest) (*casefilev1.FamilyFile, error) {
	return s.actAndSettle(ctx, req, func(casefile.File) (casefile.Command, error) {
		on, err := rpc.DateFrom(req.GetMonitoredOn(), "monitored_on")
		return casefile.RecordMonitoring{Month: int(req.GetMonth()), On: on, Note: req.GetNote(), HelpNeeded: req.GetHelpNeeded()}, err
	})
}

// EndMonitoring ends step 21 before its last date and frees the place that it may have taken.
func (s *Server) EndMonitoring(ctx context.Context, req *casefilev1.EndMonitoringRequest) (*casefilev1.FamilyFile, error) {
	return s.actAndSettle(ctx, req, func(casefile.File) (casefile.Command, error) {
		return casefile.EndMonitoring{Reason: req.GetReason()}, nil
	})
}
