package rpc

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

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

// The hash of a request is that of what it says without its id, and the handler gets all of it.
func TestTheHashLeavesOutTheRequestID(t *testing.T) {
	policies, err := policiesOf(referralv1.ReferralService_ServiceDesc.ServiceName)
	if err != nil {
		t.Fatal(err)
	}
	p := policies[referralv1.ReferralService_CreateReferral_FullMethodName]
	hash := func(id, area string) string {
		req := &referralv1.CreateReferralRequest{RequestId: id, Referral: &referralv1.Referral{Area: area}}
		before := proto.Clone(req)
		c, err := callOf(p, req, func(b []byte) []byte { return b })
		if err != nil || c.RequestID != id || !proto.Equal(before, req) {
			t.Errorf("%v: %+v, and the request is %v", err, c, req)
		}
		return string(c.BodyHash)
	}
	if hash("request-1", "a") != hash("request-2", "a") || hash("request-1", "a") == hash("request-1", "b") {
		t.Error("the hash does not tell what requests say")
	}
}
