package server

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/name"
	"asysta.example/internal/pesel"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/referral"
)

// view is the referral of a document for the wire.
func (s *Server) view(ctx context.Context, doc *store.Document) (*referralv1.Referral, error) {
	r, err := stateOf(doc)
	if err != nil {
		return nil, err
	}
	g := doc.Gmina
	resource := name.In(g, name.Referrals, doc.ID)
	out := &referralv1.Referral{
		Name: resource, Etag: rpc.Etag(doc.Version), State: rpc.Enum[referralv1.ReferralState](r.State), AllowedActions: s.allowed(ctx, r),
		ReceivedOn: rpc.Date(r.ReceivedOn), Source: rpc.Enum[familyv1.Source](r.Source), ClientKind: rpc.Enum[familyv1.ClientKind](r.ClientKind), Preventive: r.Preventive, Urgent: r.Urgent,
		Members: membersOut(g, r.Members), Address: addressOut(r.Address), DescribedReason: r.Reason, Area: r.Route.Area,
		SocialWorker: rpc.StaffName(g, r.Route.SocialWorker), LockedOut: rpc.PeopleNames(g, r.LockedOut), OfferPresentedOn: rpc.Date(r.OfferOn),
		Consents: consentsOut(r.Consents), FamilyFile: rpc.LocalName(g, name.FamilyFiles, r.FamilyFile),
		Deadlines: rpc.Deadlines(referral.Deadlines(referral.CoverOf(r)), g, resource, s.Today()),
	}
	if doc.Version > 0 {
		out.CreateTime, out.UpdateTime = timestamppb.New(doc.Created), timestamppb.New(doc.Updated)
	}
	for _, o := range r.Orders {
		out.CourtOrders = append(out.CourtOrders, orderOut(o))
	}
	origin(out, g, r)
	stepsOut(out, g, r)
	decisionOut(out, g, r)
	return out, nil
}

func origin(out *referralv1.Referral, g string, r referral.Referral) {
	if r.Notice != nil {
		out.Notice = &referralv1.InstitutionNotice{Institution: rpc.LocalName(g, name.Institutions, r.Notice.Institution), CaseReference: r.Notice.CaseReference}
	}
	if r.ZaZyciem != nil {
		out.ZaZyciem = &referralv1.ZaZyciemAuthorisation{AuthorisedOn: rpc.Date(r.ZaZyciem.On), OriginalAt: r.ZaZyciem.OriginalAt}
	}
}

func stepsOut(out *referralv1.Referral, g string, r referral.Referral) {
	if i := r.Interview; i != nil {
		out.Interview = &referralv1.Interview{HeldOn: rpc.Date(i.On), Interviewer: rpc.StaffName(g, i.By.Staff), OriginalAt: i.OriginalAt}
	}
	if a := r.Analysis; a != nil {
		out.Analysis = &referralv1.Analysis{AnalysedOn: rpc.Date(a.On), AssistantNeeded: a.Needed, Reasons: a.Reasons, FamilyInterested: a.Interested,
			Difficulty: int32(a.Difficulty), Analyst: rpc.StaffName(g, a.By.Staff)}
	}
	if q := r.Request; q != nil {
		out.ContractedBody = rpc.LocalName(g, name.Institutions, q.Institution)
		out.Request = &referralv1.AssistantRequest{RequestedOn: rpc.Date(q.On), Requester: rpc.StaffName(g, q.By.Staff), Addressee: rpc.Enum[referralv1.AddresseeKind](q.Addressee),
			Institution: rpc.LocalName(g, name.Institutions, q.Institution), Resolution: q.Resolution, ResolutionOn: rpc.Date(q.ResolutionOn)}
	}
}

func decisionOut(out *referralv1.Referral, g string, r referral.Referral) {
	if o := r.Opinion; o != nil {
		out.Opinion = &referralv1.Opinion{GivenOn: rpc.Date(o.On), Favourable: o.Favourable, Text: o.Text, Author: rpc.StaffName(g, o.By.Staff)}
	}
	if d := r.Decision; d != nil {
		out.Decision = &referralv1.Decision{DecidedOn: rpc.Date(d.On), Decider: rpc.StaffName(g, d.By.Staff), Deputy: d.Deputy,
			Assistant: rpc.StaffName(g, d.Assistant), Reasons: d.Reasons, DuplicatesReviewed: d.DuplicatesReviewed}
	}
	if c := r.Closure; c != nil {
		out.Closure = &referralv1.ReferralClosure{ClosedOn: rpc.Date(c.On), Reason: rpc.Enum[referralv1.ReferralClosureReason](c.Reason), Remark: c.Remark}
	}
	if a := r.Answer; a != nil {
		out.Answer = &referralv1.InstitutionAnswer{AnsweredOn: rpc.Date(a.On), Outcome: rpc.Enum[referralv1.AnswerOutcome](a.Outcome), Sender: rpc.StaffName(g, a.By.Staff)}
	}
}

func addressOut(a referral.Address) *familyv1.Address {
	return &familyv1.Address{Place: a.Place, Street: a.Street, PostalCode: a.PostalCode}
}

func membersOut(gmina string, members []referral.Member) []*familyv1.FamilyMember {
	out := make([]*familyv1.FamilyMember, 0, len(members))
	for _, m := range members {
		pb := &familyv1.FamilyMember{MemberId: m.ID, Role: rpc.Enum[familyv1.MemberRole](m.Role), GivenName: m.GivenName, FamilyName: m.FamilyName, BirthDate: rpc.Date(m.BornOn),
			ParentalAuthority: m.Authority, InCareSince: rpc.Date(m.InCareSince), Coordinator: rpc.PersonName(gmina, m.Coordinator)}
		if !m.Pesel.IsZero() {
			pb.Pesel = pesel.Masked
		}
		out = append(out, pb)
	}
	return out
}

func consentsOut(consents []referral.Consent) []*familyv1.Consent {
	out := make([]*familyv1.Consent, 0, len(consents))
	for _, c := range consents {
		out = append(out, &familyv1.Consent{MemberId: c.Member, Kind: familyv1.Consent_KIND_PARTICIPATION, Decision: rpc.Enum[familyv1.Consent_Decision](c.Decision),
			Signature: &familyv1.Signature{Signer: c.Member, SignedOn: rpc.Date(c.SignedOn), OriginalAt: c.OriginalAt, Refused: c.Unsigned}})
	}
	return out
}

func orderOut(o referral.Order) *familyv1.CourtOrder {
	return &familyv1.CourtOrder{OrderId: o.ID, Court: o.Court, CaseNumber: o.CaseNumber, OrderedOn: rpc.Date(o.OrderedOn), ValidUntil: rpc.Date(o.ValidUntil),
		ReportEveryMonths: int32(o.ReportEvery)}
}
