package rpc_test

import (
	"testing"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"

	"asysta.example/internal/rpc"
)

func TestWords(t *testing.T) {
	for word, value := range map[string]familyv1.Consent_Kind{"": 0, "PARTICIPATION": familyv1.Consent_KIND_PARTICIPATION, "COOPERATION": familyv1.Consent_KIND_COOPERATION} {
		if got := rpc.Word[string](value); got != word {
			t.Errorf("%s reads %q, want %q", value, got, word)
		}
		if got := rpc.Enum[familyv1.Consent_Kind](word); got != value {
			t.Errorf("%q is written %s, want %s", word, got, value)
		}
	}
	if got := rpc.Word[string](casefilev1.VisitKind(99)); got != "99" {
		t.Errorf("a number of another contract reads %q", got)
	}
	for _, word := range []string{"UNSPECIFIED", "VISIT_KIND_MEETING", "nothing"} {
		if got := rpc.Enum[casefilev1.VisitKind](word); got != 0 {
			t.Errorf("%q is written %s", word, got)
		}
	}
}
