package rpc

import (
	"context"
	"fmt"
	"reflect"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"asysta.example/internal/fault"
)

// judgedStream is a stream whose handler gets its request only when it was authorized and validated, and whose answers leave only when the access log
// has what they were made from.
type judgedStream struct {
	grpc.ServerStream
	server *Server
	ctx    context.Context //nolint:containedctx // grpc.ServerStream hands the handler its context so
	trail  *trail
	judged bool
}

// Context implements grpc.ServerStream: after the request it is the context of the grant.
func (j *judgedStream) Context() context.Context { return j.ctx }

// RecvMsg implements grpc.ServerStream.
func (j *judgedStream) RecvMsg(m any) error {
	if err := j.ServerStream.RecvMsg(m); err != nil || j.judged || j.trail.policy == nil {
		return err
	}
	msg, ok := m.(proto.Message)
	if !ok {
		return fmt.Errorf("rpc: request of type %T", m)
	}
	j.server.logRequest(j.ctx, j.trail, msg)
	ctx, err := j.server.judge(j.ctx, j.trail, msg)
	if err != nil {
		return err
	}
	j.ctx, j.judged = ctx, true
	return nil
}

// SendMsg implements grpc.ServerStream.
func (j *judgedStream) SendMsg(m any) error {
	if j.trail.policy != nil {
		if !j.judged {
			return fault.Denied()
		}
		if err := j.still(); err != nil {
			return err
		}
		first := j.trail.policy.reads && !j.trail.logged
		if err := j.server.logReads(j.ctx, j.trail, first); err != nil {
			return err
		}
	}
	return j.ServerStream.SendMsg(m)
}

// still refuses to go on where the token has ended since the stream began, or the caller is not what they were then: an employment ended, a role or a login was
// taken away. Who has other rights now begins anew.
func (j *judgedStream) still() error {
	token, err := bearer(j.ctx)
	if err != nil {
		return err
	}
	who, err := j.server.auth.Authenticate(j.ctx, token)
	if err != nil {
		return err
	}
	g, ok := j.trail.policy.grant(who, j.trail.resource)
	if !ok {
		j.trail.why = whyTenant
		return fault.Denied()
	}
	if !reflect.DeepEqual(g, j.trail.grant) {
		return &fault.Error{Kind: fault.KindUnavailable, Reason: "RIGHTS_CHANGED", Polish: "Uprawnienia tego konta właśnie się zmieniły. Połącz się ponownie, aby pobierać dalej."}
	}
	return nil
}

// streamJudged authenticates the caller; the request is judged when the handler receives it.
func (s *Server) streamJudged(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	j, ok := stream.(*judgedStream)
	if !ok {
		return fmt.Errorf("rpc: stream of type %T", stream)
	}
	if j.trail.policy == nil {
		_, err := s.unjudged(info.FullMethod, func() (any, error) { return nil, next(srv, j) })
		return err
	}
	ctx, cancel, err := guardDeadline(j.ctx, 0)
	if err != nil {
		return err
	}
	defer cancel()
	j.ctx = ctx
	if err := s.authenticate(ctx, j.trail); err != nil {
		return err
	}
	leave, err := s.streams.enter(j.trail.who)
	if err != nil {
		return err
	}
	defer leave()
	return next(srv, j)
}
