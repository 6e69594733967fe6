package server

import (
	"context"
	"fmt"

	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/directory"
	"asysta.example/internal/rpc"
	"asysta.example/services/referral"
)

// GetReferral gives a referral.
func (s *Server) GetReferral(ctx context.Context, req *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
	_, doc, _, err := s.load(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	return s.view(ctx, doc)
}

// RecordInterview implements step 2.
func (s *Server) RecordInterview(ctx context.Context, req *referralv1.RecordInterviewRequest) (*referralv1.Referral, error) {
	on, err := rpc.PastDate(req.GetHeldOn(), "held_on", s.Today())
	if err != nil {
		return nil, err
	}
	return s.change(ctx, req, referral.RecordInterview{On: on, Urgent: req.GetUrgent(), OriginalAt: req.GetOriginalAt()})
}

// RecordAnalysis implements step 3.
func (s *Server) RecordAnalysis(ctx context.Context, req *referralv1.RecordAnalysisRequest) (*referralv1.Referral, error) {
	on, err := rpc.PastDate(req.GetAnalysedOn(), "analysed_on", s.Today())
	if err != nil {
		return nil, err
	}
	return s.change(ctx, req, referral.RecordAnalysis{On: on, Needed: req.GetAssistantNeeded(), Reasons: req.GetReasons(),
		Interested: req.GetFamilyInterested(), Difficulty: int(req.GetDifficulty())})
}

// RecordConsent implements step 4.
func (s *Server) RecordConsent(ctx context.Context, req *referralv1.RecordConsentRequest) (*referralv1.Referral, error) {
	in := &reading{}
	cmd := referral.RecordConsent{OfferOn: in.date(req.GetOfferPresentedOn(), "offer_presented_on")}
	for i, c := range req.GetConsents() {
		cmd.Consents = append(cmd.Consents, referral.Consent{Member: c.GetMemberId(), Decision: rpc.Word[referral.ConsentDecision](c.GetDecision()),
			SignedOn:   in.date(c.GetSignature().GetSignedOn(), fmt.Sprintf("consents[%d].signature.signed_on", i)),
			OriginalAt: c.GetSignature().GetOriginalAt(), Unsigned: c.GetSignature().GetRefused()})
	}
	if in.err != nil {
		return nil, in.err
	}
	return s.change(ctx, req, cmd)
}

// RecordCourtOrder records or corrects an order of a court.
func (s *Server) RecordCourtOrder(ctx context.Context, req *referralv1.RecordCourtOrderRequest) (*referralv1.Referral, error) {
	in := &reading{}
	cmd := referral.RecordOrder{Order: in.order(req.GetCourtOrder(), rpc.DerivedID(ctx, "order"), "court_order")}
	if in.err != nil {
		return nil, in.err
	}
	return s.change(ctx, req, cmd)
}

// addresseeOf says which addressee an organiser of the settings is.
var addresseeOf = map[directory.OrganiserKind]referral.Addressee{
	directory.OrganiserCentre: referral.CentreHead, directory.OrganiserUnit: referral.GminaUnit, directory.OrganiserBody: referral.ContractedBody,
}

// RequestAssistant implements step 5.
func (s *Server) RequestAssistant(ctx context.Context, req *referralv1.RequestAssistantRequest) (*referralv1.Referral, error) {
	t, err := targetOf(req.GetName())
	if err != nil {
		return nil, err
	}
	on, err := rpc.PastDate(req.GetRequestedOn(), "requested_on", s.Today())
	if err != nil {
		return nil, err
	}
	settings, version, err := s.settings(ctx, t.Gmina)
	if err != nil {
		return nil, err
	}
	o := settings.Organiser
	return s.change(ctx, req, referral.RequestAssistant{On: on, Addressee: rpc.Word[referral.Addressee](req.GetAddressee()),
		Organiser: referral.Organiser{Kind: addresseeOf[o.KindOrCentre()], Institution: o.Institution, Resolution: o.Resolution, ResolutionOn: o.ResolutionOn},
		Terms:     terms(settings), SettingsVer: version})
}

// GiveOpinion implements the first half of step 6.
func (s *Server) GiveOpinion(ctx context.Context, req *referralv1.GiveOpinionRequest) (*referralv1.Referral, error) {
	on, err := rpc.PastDate(req.GetGivenOn(), "given_on", s.Today())
	if err != nil {
		return nil, err
	}
	return s.change(ctx, req, referral.GiveOpinion{On: on, Favourable: req.GetFavourable(), Text: req.GetText()})
}

// ReturnReferral sends the request back.
func (s *Server) ReturnReferral(ctx context.Context, req *referralv1.ReturnReferralRequest) (*referralv1.Referral, error) {
	on, err := rpc.DateFrom(req.GetDecidedOn(), "decided_on")
	if err != nil {
		return nil, err
	}
	return s.change(ctx, req, referral.Return{On: on, Reasons: req.GetReasons()})
}

// RefuseReferral refuses the request.
func (s *Server) RefuseReferral(ctx context.Context, req *referralv1.RefuseReferralRequest) (*referralv1.Referral, error) {
	on, err := rpc.DateFrom(req.GetDecidedOn(), "decided_on")
	if err != nil {
		return nil, err
	}
	return s.change(ctx, req, referral.Refuse{On: on, Reasons: req.GetReasons()})
}

// CloseReferral ends the referral before an approval.
func (s *Server) CloseReferral(ctx context.Context, req *referralv1.CloseReferralRequest) (*referralv1.Referral, error) {
	on, err := rpc.PastDate(req.GetClosedOn(), "closed_on", s.Today())
	if err != nil {
		return nil, err
	}
	return s.change(ctx, req, referral.Close{On: on, Reason: rpc.Word[referral.ClosureReason](req.GetReason()), Remark: req.GetRemark()})
}

// AnswerInstitution implements step 7.
func (s *Server) AnswerInstitution(ctx context.Context, req *referralv1.AnswerInstitutionRequest) (*referralv1.Referral, error) {
	on, err := rpc.PastDate(req.GetAnsweredOn(), "answered_on", s.Today())
	if err != nil {
		return nil, err
	}
	return s.change(ctx, req, referral.AnswerInstitution{On: on, Outcome: rpc.Word[referral.Outcome](req.GetOutcome())})
}
