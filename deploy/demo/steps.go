package demo

import (
	"context"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/rpc"
)

func (f *family) ask(ctx context.Context, on calendar.Date) error {
	return f.keep(as(ctx, f, f.worker(), func(ctx context.Context, rid string) (*referralv1.Referral, error) {
		return f.referrals.RequestAssistant(ctx, &referralv1.RequestAssistantRequest{Name: f.referral, RequestedOn: rpc.Date(on), Etag: f.referralTag, RequestId: rid})
	}))
}

func (f *family) opine(ctx context.Context, on calendar.Date) error {
	return f.keep(as(ctx, f, f.g.decider(), func(ctx context.Context, rid string) (*referralv1.Referral, error) {
		return f.referrals.GiveOpinion(ctx, &referralv1.GiveOpinionRequest{Name: f.referral, GivenOn: rpc.Date(on), Favourable: f.verdict == approved || f.source == court,
			Text: "Opinia zgodna z wywiadem.", Etag: f.referralTag, RequestId: rid})
	}))
}

// decide approves the request and assigns the assistant, or ends the referral in another way.
func (f *family) decide(ctx context.Context, on calendar.Date) error {
	by := f.g.decider()
	if f.verdict == notNeeded || f.verdict == notInterested {
		by = f.worker()
	}
	return f.keep(as(ctx, f, by, func(ctx context.Context, rid string) (*referralv1.Referral, error) {
		day := rpc.Date(on)
		switch f.verdict {
		case returned:
			return f.referrals.ReturnReferral(ctx, &referralv1.ReturnReferralRequest{Name: f.referral, DecidedOn: day, Reasons: "Proszę uzupełnić wywiad o sytuację mieszkaniową.", Etag: f.referralTag, RequestId: rid})
		case refused:
			return f.referrals.RefuseReferral(ctx, &referralv1.RefuseReferralRequest{Name: f.referral, DecidedOn: day, Reasons: "Rodzina jest objęta terapią rodzinną w poradni; asysta nie jest teraz potrzebna.", Etag: f.referralTag, RequestId: rid})
		case notNeeded:
			return f.referrals.CloseReferral(ctx, &referralv1.CloseReferralRequest{Name: f.referral, ClosedOn: day, Reason: referralv1.ReferralClosureReason_REFERRAL_CLOSURE_REASON_NOT_NEEDED, Etag: f.referralTag, RequestId: rid})
		case notInterested:
			return f.referrals.CloseReferral(ctx, &referralv1.CloseReferralRequest{Name: f.referral, ClosedOn: day, Reason: referralv1.ReferralClosureReason_REFERRAL_CLOSURE_REASON_NOT_INTERESTED, Etag: f.referralTag, RequestId: rid})
		}
		return f.referrals.ApproveReferral(ctx, &referralv1.ApproveReferralRequest{Name: f.referral, DecidedOn: day, Assistant: f.helperName(), DuplicatesReviewed: true, Etag: f.referralTag, RequestId: rid})
	}))
}

func (f *family) helperName() string {
	if f.helper < 0 {
		return ""
	}
	return f.g.helpers[f.helper]
}

func (f *family) answer(ctx context.Context, on calendar.Date) error {
	outcome := referralv1.AnswerOutcome_ANSWER_OUTCOME_GRANTED
	if f.verdict != approved {
		outcome = referralv1.AnswerOutcome_ANSWER_OUTCOME_NOT_GRANTED
	}
	if f.verdict == returned {
		return nil
	}
	return f.keep(as(ctx, f, f.worker(), func(ctx context.Context, rid string) (*referralv1.Referral, error) {
		return f.referrals.AnswerInstitution(ctx, &referralv1.AnswerInstitutionRequest{Name: f.referral, AnsweredOn: rpc.Date(on), Outcome: outcome, Etag: f.referralTag, RequestId: rid})
	}))
}

// read is step 8.
func (f *family) read(ctx context.Context, on calendar.Date) error {
	tag, err := f.fresh(ctx, f.asst())
	if err != nil {
		return err
	}
	if err := f.filed(as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*casefilev1.FamilyFile, error) {
		return f.files.RecordDocumentationRead(ctx, &casefilev1.RecordDocumentationReadRequest{Name: f.file, ReadOn: rpc.Date(on), Etag: tag, RequestId: rid})
	})); err != nil {
		return err
	}
	return f.filed(as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*casefilev1.FamilyFile, error) {
		return f.files.AgreeJointVisit(ctx, &casefilev1.AgreeJointVisitRequest{Name: f.file, VisitDate: rpc.Date(on.AddDays(6)), Etag: f.tag, RequestId: rid})
	}))
}

// meet is step 9: with it the cooperation begins.
func (f *family) meet(ctx context.Context) error {
	tag, err := f.fresh(ctx, f.asst())
	if err != nil {
		return err
	}
	on := f.day0
	req := &casefilev1.RecordJointVisitRequest{Name: f.file, Etag: tag, Visit: &casefilev1.JointVisit{VisitedOn: rpc.Date(on), SocialWorker: f.g.workers[f.area], RulesDiscussed: true, Note: pick(f.rand, scopes)}}
	for i, m := range f.adults() {
		req.Visit.MemberIds = append(req.Visit.MemberIds, m)
		req.Consents = append(req.Consents, f.says(m, i == 0 && f.source != court || i == 1 && f.n%3 != 0 && f.source != court, on))
	}
	return f.filed(as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*casefilev1.FamilyFile, error) {
		req.RequestId = rid
		return f.files.RecordJointVisit(ctx, req)
	}))
}

// takeOver is the story of a case that was worked with on paper: it is taken over a year before today at most.
func (f *family) takeOver() {
	opened := f.ago(f.began)
	f.day0 = f.workday(opened.AddDays(21))
	taken := f.ago(f.began - 260)
	f.then(taken, "paper case", func(ctx context.Context) error {
		req := &casefilev1.TakeOverPaperCaseRequest{Parent: f.g.name(), Members: f.members, Address: f.address, Basis: familyv1.Basis_BASIS_CONSENT, ClientKind: f.kind,
			SocialWorker: f.g.workers[f.area], Area: areaID(f.area), ContractedBody: f.g.institution, Assistant: f.helperName(), Difficulty: f.weight, OpenedOn: rpc.Date(opened),
			CooperationStartDate: rpc.Date(f.day0), PlanAdoptedOn: rpc.Date(f.day0.AddDays(50)), VisitsCount: 41, LastVisitOn: rpc.Date(taken.AddDays(-6)), PaperReference: "AR/3, szafa 2",
			Assessments: []*casefilev1.PastAssessment{{PresentedOn: rpc.Date(f.day0.AddMonths(6).AddDays(-4)), ReceivedOn: rpc.Date(f.day0.AddMonths(6).AddDays(-2))}}}
		for i, m := range f.adults() {
			one, two := f.says(m, i == 0, opened), f.says(m, i == 0, f.day0)
			one.Kind, two.Kind = familyv1.Consent_KIND_PARTICIPATION, familyv1.Consent_KIND_COOPERATION
			req.Consents = append(req.Consents, one, two)
		}
		return f.filed(as(ctx, f, f.head(), func(ctx context.Context, rid string) (*casefilev1.FamilyFile, error) {
			req.RequestId = rid
			return f.files.TakeOverPaperCase(ctx, req)
		}))
	})
}

// areaID is the id that the loader gives the areas of a gmina's settings.
func areaID(i int) string { return []string{"rejon-1", "rejon-2"}[i] }
