package server_test

import (
	"testing"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/fault"
)

func (w *world) create(who string, r *referralv1.Referral) *referralv1.Referral {
	w.t.Helper()
	out, err := w.client.CreateReferral(w.As(who), &referralv1.CreateReferralRequest{Parent: "gminas/" + gmina, Referral: r, RequestId: w.RequestID()})
	must(w.t, err)
	return out
}

func (w *world) interview(who string, r *referralv1.Referral) *referralv1.Referral {
	w.t.Helper()
	out, err := w.client.RecordInterview(w.As(who), &referralv1.RecordInterviewRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), HeldOn: on("2026-03-10")})
	must(w.t, err)
	return out
}

func (w *world) analyse(who string, r *referralv1.Referral) *referralv1.Referral {
	w.t.Helper()
	out, err := w.client.RecordAnalysis(w.As(who), &referralv1.RecordAnalysisRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), AnalysedOn: on("2026-03-11"),
		AssistantNeeded: true, FamilyInterested: true, Reasons: "potrzebne wsparcie", Difficulty: 2})
	must(w.t, err)
	return out
}

func (w *world) consent(who string, r *referralv1.Referral, d familyv1.Consent_Decision) *referralv1.Referral {
	w.t.Helper()
	out, err := w.client.RecordConsent(w.As(who), &referralv1.RecordConsentRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), OfferPresentedOn: on("2026-03-12"),
		Consents: []*familyv1.Consent{{MemberId: "m1", Decision: d, Signature: &familyv1.Signature{SignedOn: on("2026-03-12"), OriginalAt: "teczka AR/1"}}}})
	must(w.t, err)
	return out
}

func (w *world) request(who string, r *referralv1.Referral) *referralv1.Referral {
	w.t.Helper()
	out, err := w.client.RequestAssistant(w.As(who), &referralv1.RequestAssistantRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), RequestedOn: on("2026-03-13")})
	must(w.t, err)
	return out
}

func (w *world) opine(who string, r *referralv1.Referral) *referralv1.Referral {
	w.t.Helper()
	out, err := w.client.GiveOpinion(w.As(who), &referralv1.GiveOpinionRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), GivenOn: on("2026-03-16"), Favourable: true})
	must(w.t, err)
	return out
}

// asked takes a family to the opinion of step 6, in the area of a social worker.
func (w *world) asked(who string, r *referralv1.Referral) *referralv1.Referral {
	w.t.Helper()
	out := w.analyse(who, w.interview(who, w.create(who, r)))
	if len(r.GetCourtOrders()) == 0 {
		out = w.consent(who, out, familyv1.Consent_DECISION_GIVEN)
	}
	return w.request(who, out)
}

func approval(w *world, r *referralv1.Referral) *referralv1.ApproveReferralRequest {
	return &referralv1.ApproveReferralRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), Assistant: asa, DuplicatesReviewed: true}
}

func wantReason(t *testing.T, err error, reason string) fault.Error {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Reason != reason {
		t.Fatalf("got %v, want reason %s", err, reason)
	}
	return *f
}
