package server

import (
	"strings"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/familyfile"
	"asysta.example/services/referral"
)

// The core spells its codes as the contract's enums without their prefix, so that one rule converts all of them; a test goes through every value.
const (
	prefixState     = "REFERRAL_STATE_"
	prefixSource    = "SOURCE_"
	prefixBasis     = "BASIS_"
	prefixKind      = "CLIENT_KIND_"
	prefixRole      = "MEMBER_ROLE_"
	prefixDecision  = "DECISION_"
	prefixAddressee = "ADDRESSEE_KIND_"
	prefixClosure   = "REFERRAL_CLOSURE_REASON_"
	prefixOutcome   = "ANSWER_OUTCOME_"
	prefixMatch     = "DUPLICATE_MATCH_"
	unspecified     = "UNSPECIFIED"
)

// code is the core's spelling of an enum value; "" where nothing is said.
func code(value interface{ String() string }, prefix string) string {
	s := strings.TrimPrefix(value.String(), prefix)
	if s == unspecified {
		return ""
	}
	return s
}

func stateEnum(s referral.State) referralv1.ReferralState {
	return referralv1.ReferralState(referralv1.ReferralState_value[prefixState+string(s)])
}

func sourceEnum(s familyfile.Source) familyv1.Source {
	return familyv1.Source(familyv1.Source_value[prefixSource+string(s)])
}

func basisEnum(b familyfile.Basis) familyv1.Basis {
	return familyv1.Basis(familyv1.Basis_value[prefixBasis+string(b)])
}

func kindEnum(kind string) familyv1.ClientKind {
	return familyv1.ClientKind(familyv1.ClientKind_value[prefixKind+kind])
}

func roleEnum(role string) familyv1.MemberRole {
	return familyv1.MemberRole(familyv1.MemberRole_value[prefixRole+role])
}

func decisionEnum(d referral.ConsentDecision) familyv1.Consent_Decision {
	return familyv1.Consent_Decision(familyv1.Consent_Decision_value[prefixDecision+string(d)])
}

func addresseeEnum(a referral.Addressee) referralv1.AddresseeKind {
	return referralv1.AddresseeKind(referralv1.AddresseeKind_value[prefixAddressee+string(a)])
}

func closureEnum(r referral.ClosureReason) referralv1.ReferralClosureReason {
	return referralv1.ReferralClosureReason(referralv1.ReferralClosureReason_value[prefixClosure+string(r)])
}

func outcomeEnum(o referral.Outcome) referralv1.AnswerOutcome {
	return referralv1.AnswerOutcome(referralv1.AnswerOutcome_value[prefixOutcome+string(o)])
}

func matchEnum(m referral.Match) referralv1.DuplicateMatch {
	return referralv1.DuplicateMatch(referralv1.DuplicateMatch_value[prefixMatch+string(m)])
}
