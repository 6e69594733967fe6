package server

import (
	"strings"
	"testing"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/familyfile"
	"asysta.example/services/referral"
)

// TestEnums: what the core may say and what the contract may say are the same words.
func TestEnums(t *testing.T) {
	states := map[string]bool{}
	for _, s := range referral.States {
		states[string(s)] = stateEnum(s) != 0
	}
	for _, tc := range []struct {
		prefix string
		values map[string]int32
		known  map[string]bool
	}{
		{prefixState, referralv1.ReferralState_value, states},
		{prefixSource, familyv1.Source_value, map[string]bool{string(familyfile.SourceOwnDiagnosis): true, string(familyfile.SourceInstitution): true, string(familyfile.SourceCourtOrder): true,
			string(familyfile.SourceFamily): true, string(familyfile.SourceZaZyciem): true, string(familyfile.SourceTakenOver): true}},
		{prefixBasis, familyv1.Basis_value, map[string]bool{string(familyfile.BasisConsent): true, string(familyfile.BasisCourtOrder): true}},
		{prefixKind, familyv1.ClientKind_value, map[string]bool{referral.KindFamily: true, referral.KindKinship: true, referral.KindCareLeaver: true, referral.KindZaZyciem: true}},
		{prefixRole, familyv1.MemberRole_value, map[string]bool{referral.Mother: true, referral.Father: true, referral.Partner: true, referral.Guardian: true, referral.Child: true, referral.OtherAdult: true}},
		{prefixDecision, familyv1.Consent_Decision_value, map[string]bool{string(referral.Given): true, string(referral.Declined): true, string(referral.Withdrawn): true}},
		{prefixAddressee, referralv1.AddresseeKind_value, map[string]bool{string(referral.CentreHead): true, string(referral.GminaUnit): true, string(referral.ContractedBody): true}},
		{prefixClosure, referralv1.ReferralClosureReason_value, map[string]bool{string(referral.NotNeeded): true, string(referral.NotInterested): true, string(referral.WithdrawnBySource): true, string(referral.AlreadyServed): true}},
		{prefixOutcome, referralv1.AnswerOutcome_value, map[string]bool{string(referral.Granted): true, string(referral.NotGranted): true, string(referral.HandledOtherwise): true}},
		{prefixMatch, referralv1.DuplicateMatch_value, map[string]bool{string(referral.MatchPesel): true, string(referral.MatchAddress): true}},
	} {
		if len(tc.values) != len(tc.known)+1 {
			t.Errorf("%s: the contract has %d values, the core %d", tc.prefix, len(tc.values)-1, len(tc.known))
		}
		for value := range tc.values {
			if word := strings.TrimPrefix(value, tc.prefix); word != unspecified && !tc.known[word] {
				t.Errorf("%s is not a word of the core", value)
			}
		}
	}
	if code(familyv1.Source_SOURCE_UNSPECIFIED, prefixSource) != "" || code(referralv1.AnswerOutcome_ANSWER_OUTCOME_GRANTED, prefixOutcome) != "GRANTED" {
		t.Error("codes are not the enums without prefix")
	}
}
