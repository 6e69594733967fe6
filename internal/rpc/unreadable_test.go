package rpc_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	referralv1 "asysta.example/proto/gen/asysta/referral/v1"
)

// bareBytes sends bytes as they are.
type bareBytes struct{}

func (bareBytes) Name() string                    { return "proto" }
func (bareBytes) Marshal(v any) ([]byte, error)   { return v.([]byte), nil }
func (bareBytes) Unmarshal(_ []byte, _ any) error { return nil }

func TestWhatCannotBeReadIsRefusedAsAnyBadRequest(t *testing.T) {
	w := newWorld(t)
	w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		t.Error("the handler was called")
		return &referralv1.Referral{}, nil
	}
	for name, raw := range map[string][]byte{"cut off": {0x0a, 0x50, 'g'}, "no UTF-8": {0x0a, 0x03, 0xff, 0xfe, 0xc0}, "noise": {0xff, 0xff, 0xff, 0xff}, "deep": []byte(strings.Repeat("\x0b", 20000))} {
		t.Run(name, func(t *testing.T) {
			err := w.conn.Invoke(w.as("head"), "/asysta.referral.v1.ReferralService/GetReferral", raw, new([]byte), grpc.ForceCodec(bareBytes{}))
			if status.Code(err) != codes.InvalidArgument || info(err).GetReason() != "MALFORMED_REQUEST" || !strings.Contains(polish(err), "odczytać") {
				t.Errorf("unary: %v", err)
			}
			stream, err := w.conn.NewStream(w.as("coordinator"), &grpc.StreamDesc{ServerStreams: true}, "/asysta.planning.v1.CoordinationService/SyncPlans", grpc.ForceCodec(bareBytes{}))
			must(t, err)
			must(t, stream.SendMsg(raw))
			must(t, stream.CloseSend())
			if err := stream.RecvMsg(new([]byte)); status.Code(err) != codes.InvalidArgument || info(err).GetReason() != "MALFORMED_REQUEST" {
				t.Errorf("stream: %v", err)
			}
			err = w.conn.Invoke(t.Context(), "/asysta.referral.v1.ReferralService/GetReferral", raw, new([]byte), grpc.ForceCodec(bareBytes{}))
			if status.Code(err) != codes.Unauthenticated {
				t.Errorf("without a token: %v", err)
			}
		})
	}
}
