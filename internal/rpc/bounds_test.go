package rpc_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
)

func TestRateOfAPersonAndMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	metrics, err := rpc.NewMetrics(registry)
	must(t, err)
	w := newWorld(t, rpc.WithRate(0.001, 2), rpc.WithMetrics(metrics))
	w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		return &referralv1.Referral{}, nil
	}
	req := &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}
	for range 2 {
		_, err := client(w).GetReferral(w.as("head"), req)
		must(t, err)
	}
	if _, err := client(w).GetReferral(w.as("head"), req); status.Code(err) != codes.ResourceExhausted || info(err).GetReason() != "RATE" {
		t.Errorf("third call: %v", err)
	} else if f, ok := fault.As(rpc.FaultFrom(err)); !ok || f.Retry < time.Second || f.Retry > 1000*time.Second {
		t.Errorf("the third call may be repeated after %v, want some 1000 s", f.Retry)
	}
	_, err = client(w).GetReferral(w.as("worker"), req)
	must(t, err)
	want := `
# HELP asysta_calls_total Calls answered, by method, code and reason.
# TYPE asysta_calls_total counter
asysta_calls_total{code="OK",method="/asysta.referral.v1.ReferralService/GetReferral",reason=""} 3
asysta_calls_total{code="ResourceExhausted",method="/asysta.referral.v1.ReferralService/GetReferral",reason="RATE"} 1
`
	must(t, testutil.GatherAndCompare(registry, strings.NewReader(want), "asysta_calls_total"))
}

// What is remembered of callers is bounded, whoever comes.
func TestCallersAreForgotten(t *testing.T) {
	b := rpc.NewBounds(1, 7)
	for i := range 2*rpc.MaxCallers + 1 {
		must(t, b.Call(fmt.Sprint("person-", i), now))
		if !b.Former(fmt.Sprint("subject-", i), now) {
			t.Fatal("a subject that came once is taken for one that came again")
		}
	}
	if callers, former := b.Remembered(); callers > rpc.MaxCallers || former > rpc.MaxCallers {
		t.Errorf("%d callers and %d subjects are remembered, at most %d may be", callers, former, rpc.MaxCallers)
	}
}
