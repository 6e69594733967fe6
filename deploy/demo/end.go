package demo

import (
	"context"
	"strings"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/rpc"
)

// trouble is what comes between: a threat, a court that asks, a consent withdrawn, an assistant who leaves.
func (f *family) trouble() {
	if f.threat {
		on := f.workday(f.day0.AddDays(90))
		if on == f.env.Today {
			on = f.over(on)
		}
		f.then(on, "intervention", func(ctx context.Context) error { return f.intervene(ctx, on) })
	}
	switch {
	case f.opinion > 0:
		on := f.ago(8)
		f.then(on, "court asks", func(ctx context.Context) error {
			_, err := f.asked(ctx, on, f.env.Today.AddDays(f.opinion))
			return err
		})
	case f.opinion < 0:
		on := f.ago(-f.opinion)
		f.then(on, "opinion", func(ctx context.Context) error { return f.answerCourt(ctx, on) })
	}
	if f.stopped {
		on := f.ago(28)
		f.then(on, "withdrawal", func(ctx context.Context) error { return f.withdraw(ctx, on) })
	}
	if f.waiting > 0 {
		on := f.ago(f.waiting)
		f.then(on, "assistant leaves", func(ctx context.Context) error {
			return f.act(ctx, f.head(), func(ctx context.Context, tag, rid string) (*casefilev1.FamilyFile, error) {
				return f.files.UnassignAssistant(ctx, &casefilev1.UnassignAssistantRequest{Name: f.file, ToDate: rpc.Date(on), Reason: "Długa nieobecność asystenta.", Etag: tag, RequestId: rid})
			})
		})
	}
}

// act changes the file in the name of a person, with the file's etag of the moment.
func (f *family) act(ctx context.Context, by string, do func(ctx context.Context, tag, rid string) (*casefilev1.FamilyFile, error)) error {
	tag, err := f.fresh(ctx, by)
	if err != nil {
		return err
	}
	return f.filed(as(ctx, f, by, func(ctx context.Context, rid string) (*casefilev1.FamilyFile, error) { return do(ctx, tag, rid) }))
}

func (f *family) intervene(ctx context.Context, on calendar.Date) error {
	f.tag = ""
	_, err := as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*casefilev1.Intervention, error) {
		return f.cards.RecordIntervention(ctx, &casefilev1.RecordInterventionRequest{Parent: f.file, RequestId: rid, Intervention: &casefilev1.Intervention{
			IntervenedOn: rpc.Date(on), TimeOfDay: "18:40", Threat: casefilev1.ThreatKind_THREAT_KIND_CHILD_SAFETY, MemberIds: f.children(), Description: "Dzieci bez opieki osoby dorosłej; zawiadomiono Policję i pracownika socjalnego.",
			Actions:  []casefilev1.InterventionAction{casefilev1.InterventionAction_INTERVENTION_ACTION_INFORMED, casefilev1.InterventionAction_INTERVENTION_ACTION_SAFETY_TALK},
			Informed: []casefilev1.InformedParty{casefilev1.InformedParty_INFORMED_PARTY_POLICE, casefilev1.InformedParty_INFORMED_PARTY_SOCIAL_WORKER}}})
	})
	return err
}

func (f *family) asked(ctx context.Context, on, due calendar.Date) (*casefilev1.CourtMatter, error) {
	f.tag = ""
	return as(ctx, f, f.head(), func(ctx context.Context, rid string) (*casefilev1.CourtMatter, error) {
		return f.cards.RecordCourtRequest(ctx, &casefilev1.RecordCourtRequestRequest{Parent: f.file, OrderId: "p1", ReceivedOn: rpc.Date(on), DueDate: rpc.Date(due), Question: "Jak rodzina wykonuje zobowiązanie do pracy z asystentem?", RequestId: rid})
	})
}

func (f *family) answerCourt(ctx context.Context, on calendar.Date) error {
	m, err := f.asked(ctx, on, on.AddDays(14))
	if err != nil {
		return err
	}
	_, err = as(ctx, f, f.asst(), func(ctx context.Context, rid string) (*casefilev1.CourtMatter, error) {
		return f.cards.SendCourtOpinion(ctx, &casefilev1.SendCourtOpinionRequest{Name: m.GetName(), Etag: m.GetEtag(), SentOn: rpc.Date(on), Content: "Rodzina współpracuje, postępy są widoczne w opiece nad dziećmi.", CopyAt: "teczka AR, k. 22", RequestId: rid})
	})
	return err
}

// withdraw takes back the consent of every adult who gave it.
func (f *family) withdraw(ctx context.Context, on calendar.Date) error {
	for i, m := range f.adults() {
		if i > 0 && f.n%3 == 0 {
			continue // refused from the beginning
		}
		if err := f.act(ctx, f.worker(), func(ctx context.Context, tag, rid string) (*casefilev1.FamilyFile, error) {
			return f.files.RecordConsent(ctx, &casefilev1.RecordConsentRequest{Name: f.file, Etag: tag, RequestId: rid, Consent: &familyv1.Consent{MemberId: m,
				Kind: familyv1.Consent_KIND_COOPERATION, Decision: familyv1.Consent_DECISION_WITHDRAWN, Signature: &familyv1.Signature{SignedOn: rpc.Date(on)}}})
		}); err != nil {
			return err
		}
	}
	return nil
}

