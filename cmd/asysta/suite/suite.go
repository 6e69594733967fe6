package suite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"asysta.example/gateway"

	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/telemetry"
)

// TrialPath is where the trial issuer lives on the gateway.
const TrialPath = "/trial"

// Options are what a Suite is given beside its configuration.
type Options struct {
	Clock  func() time.Time
	Log    *slog.Logger
	Master *seal.Master // nil: the file that the configuration names, made where there is none and the store is empty
	// Fill puts data into the store before the first call is answered.
	Fill func(context.Context, rpc.Deps) error
	// Play makes calls through Conn before anybody outside can (the demo county lives through its past).
	Play func(context.Context, *Suite) error
	// Tracing stands for the one that the environment asks for; nil: that one.
	Tracing *telemetry.Tracing
	// Engine are options of the store's engine.
	Engine []store.EngineOption
}

// Suite is everything in one process: services, gateway, storage, background work. Start makes it run, Close ends it.
type Suite struct {
	Deps    rpc.Deps
	Conn    *grpc.ClientConn // to all services, through memory, for a client with a token of its own
	Gateway http.Handler     // the REST interface
	Trial   *identity.TrialIssuer

	base  *Base
	asked *rpc.Direct // on which services ask one another
	rest  *rpc.Direct // on which the gateway asks them
	host  *host
	web   *web
	work  *background
	told  *watch

	introduced atomic.Pointer[map[string]string] // people of a trial, see Introduce
}

