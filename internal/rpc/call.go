package rpc

import "context"

// Call is what the contract's envelope says about the present call.
type Call struct {
	Method    string // full method, "/asysta.casefile.v1.CasefileService/RecordVisit"
	RequestID string // idempotency key of a mutation
	Purpose   string // why, in the caller's words; never personal data
	BodyHash  []byte // keyed hash of the request without its request id
}

type callKey struct{}

func withCall(ctx context.Context, c Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// CallFrom gives the present call; the zero Call outside of one.
func CallFrom(ctx context.Context) Call {
	c, _ := ctx.Value(callKey{}).(Call)
	return c
}
