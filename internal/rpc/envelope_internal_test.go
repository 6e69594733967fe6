package rpc

import (
	"strings"
	"testing"

	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/fault"
)

// TestARequestIDHasAForm reads the envelope of requests whose message no rule of the contract has looked at.
func TestARequestIDHasAForm(t *testing.T) {
	policies, err := policiesOf(referralv1.ReferralService_ServiceDesc.ServiceName)
	if err != nil {
		t.Fatal(err)
	}
	p := policies[referralv1.ReferralService_CreateReferral_FullMethodName]
	for id, good := range map[string]bool{
		"12345678": true, "a-Z-0123": true, strings.Repeat("a", 64): true,
		"": false, "1234567": false, strings.Repeat("a", 65): false, "1234 5678": false, "ąęśćżźół": false, "12345678\n": false,
	} {
		_, err := callOf(p, &referralv1.CreateReferralRequest{RequestId: id}, func([]byte) []byte { return nil })
		if f, refused := fault.As(err); (err == nil) != good || (!good && (!refused || f.Kind != fault.KindInvalid)) {
			t.Errorf("request id of %d bytes: %v", len(id), err)
		}
	}
}
