package rpc

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// unaryMethod is a registered method of which both sides are one message.
type unaryMethod struct {
	impl any
	run  func(srv any, ctx context.Context, dec func(any) error, chain grpc.UnaryServerInterceptor) (any, error)
}

// chained makes one interceptor of several, outermost first, so that a call without a wire passes the very same one.
func chained(steps []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	if len(steps) == 1 {
		return steps[0]
	}
	inner := chained(steps[1:])
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		return steps[0](ctx, req, info, func(ctx context.Context, req any) (any, error) { return inner(ctx, req, info, next) })
	}
}

// errStopped answers a call that Shutdown breaks off.
var errStopped = status.Error(codes.Unavailable, "the server is stopped")

// inside are the calls that a server answers without a wire.
type inside struct {
	mu      sync.Mutex
	ends    bool // no call begins any more
	running sync.WaitGroup
	halt    context.Context //nolint:containedctx // ends with the calls that Shutdown does not wait for any longer
	breakUp context.CancelFunc
}

// enter lets a call begin, which leaves; false where the server is about to end.
func (i *inside) enter() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.ends {
		return false
	}
	i.running.Add(1)
	return true
}

// refuse lets no call begin any more.
func (i *inside) refuse() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.ends = true
}

// answer runs the server's side of a call that came without a wire, on the goroutine of who calls.
func (s *Server) answer(ctx context.Context, c *directCall, body mem.BufferSlice) (answer any, err error) {
	defer body.Free()
	md, err := headersOf(ctx)
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancelCause(metadata.NewIncomingContext(peer.NewContext(severed{ctx}, c.direct.pipe.peer), md))
	defer end(nil)
	defer context.AfterFunc(s.inside.halt, func() { end(errStopped) })()
	if s.traces != nil {
		var done func(error)
		ctx, done = s.traced(ctx, c)
		defer func() { done(err) }()
	}
	read := func(into any) error {
		if err := s.codec.Unmarshal(body, into); err != nil {
			return status.Errorf(codes.Internal, "grpc: error unmarshalling request: %v", err)
		}
		return nil
	}
	answer, err = c.method.run(c.method.impl, grpc.NewContextWithServerTransportStream(ctx, &c.sent), read, s.chain)
	if err != nil && context.Cause(ctx) == errStopped { //nolint:errorlint // the cause is that very value
		return nil, errStopped
	}
	return answer, err
}

// traced tells the handler of statistics of a call what a wire would, so that it makes a span of it.
func (s *Server) traced(ctx context.Context, c *directCall) (_ context.Context, done func(error)) {
	began, addr := time.Now(), c.direct.pipe.Addr()
	ctx = s.traces.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: c.name})
	s.traces.HandleRPC(ctx, &stats.InHeader{FullMethod: c.name, LocalAddr: addr, RemoteAddr: addr})
	s.traces.HandleRPC(ctx, &stats.Begin{BeginTime: began})
	return ctx, func(err error) {
		s.traces.HandleRPC(ctx, &stats.End{BeginTime: began, EndTime: time.Now(), Error: err})
	}
}

// severed is a caller's context as it crosses a wire: its end and its deadline, and none of its values. What the caller knows by them (a grant, a trail) is not for
// whom it asks.
type severed struct {
	of context.Context //nolint:containedctx // it is one itself
}

// Deadline implements context.Context.
func (s severed) Deadline() (time.Time, bool) { return s.of.Deadline() }

// Done implements context.Context.
func (s severed) Done() <-chan struct{} { return s.of.Done() }

// Err implements context.Context.
func (s severed) Err() error { return s.of.Err() }

// Value implements context.Context.
func (s severed) Value(any) any { return nil }

// AfterFunc lets package context follow the caller's end without a goroutine.
func (s severed) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(s.of, f) }

// headersOf gives the metadata that travels with a call, with the bound of a wire.
func headersOf(ctx context.Context) (metadata.MD, error) {
	md, _ := metadata.FromOutgoingContext(ctx)
	size := 0
	for key, values := range md {
		for _, v := range values {
			size += len(key) + len(v) + headerExtra
		}
	}
	if size > maxHeaders {
		return nil, status.Errorf(codes.Internal, "header list size to send violates the maximum size (%d bytes) set by server", maxHeaders)
	}
	return md, nil
}

// headerExtra is what HTTP/2 counts for each header beside its name and value.
const headerExtra = 32

// sentHead is the metadata that a handler sends with its answer. It implements grpc.ServerTransportStream.
type sentHead struct {
	method          string
	mu              sync.Mutex
	header, trailer metadata.MD
	left            bool // the header has left
}

// Method implements grpc.ServerTransportStream.
func (h *sentHead) Method() string { return h.method }

// SetHeader implements grpc.ServerTransportStream.
func (h *sentHead) SetHeader(md metadata.MD) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left {
		return errHeaderLeft
	}
	h.header = metadata.Join(h.header, md)
	return nil
}

// SendHeader implements grpc.ServerTransportStream.
func (h *sentHead) SendHeader(md metadata.MD) error {
	if err := h.SetHeader(md); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.left = true
	return nil
}

// SetTrailer implements grpc.ServerTransportStream.
func (h *sentHead) SetTrailer(md metadata.MD) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.trailer = metadata.Join(h.trailer, md)
	return nil
}

// errHeaderLeft is in the words of gRPC.
var errHeaderLeft = status.Error(codes.Internal, "transport: SendHeader called multiple times")