// end is the story of the end of the work (steps 19 to 21), and of its new beginning.
func (f *family) end() {
	if f.ended == 0 {
		return
	}
	on := f.ago(f.ended)
	if f.reason == casefilev1.ClosureReason_CLOSURE_REASON_LACK_OF_COOPERATION {
		early := f.ago(f.ended + 6)
		f.then(early, "joint decision", func(ctx context.Context) error { return f.decideTogether(ctx, early) })
	}
	f.then(on, "closure", func(ctx context.Context) error { return f.close(ctx, on) })
	for i, month := range []int{1, 3, 6, 12} {
		if i < f.watched {
			f.monitor(int32(month), f.workday(on.AddMonths(month)))
		}
	}
	if f.quit {
		f.then(f.workday(on.AddDays(25)), "end of monitoring", func(ctx context.Context) error {
			return f.act(ctx, f.head(), func(ctx context.Context, tag, rid string) (*casefilev1.FamilyFile, error) {
				return f.files.EndMonitoring(ctx, &casefilev1.EndMonitoringRequest{Name: f.file, Reason: "Rodzina nie mieszka już w gminie.", Etag: tag, RequestId: rid})
			})
		})
	}
	if f.again {
		f.beginAgain()
	}
}

func (f *family) decideTogether(ctx context.Context, on calendar.Date) error {
	if err := f.act(ctx, f.asst(), func(ctx context.Context, tag, rid string) (*casefilev1.FamilyFile, error) {
		return f.files.ProposeDecision(ctx, &casefilev1.ProposeDecisionRequest{Name: f.file, Obstacle: "Rodzina odwołuje spotkania i nie realizuje ustaleń.", Decision: casefilev1.DecisionCode_DECISION_CODE_END_EARLY, ProposedOn: rpc.Date(on), Etag: tag, RequestId: rid})
	}); err != nil {
		return err
	}
	return f.act(ctx, f.head(), func(ctx context.Context, tag, rid string) (*casefilev1.FamilyFile, error) {
		return f.files.ConfirmDecision(ctx, &casefilev1.ConfirmDecisionRequest{Name: f.file, Decision: casefilev1.DecisionCode_DECISION_CODE_END_EARLY, DecidedOn: rpc.Date(on), Etag: tag, RequestId: rid})
	})
}

func (f *family) close(ctx context.Context, on calendar.Date) error {
	code := strings.TrimPrefix(f.reason.String(), "CLOSURE_REASON_")
	c := &casefilev1.Closure{ClosedOn: rpc.Date(on), Reason: f.reason, FinalAssessment: final[code]}
	if f.reason == casefilev1.ClosureReason_CLOSURE_REASON_OTHER {
		c.ReasonText = "Rodzina objęta programem wsparcia Fundacji."
	}
	if err := f.act(ctx, f.asst(), func(ctx context.Context, tag, rid string) (*casefilev1.FamilyFile, error) {
		return f.files.ProposeClosure(ctx, &casefilev1.ProposeClosureRequest{Name: f.file, Closure: c, Etag: tag, RequestId: rid})
	}); err != nil {
		return err
	}
	return f.act(ctx, f.head(), func(ctx context.Context, tag, rid string) (*casefilev1.FamilyFile, error) {
		return f.files.CloseFamilyFile(ctx, &casefilev1.CloseFamilyFileRequest{Name: f.file, Etag: tag, RequestId: rid})
	})
}

func (f *family) monitor(month int32, on calendar.Date) {
	f.then(on, "monitoring", func(ctx context.Context) error {
		return f.act(ctx, f.asst(), func(ctx context.Context, tag, rid string) (*casefilev1.FamilyFile, error) {
			return f.files.RecordMonitoring(ctx, &casefilev1.RecordMonitoringRequest{Name: f.file, Month: month, MonitoredOn: rpc.Date(on), Note: pick(f.rand, monitored), HelpNeeded: f.again && month == 6, Etag: tag, RequestId: rid})
		})
	})
}

// beginAgain is the way back from step 21 to step 1: another spell of the same file.
func (f *family) beginAgain() {
	on, meeting := f.ago(84), f.ago(70)
	f.then(on, "new beginning", func(ctx context.Context) error {
		given := f.says("m", true, on)
		given.Kind = familyv1.Consent_KIND_PARTICIPATION
		return f.act(ctx, f.head(), func(ctx context.Context, tag, rid string) (*casefilev1.FamilyFile, error) {
			return f.files.ReopenFamilyFile(ctx, &casefilev1.ReopenFamilyFileRequest{Name: f.file, Source: own, Basis: familyv1.Basis_BASIS_CONSENT, Reason: "Po utracie pracy wróciły zaległości i konflikty.", OpenedOn: rpc.Date(on),
				Consents: []*familyv1.Consent{given}, Assistant: f.helperName(), Etag: tag, RequestId: rid})
		})
	})
	f.then(f.ago(78), "documentation again", func(ctx context.Context) error { return f.read(ctx, f.ago(78)) })
	f.then(meeting, "joint visit again", func(ctx context.Context) error {
		f.day0 = meeting
		return f.meet(ctx)
	})
	f.visits(meeting, f.env.Today)
}
