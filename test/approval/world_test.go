package approval_test

import (
	"testing"
	"time"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/directory"
	"asysta.example/internal/testkit/office"
	"asysta.example/services/casefile/caseload/keeper"
	casefile "asysta.example/services/casefile/server"
	"asysta.example/services/referral/server"
)

const (
	county    = office.County
	gmina     = office.Gmina
	parent    = "gminas/" + gmina
	assistant = parent + "/staff/as-1"
)

var (
	must = office.Must
	day  = office.Day
)

// world is a county with both services on one store, each behind its own server.
type world struct {
	*office.Office
	t         *testing.T
	keeper    *keeper.Keeper
	service   *server.Server
	referrals referralv1.ReferralServiceClient
	casefiles casefilev1.CasefileServiceClient
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Office: office.New(t, office.At(time.Date(2026, 3, 31, 10, 0, 0, 0, time.UTC))), t: t}
	w.keeper = keeper.New(w.Deps.Store, w.Now)
	casework := w.Serve(casefile.New(w.Deps, w.Deps.Vault, w.keeper))
	w.service = server.New(w.Deps, casefilev1.NewCaseworkInternalServiceClient(casework))
	w.casefiles = casefilev1.NewCasefileServiceClient(casework)
	w.referrals = referralv1.NewReferralServiceClient(w.Serve(w.service))
	for staff, role := range map[string]access.Role{"sw-1": access.SocialWorker, "sw-2": access.SocialWorker, "head": access.Head, "as-1": access.Assistant} {
		w.Employ(gmina, staff, role)
	}
	w.Settle(gmina, directory.Settings{Areas: []directory.Area{
		{ID: "a1", SocialWorker: "sw-1", Places: []string{"Radziłów"}}, {ID: "a2", SocialWorker: "sw-2", Places: []string{"Słucz"}}}})
	return w
}

// asked takes a family to the opinion of step 6.
func (w *world) asked(surname string, ordered bool) *referralv1.Referral {
	w.t.Helper()
	in := &referralv1.Referral{ReceivedOn: day("2026-03-02"), Source: familyv1.Source_SOURCE_OWN_DIAGNOSIS, DescribedReason: "trudności w opiece",
		Members: []*familyv1.FamilyMember{{Role: familyv1.MemberRole_MEMBER_ROLE_MOTHER, GivenName: "Anna", FamilyName: surname, ParentalAuthority: true},
			{Role: familyv1.MemberRole_MEMBER_ROLE_CHILD, GivenName: "Ola", FamilyName: surname, BirthDate: day("2020-01-31")}},
		Address: &familyv1.Address{Place: "Radziłów", Street: "ul. Polna 4/2"}}
	if ordered {
		in.Source = familyv1.Source_SOURCE_COURT_ORDER
		in.CourtOrders = []*familyv1.CourtOrder{{Court: "Sąd Rejonowy", CaseNumber: "III Nsm 1/26", OrderedOn: day("2026-02-20")}}
	}
	sw, c := w.As("sw-1"), w.referrals
	r, err := c.CreateReferral(sw, &referralv1.CreateReferralRequest{Parent: parent, Referral: in, RequestId: w.RequestID()})
	must(w.t, err)
	r, err = c.RecordInterview(sw, &referralv1.RecordInterviewRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), HeldOn: day("2026-03-10")})
	must(w.t, err)
	r, err = c.RecordAnalysis(sw, &referralv1.RecordAnalysisRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), AnalysedOn: day("2026-03-11"),
		AssistantNeeded: true, FamilyInterested: true, Reasons: "potrzebne wsparcie", Difficulty: 2})
	must(w.t, err)
	if !ordered {
		r, err = c.RecordConsent(sw, &referralv1.RecordConsentRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), OfferPresentedOn: day("2026-03-12"),
			Consents: []*familyv1.Consent{{MemberId: "m1", Decision: familyv1.Consent_DECISION_GIVEN, Signature: &familyv1.Signature{SignedOn: day("2026-03-12")}}}})
		must(w.t, err)
	}
	r, err = c.RequestAssistant(sw, &referralv1.RequestAssistantRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), RequestedOn: day("2026-03-13")})
	must(w.t, err)
	r, err = c.GiveOpinion(w.As("head"), &referralv1.GiveOpinionRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), GivenOn: day("2026-03-16"), Favourable: true})
	must(w.t, err)
	return r
}

func (w *world) approval(r *referralv1.Referral, assistant string) *referralv1.ApproveReferralRequest {
	return &referralv1.ApproveReferralRequest{Name: r.GetName(), Etag: r.GetEtag(), RequestId: w.RequestID(), Assistant: assistant}
}

func (w *world) state(r *referralv1.Referral) referralv1.ReferralState {
	w.t.Helper()
	out, err := w.referrals.GetReferral(w.As("head"), &referralv1.GetReferralRequest{Name: r.GetName()})
	must(w.t, err)
	return out.GetState()
}

// files are the family files of the gmina that were opened.
func (w *world) files() []*casefilev1.FamilyFileSummary {
	w.t.Helper()
	out, err := w.casefiles.ListFamilyFiles(w.As("head"), &casefilev1.ListFamilyFilesRequest{Parent: parent, PageSize: 100})
	must(w.t, err)
	return out.GetFamilyFiles()
}
