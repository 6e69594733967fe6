package server

import (
	"strings"
	"testing"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/familyfile"
	"asysta.example/internal/rpc"
	"asysta.example/services/referral"
)

// TestEnums: what the core may say and what the contract may say are the same words.
func TestEnums(t *testing.T) {
	states := map[string]bool{}
	for _, s := range referral.States {
		states[string(s)] = rpc.Enum[referralv1.ReferralState](s) != 0
	}
	for _, tc := range []struct {
		prefix string
		values map[string]int32
		known  map[string]bool
	}{
		{"REFERRAL_STATE_", referralv1.ReferralState_value, states},
		{"SOURCE_", familyv1.Source_value, map[string]bool{string(familyfile.SourceOwnDiagnosis): true, string(familyfile.SourceInstitution): true, string(familyfile.SourceCourtOrder): true,
			string(familyfile.SourceFamily): true, string(familyfile.SourceZaZyciem): true, string(familyfile.SourceTakenOver): true}},
		{"BASIS_", familyv1.Basis_value, map[string]bool{string(familyfile.BasisConsent): true, string(familyfile.BasisCourtOrder): true}},
		{"CLIENT_KIND_", familyv1.ClientKind_value, map[string]bool{referral.KindFamily: true, referral.KindKinship: true, referral.KindCareLeaver: true, referral.KindZaZyciem: true}},
		{"MEMBER_ROLE_", familyv1.MemberRole_value, map[string]bool{referral.Mother: true, referral.Father: true, referral.Partner: true, referral.Guardian: true, referral.Child: true, referral.OtherAdult: true}},
		{"DECISION_", familyv1.Consent_Decision_value, map[string]bool{string(referral.Given): true, string(referral.Declined): true, string(referral.Withdrawn): true}},
		{"ADDRESSEE_KIND_", referralv1.AddresseeKind_value, map[string]bool{string(referral.CentreHead): true, string(referral.GminaUnit): true, string(referral.ContractedBody): true}},
		{"REFERRAL_CLOSURE_REASON_", referralv1.ReferralClosureReason_value, map[string]bool{string(referral.NotNeeded): true, string(referral.NotInterested): true, string(referral.WithdrawnBySource): true, string(referral.AlreadyServed): true}},
		{"ANSWER_OUTCOME_", referralv1.AnswerOutcome_value, map[string]bool{string(referral.Granted): true, string(referral.NotGranted): true, string(referral.HandledOtherwise): true}},
		{"DUPLICATE_MATCH_", referralv1.DuplicateMatch_value, map[string]bool{string(referral.MatchPesel): true, string(referral.MatchAddress): true}},
	} {
		if len(tc.values) != len(tc.known)+1 {
			t.Errorf("%s: the contract has %d values, the core %d", tc.prefix, len(tc.values)-1, len(tc.known))
		}
		for value := range tc.values {
			if word := strings.TrimPrefix(value, tc.prefix); word != "UNSPECIFIED" && !tc.known[word] {
				t.Errorf("%s is not a word of the core", value)
			}
		}
	}
	if rpc.Word[string](familyv1.Source_SOURCE_UNSPECIFIED) != "" || rpc.Word[string](referralv1.AnswerOutcome_ANSWER_OUTCOME_GRANTED) != "GRANTED" {
		t.Error("codes are not the enums without prefix")
	}
}
