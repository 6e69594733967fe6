package server

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
)

// CorrectDay0 corrects day 0; clocks follow.
func (s *Server) CorrectDay0(ctx context.Context, req *casefilev1.CorrectDay0Request) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		on, err := rpc.DateFrom(req.GetCooperationStartDate(), "cooperation_start_date")
		return casefile.CorrectDay0{On: on, Reason: req.GetReason()}, err
	})
}

// CorrectConsent corrects or annuls a consent.
func (s *Server) CorrectConsent(ctx context.Context, req *casefilev1.CorrectConsentRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		cmd := casefile.CorrectConsent{Number: int(req.GetNumber()), Reason: req.GetReason()}
		if req.GetConsent() == nil {
			return cmd, nil
		}
		c, err := consentFrom(req.GetConsent(), "", "consent")
		cmd.Consent = &c
		return cmd, err
	})
}

// CorrectAssignment corrects the days of an assignment.
func (s *Server) CorrectAssignment(ctx context.Context, req *casefilev1.CorrectAssignmentRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		cmd := casefile.CorrectAssignment{Number: int(req.GetNumber()), Reason: req.GetReason()}
		return cmd, dates(into(&cmd.From, req.GetFromDate(), "from_date"), into(&cmd.To, req.GetToDate(), "to_date"))
	})
}

// ListCorrections lists what was corrected, and why.
func (s *Server) ListCorrections(ctx context.Context, req *casefilev1.ListCorrectionsRequest) (*casefilev1.ListCorrectionsResponse, error) {
	l, _, err := s.load(ctx, req.GetParent())
	if err != nil {
		return nil, err
	}
	page, err := s.deps.Scope(ctx).Records(ctx, store.RecordQuery{Type: store.Corrections, File: l.doc.ID, Limit: rpc.PageSize(req.GetPageSize()), Token: req.GetPageToken()})
	if err != nil {
		return nil, pageFault(err)
	}
	out := &casefilev1.ListCorrectionsResponse{NextPageToken: page.Next}
	for _, r := range page.Records {
		c, err := rpc.Decode[casefile.Correction](r.Body)
		if err != nil {
			return nil, err
		}
		out.Corrections = append(out.Corrections, &casefilev1.Correction{CorrectionId: r.ID, Number: int32(c.Number), Before: c.Before, After: c.After, Reason: c.Reason,
			Subject:     rpc.Enum[casefilev1.Correction_Subject](c.Subject),
			CorrectedBy: rpc.StaffName(l.doc.Gmina, c.By), CorrectTime: timestamppb.New(r.RecordedAt)})
	}
	return out, nil
}
