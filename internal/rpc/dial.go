package rpc

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/test/bufconn"
)

// Pipe is a listener in memory, on which the services of one process and its gateway meet. Interceptors run on it as on any other.
type Pipe struct {
	*bufconn.Listener
	server atomic.Pointer[Server] // that serves it; nil: none does yet
	peer   *peer.Peer             // both sides, as they see one another
}

// NewPipe opens a pipe.
func NewPipe() *Pipe {
	lis := bufconn.Listen(1 << 20)
	return &Pipe{Listener: lis, peer: &peer.Peer{Addr: lis.Addr(), LocalAddr: lis.Addr()}}
}

// Dial connects through the pipe.
func (p *Pipe) Dial(opts ...DialOption) (*grpc.ClientConn, error) {
	return dial("passthrough:///in-process", append(opts, func(o *dialOptions) {
		o.grpc = append(o.grpc, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return p.DialContext(ctx) }))
	}))
}

type dialOptions struct {
	creds  credentials.TransportCredentials
	faults bool
	lent   bool
	traces stats.Handler // nil: none
	grpc   []grpc.DialOption
}

// DialOption changes how a connection is made.
type DialOption func(*dialOptions)

// WithFaults gives errors of the other side as the faults that they were there (FaultFrom): for one service asking another.
func WithFaults() DialOption { return func(o *dialOptions) { o.faults = true } }

// WithTracing has a handler make a span of each call and let it travel on; nil makes none.
func WithTracing(h stats.Handler) DialOption {
	return func(o *dialOptions) { o.traces = h }
}

// WithTransport sets transport security; plain text without.
func WithTransport(c credentials.TransportCredentials) DialOption {
	return func(o *dialOptions) { o.creds = c }
}

// Dial connects to a server by "host:port" or any target that gRPC resolves; several addresses behind a DNS name share the calls. It does not wait for
// the server.
func Dial(target string, opts ...DialOption) (*grpc.ClientConn, error) { return dial(target, opts) }

func dialed(opts []DialOption) dialOptions {
	o := dialOptions{creds: insecure.NewCredentials()}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

func dial(target string, opts []DialOption) (*grpc.ClientConn, error) {
	o := dialed(opts)
	params := append([]grpc.DialOption{
		grpc.WithTransportCredentials(o.creds), grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: time.Minute, Timeout: pingWait}),
	}, o.grpc...)
	if o.traces != nil {
		params = append(params, grpc.WithStatsHandler(o.traces))
	}
	if o.faults {
		params = append(params, grpc.WithChainUnaryInterceptor(unaryFaults))
	}
	conn, err := grpc.NewClient(target, params...)
	if err != nil {
		return nil, fmt.Errorf("rpc: dial: %w", err)
	}
	return conn, nil
}

func unaryFaults(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return FaultFrom(invoke(ctx, method, req, reply, conn, opts...))
}
