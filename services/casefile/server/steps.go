package server

import (
	"context"
	"strings"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/rpc"
	"asysta.example/services/casefile"
)

// RecordDocumentationRead implements step 8.
func (s *Server) RecordDocumentationRead(ctx context.Context, req *casefilev1.RecordDocumentationReadRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		on, err := rpc.DateFrom(req.GetReadOn(), "read_on")
		return casefile.RecordDocumentationRead{On: on}, err
	})
}

// AgreeJointVisit implements step 8.
func (s *Server) AgreeJointVisit(ctx context.Context, req *casefilev1.AgreeJointVisitRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		on, err := rpc.DateFrom(req.GetVisitDate(), "visit_date")
		return casefile.AgreeJointVisit{On: on}, err
	})
}

// RecordJointVisit implements step 9.
func (s *Server) RecordJointVisit(ctx context.Context, req *casefilev1.RecordJointVisitRequest) (*casefilev1.FamilyFile, error) {
	l, _, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	v := req.GetVisit()
	worker, err := s.socialWorker(ctx, l.doc.Gmina, v.GetSocialWorker(), "visit.social_worker")
	if err != nil {
		return nil, err
	}
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		cmd := casefile.RecordJointVisit{Visit: casefile.JointVisit{SocialWorker: worker, Members: v.GetMemberIds(), RulesDiscussed: v.GetRulesDiscussed(), Note: v.GetNote()}}
		if err := dates(into(&cmd.Visit.On, v.GetVisitedOn(), "visit.visited_on")); err != nil {
			return nil, err
		}
		cmd.Consents, err = consentsFrom(req.GetConsents(), casefile.Cooperation)
		return cmd, err
	})
}

// RecordConsent implements steps 4 and 9 outside the joint visit.
func (s *Server) RecordConsent(ctx context.Context, req *casefilev1.RecordConsentRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		c, err := consentFrom(req.GetConsent(), "", "consent")
		return casefile.RecordConsent{Consent: c}, err
	})
}

// RecordExpectations implements step 10.
func (s *Server) RecordExpectations(ctx context.Context, req *casefilev1.RecordExpectationsRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		p, err := pictureFrom(req.GetPicture())
		return casefile.RecordExpectations{Picture: p}, err
	})
}

// SetBlueCardReference seals the reference before the core sees it.
func (s *Server) SetBlueCardReference(ctx context.Context, req *casefilev1.SetBlueCardReferenceRequest) (*casefilev1.FamilyFile, error) {
	l, _, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	sealed, err := s.sealed(ctx, sealing{gmina: l.doc.Gmina, file: l.doc.ID, dry: req.GetValidateOnly()}, fieldBlueCard, strings.TrimSpace(req.GetReference()))
	if err != nil {
		return nil, err
	}
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		on, err := rpc.DateFrom(req.GetNotedOn(), "noted_on")
		return casefile.SetBlueCard{Reference: sealed, On: on}, err
	})
}

// AddCourtOrder makes a court's order the basis of the work.
func (s *Server) AddCourtOrder(ctx context.Context, req *casefilev1.AddCourtOrderRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		o, err := orderFrom(ctx, req.GetCourtOrder())
		if err != nil {
			return nil, err
		}
		return casefile.AddOrder{Order: *o}, nil
	})
}

// EndCourtOrder records that an order binds no more.
func (s *Server) EndCourtOrder(ctx context.Context, req *casefilev1.EndCourtOrderRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		on, err := rpc.DateFrom(req.GetEndedOn(), "ended_on")
		return casefile.EndOrder{ID: req.GetOrderId(), On: on}, err
	})
}

// SetDifficulty weighs the family.
func (s *Server) SetDifficulty(ctx context.Context, req *casefilev1.SetDifficultyRequest) (*casefilev1.FamilyFile, error) {
	return s.act(ctx, req, func(casefile.File) (casefile.Command, error) {
		return casefile.SetDifficulty{Weight: int(req.GetDifficulty())}, nil
	})
}
