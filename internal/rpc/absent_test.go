package rpc_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	_ "asysta.example/proto/gen/asysta/casefile/v1"  // linked, so that its methods are seen
	_ "asysta.example/proto/gen/asysta/directory/v1" // linked, so that its methods are seen
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"
	_ "asysta.example/proto/gen/asysta/reporting/v1" // linked, so that its methods are seen

	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
	"asysta.example/internal/testkit/contract"
)

// Every method that names a resource of its own has a sentence for its absence that speaks of that resource and of no other.
func TestAbsenceSpeaksOfWhatIsNamed(t *testing.T) {
	methods, err := contract.Methods()
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{
		"gminas/*": "takiej gminy", "powiaty/*": "takiego powiatu", "gminas/*/staff/*": "takiego pracownika", "gminas/*/institutions/*": "takiej instytucji",
		"gminas/*/referrals/*": "takiego zgłoszenia", "gminas/*/familyFiles/*": "takiej teczki rodziny", "gminas/*/familyFiles/*/visits/*": "takiej wizyty",
		"gminas/*/familyFiles/*/courtMatters/*": "takiej sprawy sądowej", "gminas/*/familyFiles/*/plans/*": "takiego planu pracy z rodziną",
		"gminas/*/familyFiles/*/assessments/*": "takiej oceny okresowej", "powiaty/*/people/*": "takiej osoby", "powiaty/*/childPlans/*": "takiego planu pomocy dziecku",
	}
	for _, m := range methods {
		if m.Pattern == "" {
			continue
		}
		said := rpc.AbsenceOf(m.MethodDescriptor, named(m.Pattern))
		want := "Nie ma " + words[m.Pattern]
		if (m.Pattern == "gminas/*" || m.Pattern == "powiaty/*") && !strings.HasSuffix(m.Permission.GetResource(), "name") {
			want = ""
		}
		if !strings.HasPrefix(said, want) || (want == "") != (said == "") || strings.Contains(said, "dziecka") != (want != "" && asksForChild(m)) {
			t.Errorf("%s: %q, want %q", m.FullName(), said, want)
		}
	}
}

func asksForChild(m *contract.Method) bool {
	f := m.Input().Fields().ByName("child")
	return f != nil && f.Kind() == protoreflect.StringKind && m.Pattern == "gminas/*/familyFiles/*"
}

// named is a name of a pattern.
func named(pattern string) string {
	s := strings.NewReplacer("gminas/*", "gminas/"+gmina, "powiaty/*", "powiaty/"+county).Replace(pattern)
	return strings.ReplaceAll(s, "*", "01a")
}

// What another service did not find is told in the words of what was asked here.
func TestAbsenceOfAPeerIsToldAsTheCallersOwn(t *testing.T) {
	w := newWorld(t)
	w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		return nil, &fault.Error{Kind: fault.KindNotFound, Reason: "NOT_FOUND", Polish: "Nie ma takiej teczki rodziny w tej gminie."}
	}
	_, err := client(w).GetReferral(w.as("head"), &referralv1.GetReferralRequest{Name: ref(gmina, "r1")})
	if f, ok := fault.As(rpc.FaultFrom(err)); !ok || !strings.HasPrefix(f.Polish, "Nie ma takiego zgłoszenia ") {
		t.Error(f, err)
	}
	if _, err := planningv1.NewCoordinationServiceClient(w.conn).GetFileSlice(w.as("head"), &planningv1.GetFileSliceRequest{Name: "gminas/" + gmina + "/familyFiles/01a"}); !fault.IsReason(rpc.FaultFrom(err), "DENIED") {
		t.Errorf("who is refused is told %v", err)
	}
}