// Start opens storage, builds the services and serves: in memory, on Listen if that is set, and REST on GatewayListen; a port 0 is chosen by the machine
// (Address). It returns when everything answers.
func Start(ctx context.Context, cfg AllConfig, o Options) (_ *Suite, err error) {
	if err := cfg.ready(); err != nil {
		return nil, err
	}
	master := cfg.keptOrNew
	if o.Master != nil {
		master = given(o.Master)
	}
	base, err := OpenBase(ctx, cfg.Storage, master, o.Clock, o.Log, true, o.Engine...)
	if err != nil {
		return nil, err
	}
	told, err := newWatch(ctx, "all", cfg.Telling, o.Tracing, o.Log)
	if err == nil {
		err = errors.Join(told.over(base), told.certificates(cfg.Transport, cfg.WebCert))
	}
	if err != nil {
		return nil, errors.Join(err, told.close(), base.Close())
	}
	s := &Suite{base: base, Deps: base.Deps, host: newHost(cfg.Drain, told), told: told}
	if err := s.start(ctx, cfg, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Suite) start(ctx context.Context, cfg AllConfig, o Options) (err error) {
	if o.Fill != nil {
		if err := o.Fill(ctx, s.Deps); err != nil {
			return err
		}
	}
	if s.web, err = listenWeb(ctx, "GATEWAY_LISTEN", cfg.Web.Listen, cfg.Drain); err != nil {
		return err
	}
	auth, err := s.login(cfg)
	if err != nil {
		return err
	}
	s.host.bound(cfg.Bounds)
	s.told.serve(ctx, s.host.failed)
	services, err := s.serve(ctx, auth, anchorWork(s.Deps, cfg.Anchoring))
	if err != nil {
		return err
	}
	if o.Play != nil {
		if err := o.Play(ctx, s); err != nil {
			return err
		}
	}
	if err := s.serveOutside(ctx, cfg, auth, services); err != nil {
		return err
	}
	s.Gateway, err = gateway.New(ctx, s.told.gateway(gateway.Config{AllowedOrigins: cfg.Origins}, o.Log), gateway.Conns{Referral: s.rest, Casefile: s.rest, Planning: s.rest, Reporting: s.rest})
	if err != nil {
		return fmt.Errorf("suite: gateway: %w", err)
	}
	root := s.Gateway
	if s.Trial != nil {
		mux := http.NewServeMux()
		mux.Handle("/", s.Gateway)
		mux.Handle(TrialPath+"/", s.Trial.Handler())
		root = mux
	}
	if root, err = cfg.protect(s.web, root, s.Deps.Log); err != nil {
		return err
	}
	s.web.serve(ctx, root, s.host.failed)
	return nil
}

// login builds the trial issuer or uses the configured one, and makes the services' own tokens.
func (s *Suite) login(cfg AllConfig) (rpc.Authenticator, error) {
	tokens, err := systemTokens(cfg.SystemKey, s.Deps.Clock)
	if err != nil {
		return nil, err
	}
	s.Deps.Tokens = tokens
	rules, err := cfg.rules()
	if err != nil {
		return nil, err
	}
	bounds, err := cfg.bounds()
	if err != nil {
		return nil, err
	}
	people := identity.NewOIDC(rules, s.Deps.Clock)
	if cfg.Trial {
		if s.Trial, err = identity.NewTrialIssuer("http://"+s.Address()+TrialPath, rules.Audiences[0], s.Deps.Clock, trialPeople(s.Deps, s.introducedAs)); err != nil {
			return nil, err
		}
		people = s.Trial.Verifier()
	}
	return identity.New(people, tokens, s.Deps.Directory, s.Deps.Clock, bounds...), nil
}

// serve starts the services in memory and the work that they do by themselves.
func (s *Suite) serve(ctx context.Context, auth rpc.Authenticator, works []Work) (_ []rpc.Service, err error) {
	pipe := rpc.NewPipe()
	if s.asked, err = pipe.Direct(rpc.WithFaults(), s.told.dial()); err != nil {
		return nil, err
	}
	if s.rest, err = pipe.Direct(rpc.WithLentAnswers(), s.told.dial()); err != nil {
		return nil, err
	}
	if s.Conn, err = pipe.Dial(s.told.dial()); err != nil {
		return nil, err
	}
	parts, err := build(s.Deps, conns{casefile: s.asked}, Services...)
	if err != nil {
		return nil, err
	}
	if err := s.host.serve(ctx, s.Deps, auth, parts.servers, pipe); err != nil {
		return nil, err
	}
	s.work = start(ctx, s.Deps, slices.Concat(storeWork(s.Deps), parts.works, works), s.told.works)
	return parts.servers, nil
}

// serveOutside serves the same services to programs of other machines, where an address is set.
func (s *Suite) serveOutside(ctx context.Context, cfg AllConfig, auth rpc.Authenticator, services []rpc.Service) error {
	if cfg.Listen == "" {
		return nil
	}
	creds, err := cfg.serverCredentials()
	if err != nil {
		return err
	}
	lis, err := listen(ctx, "LISTEN", cfg.Listen)
	if err != nil {
		return err
	}
	return s.host.serve(ctx, s.Deps, auth, services, lis, rpc.WithCredentials(creds))
}

// MakeDurable has everything that was written without waiting for the disk (sqlite.WithoutSync) brought there, and waits for it from now on.
func (s *Suite) MakeDurable(ctx context.Context) error {
	e, ok := s.base.Engine.(interface{ MakeDurable(context.Context) error })
	if !ok {
		return nil
	}
	return e.MakeDurable(ctx)
}

// Address is where the gateway listens, "host:port".
func (s *Suite) Address() string { return s.web.lis.Addr().String() }

// Wait blocks until ctx ends or something that serves has failed, and gives that failure.
func (s *Suite) Wait(ctx context.Context) error { return s.host.await(ctx) }

// Close ends everything in its order: nothing says any more that it serves, then gateway, servers, background work and store end. Running calls may end
// within the configured time.
func (s *Suite) Close() error {
	s.host.retire()
	if s.web != nil {
		s.web.close()
	}
	s.host.close()
	if s.work != nil {
		s.work.end()
	}
	var errs []error
	if s.Conn != nil {
		errs = append(errs, s.Conn.Close())
	}
	for _, c := range []*rpc.Direct{s.asked, s.rest} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(append(errs, s.base.Close(), s.told.close())...)
}
