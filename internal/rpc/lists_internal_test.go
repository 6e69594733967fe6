package rpc

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/fault"
)

// TestListsThatAreTooLongAreTheOnlyFault: nothing else is asked of a request whose lists are too long, so that the work and the answer stay small whatever is sent.
func TestListsThatAreTooLongAreTheOnlyFault(t *testing.T) {
	v, err := newValidator()
	if err != nil {
		t.Fatal(err)
	}
	members := func(n int) []*familyv1.FamilyMember {
		out := make([]*familyv1.FamilyMember, n)
		for i := range out {
			out[i] = &familyv1.FamilyMember{}
		}
		return out
	}
	var changes []*casefilev1.MemberChange
	for range 100 {
		changes = append(changes, &casefilev1.MemberChange{Change: &casefilev1.MemberChange_Add{Add: &familyv1.FamilyMember{}}})
	}
	huge := &referralv1.CreateReferralRequest{Referral: &referralv1.Referral{Members: members(300_000), LockedOut: make([]string, 21)}}
	f, ok := fault.As(v.check(huge))
	want := map[string]string{"referral.members": "za dużo pozycji: najwyżej 30.", "referral.locked_out": "za dużo pozycji: najwyżej 20."}
	if !ok || len(f.Fields) != len(want) {
		t.Fatalf("%v", f)
	}
	for _, one := range f.Fields {
		if want[one.Path] != one.Polish {
			t.Errorf("%s: %s", one.Path, one.Polish)
		}
	}
	// A list that only answers fill, and the paths of a mask, have a bound too.
	f, _ = fault.As(v.check(&casefilev1.UpdateFamilyFileRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: make([]string, anyList+1)}, FamilyFile: &casefilev1.FamilyFile{AllowedActions: make([]string, anyList+1)}}))
	if f == nil || len(f.Fields) != 2 {
		t.Errorf("%v", f)
	}
	// So are many lists that are each a little too long.
	var diagnoses []*planningv1.Diagnosis
	for range 200 {
		diagnoses = append(diagnoses, &planningv1.Diagnosis{Expectations: make([]*planningv1.Expectation, 40)})
		for i := range 40 {
			diagnoses[len(diagnoses)-1].Expectations[i] = &planningv1.Expectation{}
		}
	}
	f, _ = fault.As(v.check(&planningv1.UpdatePlanRequest{Plan: &planningv1.Plan{Content: &planningv1.PlanContent{Diagnosis: diagnoses}}}))
	if f == nil || len(f.Fields) != 1 || f.Fields[0].Path != "plan.content.diagnosis" {
		t.Errorf("%v", f)
	}
	// Where it is only a little, every rule is asked, so that all can be put right at once.
	f, _ = fault.As(v.check(&referralv1.CreateReferralRequest{Referral: &referralv1.Referral{Members: members(31)}, RequestId: "x"}))
	if f == nil || len(f.Fields) < 3 {
		t.Errorf("%v", f)
	}
	// And so many violations are told.
	f, _ = fault.As(v.check(&casefilev1.UpdateMembersRequest{Changes: changes}))
	if f == nil || len(f.Fields) != toldRules || strings.Contains(f.Fields[0].Polish, "za dużo") {
		t.Errorf("%v", f)
	}
}
