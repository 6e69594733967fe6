package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/stats"
)

// MaxMessage is the largest request and answer, in bytes.
const MaxMessage = 4 << 20

// Bounds of a connection's life. A connection is given up after a while, so that clients that balance by DNS find new servers.
const (
	idleConnection = 15 * time.Minute
	oldConnection  = 10 * time.Minute
	pingEvery      = 2 * time.Minute
	pingWait       = 20 * time.Second
	pingAtMost     = 30 * time.Second
	handshake      = 10 * time.Second
)

// Bounds of what one connection may ask for at a time: gRPC's own are 16 MB of headers and as many streams as there are numbers.
const (
	maxStreams = 1000
	maxHeaders = 64 << 10
)

// Server is a gRPC server with the shell's interceptors. Register services, then Serve; Shutdown ends it.
type Server struct {
	deps      Deps
	auth      Authenticator
	validator *validator
	strangers *quiet
	former    sparing
	limiter   *limiter // nil: no bound
	metrics   *Metrics // nil: not counted
	gate      gate
	streams   open
	together  open // calls of one person
	bodyHash  func([]byte) []byte
	grpc      *grpc.Server
	chain     grpc.UnaryServerInterceptor // the way of every unary call, over a wire or without (Direct)
	unary     map[string]unaryMethod      // by full method
	inside    inside
	codec     requestCodec
	traces    stats.Handler // nil: no spans
	health    *health.Server
	policies  map[string]*policy
	open      map[string]bool // services open to all
	faults    []error         // of registration; Serve refuses
	probing   sync.WaitGroup
	stop      context.CancelFunc
}

type serverOptions struct {
	creds   credentials.TransportCredentials
	limiter *limiter
	metrics *Metrics
	atOnce  int
	traces  stats.Handler
}

// ServerOption changes what NewServer builds.
type ServerOption func(*serverOptions)

// WithCredentials sets the server's transport security; plain text without.
func WithCredentials(c credentials.TransportCredentials) ServerOption {
	return func(o *serverOptions) { o.creds = c }
}

// WithTraces has a handler make a span of each call; nil makes none.
func WithTraces(h stats.Handler) ServerOption {
	return func(o *serverOptions) { o.traces = h }
}

// NewServer builds a server. Health (grpc.health.v1) is open to all and says NOT_SERVING until Serve.
func NewServer(d Deps, auth Authenticator, opts ...ServerOption) (*Server, error) {
	o := serverOptions{atOnce: DefaultAtOnce}
	for _, opt := range opts {
		opt(&o)
	}
	v, err := newValidator()
	if err != nil {
		return nil, err
	}
	hash, err := bodyHasher(d)
	if err != nil {
		return nil, err
	}
	s := &Server{
		deps: d, auth: auth, validator: v, bodyHash: hash, limiter: o.limiter, metrics: o.metrics, health: health.NewServer(), policies: map[string]*policy{}, stop: func() {}, strangers: newQuiet(), former: sparing{last: map[string]time.Time{}},
		open: map[string]bool{healthpb.Health_ServiceDesc.ServiceName: true}, unary: map[string]unaryMethod{}, codec: codecOfRequests(), traces: o.traces,
	}
	s.streams = open{most: streamsOfOne, refusal: tooManyStreams}
	if s.limiter != nil {
		s.together = open{most: callsOfOne, refusal: tooManyCalls}
	}
	s.chain = chained(s.unaryChain())
	s.inside.halt, s.inside.breakUp = context.WithCancel(context.Background())
	s.gate.most = int64(o.atOnce)
	params := []grpc.ServerOption{
		grpc.UnaryInterceptor(s.chain), grpc.ChainStreamInterceptor(s.streamChain()...),
		grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage), grpc.ConnectionTimeout(handshake),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idleConnection, MaxConnectionAge: oldConnection, MaxConnectionAgeGrace: time.Minute, Time: pingEvery, Timeout: pingWait}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingAtMost, PermitWithoutStream: true}),
		grpc.ForceServerCodecV2(s.codec), grpc.MaxConcurrentStreams(maxStreams), grpc.MaxHeaderListSize(maxHeaders), grpc.WaitForHandlers(true),
	}
	if o.traces != nil {
		params = append(params, grpc.StatsHandler(o.traces))
	}
	if o.creds != nil {
		params = append(params, grpc.Creds(o.creds))
	}
	s.grpc = grpc.NewServer(params...)
	s.health.SetServingStatus("", healthpb.HealthCheckResponse_NOT_SERVING)
	s.register(&healthpb.Health_ServiceDesc, s.health)
	return s, nil
}

