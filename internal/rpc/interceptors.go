package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"asysta.example/internal/fault"
	"asysta.example/internal/redact"
)

// Bounds of a call's time.
const (
	DefaultDeadline = 30 * time.Second       // of a call that brings none
	ShortestCall    = 100 * time.Millisecond // with less than this left a call is refused at once
	Shaving         = 20 * time.Millisecond  // kept back for the answer's way home
)

// unaryChain is the way of a unary call to its handler, outermost first.
func (s *Server) unaryChain() []grpc.UnaryServerInterceptor {
	return []grpc.UnaryServerInterceptor{
		recovery.UnaryServerInterceptor(recovery.WithRecoveryHandlerContext(s.recovered)), s.unaryTrail,
		recovery.UnaryServerInterceptor(recovery.WithRecoveryHandler(caught)), s.unaryJudged,
	}
}

// streamChain is the way of a call with a streamed answer.
func (s *Server) streamChain() []grpc.StreamServerInterceptor {
	return []grpc.StreamServerInterceptor{
		recovery.StreamServerInterceptor(recovery.WithRecoveryHandlerContext(s.recovered)), s.streamTrail,
		recovery.StreamServerInterceptor(recovery.WithRecoveryHandler(caught)), s.streamJudged,
	}
}

// panicError is a panic on its way to the trail, which gives it an id, writes and counts it as any other failure. Its value may hold anything and is not in it.
type panicError struct{ what, stack string }

// Error implements error.
func (p *panicError) Error() string { return p.what }

// caught makes an error of a panic of a handler.
func caught(p any) error { return &panicError{what: redact.Panic(p), stack: redact.Stack(3)} }

// recovered answers a panic of the trail itself.
func (s *Server) recovered(ctx context.Context, p any) error { return s.internal(ctx, caught(p)).Err() }

// unaryTrail maps errors, logs the call and audits its refusal.
func (s *Server) unaryTrail(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	t := &trail{method: info.FullMethod, policy: s.policies[info.FullMethod]}
	began := time.Now()
	var answer any
	err := s.let(t, func() (err error) {
		answer, err = next(withTrail(ctx, t), req)
		return err
	})
	if err = s.finish(ctx, t, began, err); err != nil {
		return nil, err
	}
	return answer, nil
}

func (s *Server) streamTrail(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	t := &trail{method: info.FullMethod, policy: s.policies[info.FullMethod]}
	began, ctx := time.Now(), stream.Context()
	return s.finish(ctx, t, began, s.let(t, func() error {
		return next(srv, &judgedStream{ServerStream: stream, server: s, ctx: withTrail(ctx, t), trail: t})
	}))
}

// let runs a call where the server still takes one. Health is always asked.
func (s *Server) let(t *trail, run func() error) error {
	if t.policy == nil {
		return run()
	}
	if err := s.gate.enter(); err != nil {
		return err
	}
	s.metrics.enter()
	defer func() {
		s.metrics.leave()
		s.gate.leave()
	}()
	return run()
}

// finish is the way out: denial audit, status, log line.
func (s *Server) finish(ctx context.Context, t *trail, began time.Time, err error) error {
	if err == nil {
		s.logCall(ctx, t, began, codes.OK, "")
		return nil
	}
	grantCtx := contextOfGrant(ctx, t)
	st, reason := s.statusOf(grantCtx, t, err)
	if f, ok := fault.As(asFault(grantCtx, FaultFrom(err))); ok && f.Kind == fault.KindDenied && (t.who.Person != "" || t.who.System != "") {
		s.auditDenial(ctx, t)
	}
	s.logCall(ctx, t, began, st.Code(), reason)
	return st.Err()
}

// auditDenial writes a refusal to the access log. The answer tells nothing, so that it may leave where the log cannot be written.
func (s *Server) auditDenial(ctx context.Context, t *trail) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	refs, gminas := t.fresh()
	if err := s.deps.Store.LogAccess(ctx, s.deps.access(t, refs, gminas, t.why)); err != nil {
		s.metrics.notLogged(ofDenial)
		s.deps.Log.ErrorContext(ctx, "denial not audited", slog.String("method", t.method), slog.String("cause", err.Error()))
	}
}

// unaryJudged lets the handler run for who may call, with what the contract accepts, and lets the answer leave when the access log has it.
func (s *Server) unaryJudged(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	t := trailFrom(ctx)
	if t.policy == nil {
		return s.unjudged(info.FullMethod, func() (any, error) { return next(ctx, req) })
	}
	ctx, cancel, err := guardDeadline(ctx, DefaultDeadline)
	if err != nil {
		return nil, err
	}
	defer cancel()
	if err := s.authenticate(ctx, t); err != nil {
		return nil, err
	}
	leave, err := s.together.enter(t.who)
	if err != nil {
		return nil, err
	}
	defer leave()
	msg, ok := req.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("rpc: request of type %T", req)
	}
	s.logRequest(ctx, t, msg)
	if ctx, err = s.judge(ctx, t, msg); err != nil {
		return nil, err
	}
	answer, err := next(ctx, req)
	if refused(ctx, err) {
		return nil, err
	}
	if logErr := s.logReads(ctx, t, t.policy.reads && err == nil); logErr != nil {
		return nil, logErr
	}
	return answer, err
}

// unjudged runs a method that is open to all. Any other without a permission is refused, though none is ever registered.
func (s *Server) unjudged(method string, run func() (any, error)) (any, error) {
	if !s.open[serviceOf(method)] {
		return nil, fault.Denied()
	}
	return run()
}

// refused tells whether a handler's error is a denial, whose line in the access log is that of the refusal.
func refused(ctx context.Context, err error) bool {
	if err == nil {
		return false
	}
	f, ok := fault.As(asFault(ctx, FaultFrom(err)))
	return ok && f.Kind == fault.KindDenied
}

// logReads writes what the call has read since it last did. It fails closed.
func (s *Server) logReads(ctx context.Context, t *trail, always bool) error {
	refs, gminas := t.fresh()
	if len(refs) == 0 && (!always || t.logged) {
		return nil
	}
	if err := s.deps.Store.LogAccess(ctx, s.deps.access(t, refs, gminas, "")); err != nil {
		if errors.Is(ctx.Err(), context.Canceled) { // whoever asked has gone: nothing is answered, and nothing is wrong with the log
			return context.Canceled
		}
		s.metrics.notLogged(ofRead)
		s.deps.Log.ErrorContext(ctx, "access log", slog.String("method", t.method), slog.String("cause", err.Error()))
		return fault.Unavailable("ACCESS_LOG")
	}
	t.logged = true
	return nil
}

// guardDeadline bounds a call's time: the default where it brings no deadline (0: none), refused where too little is left.
func guardDeadline(ctx context.Context, ifNone time.Duration) (context.Context, context.CancelFunc, error) {
	end, ok := ctx.Deadline()
	if !ok {
		if ifNone == 0 {
			ctx, cancel := context.WithCancel(ctx)
			return ctx, cancel, nil
		}
		ctx, cancel := context.WithTimeout(ctx, ifNone)
		return ctx, cancel, nil
	}
	if timeLeft(end) < ShortestCall {
		return ctx, nil, context.DeadlineExceeded
	}
	ctx, cancel := context.WithDeadline(ctx, end.Add(-Shaving))
	return ctx, cancel, nil
}

// timeLeft is by the machine's clock, as the deadlines of contexts are.
func timeLeft(end time.Time) time.Duration {
	return time.Until(end)
}