// RegisterService implements grpc.ServiceRegistrar. The permissions of the service's methods are read from the contract here; a fault in them keeps
// Serve from starting.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, impl any) {
	policies, err := policiesOf(desc.ServiceName)
	if err != nil {
		s.faults = append(s.faults, err)
	}
	maps.Copy(s.policies, policies)
	s.register(desc, impl)
	s.health.SetServingStatus(desc.ServiceName, healthpb.HealthCheckResponse_NOT_SERVING)
}

// register takes a service for both ways to the server.
func (s *Server) register(desc *grpc.ServiceDesc, impl any) {
	s.grpc.RegisterService(desc, impl)
	for _, m := range desc.Methods {
		s.unary["/"+desc.ServiceName+"/"+m.MethodName] = unaryMethod{impl: impl, run: m.Handler}
	}
}

// Check gives what keeps the server from starting: methods without a permission or with one that cannot be kept.
func (s *Server) Check() error { return errors.Join(s.faults...) }

// Serve answers on a listener until Shutdown, which makes it return nil. Several listeners may be served at once.
func (s *Server) Serve(lis net.Listener) error {
	if err := s.Check(); err != nil {
		return errors.Join(err, lis.Close())
	}
	if p, ok := lis.(*Pipe); ok {
		p.server.Store(s)
	}
	if err := s.grpc.Serve(lis); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("rpc: serve: %w", err)
	}
	return nil
}

// probeEvery is how often health asks the store.
const probeEvery = 5 * time.Second

// FollowHealth lets the health of every service follow the store, from now until Shutdown.
func (s *Server) FollowHealth(ctx context.Context) {
	ctx, s.stop = context.WithCancel(ctx)
	s.probe(ctx)
	s.probing.Go(func() {
		tick := time.NewTicker(probeEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				s.probe(ctx)
			}
		}
	})
}

func (s *Server) probe(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, probeEvery)
	defer cancel()
	state := healthpb.HealthCheckResponse_SERVING
	err := s.deps.Store.Ping(within)
	if ctx.Err() == nil { // else the server ends, which says nothing of the store
		s.metrics.storeAnswers(err == nil)
	}
	if err != nil {
		if ctx.Err() == nil {
			s.deps.Log.ErrorContext(ctx, "store does not answer", slog.String("cause", err.Error()))
		}
		state = healthpb.HealthCheckResponse_NOT_SERVING
	}
	s.health.SetServingStatus("", state)
	for service := range s.grpc.GetServiceInfo() {
		s.health.SetServingStatus(service, state)
	}
}

// Retire says NOT_SERVING from now on and goes on answering, so that whoever balances calls sends no new ones.
func (s *Server) Retire() {
	s.stop()
	s.probing.Wait()
	s.health.Shutdown()
}

// Shutdown retires, lets running calls end and, when the context ends first, breaks them off. It returns when no handler runs any more.
func (s *Server) Shutdown(ctx context.Context) {
	s.Retire()
	s.inside.refuse()
	defer s.inside.breakUp()
	done := make(chan struct{})
	go func() {
		s.grpc.GracefulStop()
		s.inside.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.inside.breakUp()
		s.grpc.Stop()
		<-done
	}
}
