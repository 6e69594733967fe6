package suite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"asysta.example/gateway"

	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
)

var defaultListen = map[string]string{Referral: DefaultReferral, Casefile: DefaultCasefile, Planning: DefaultPlanning, Reporting: DefaultReporting}

// RunService serves one service until ctx ends, then drains it. Several processes of one service may run over one database.
func RunService(ctx context.Context, name string, cfg ServiceConfig, clock func() time.Time, log *slog.Logger) (err error) {
	tokens, err := systemTokens(cfg.SystemKey, clock)
	if err != nil {
		return err
	}
	if name == Casefile { // which anchors
		if err := cfg.ready(); err != nil {
			return err
		}
	}
	told, err := newWatch(ctx, name, cfg.Telling, nil, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, told.close()) }()
	base, err := OpenBase(ctx, cfg.Storage, cfg.kept, clock, log, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	if err := errors.Join(told.over(base), told.certificates(cfg.Transport, "")); err != nil {
		return err
	}
	base.Deps.Tokens = tokens
	client, err := cfg.clientCredentials()
	if err != nil {
		return err
	}
	casefile, err := rpc.Dial(cfg.Casefile, rpc.WithFaults(), rpc.WithTransport(client), told.dial())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, casefile.Close()) }()
	parts, err := build(base.Deps, conns{casefile: casefile}, name)
	if err != nil {
		return err
	}
	rules, err := cfg.rules()
	if err != nil {
		return err
	}
	bounds, err := cfg.bounds()
	if err != nil {
		return err
	}
	auth := identity.New(identity.NewOIDC(rules, clock), tokens, base.Deps.Directory, clock, bounds...)
	return serveParts(ctx, name, cfg, base.Deps, auth, parts, told)
}

func serveParts(ctx context.Context, name string, cfg ServiceConfig, deps rpc.Deps, auth rpc.Authenticator, parts part, told *watch) error {
	creds, err := cfg.serverCredentials()
	if err != nil {
		return err
	}
	address := cfg.Listen
	if address == "" {
		address = defaultListen[name]
	}
	lis, err := listen(ctx, "LISTEN", address)
	if err != nil {
		return err
	}
	h := newHost(cfg.Drain, told)
	h.bound(cfg.Bounds)
	told.serve(ctx, h.failed)
	if err := h.serve(ctx, deps, auth, parts.servers, lis, rpc.WithCredentials(creds)); err != nil {
		h.close()
		return err
	}
	works := parts.works
	if name == Casefile {
		works = append(append(works, storeWork(deps)...), anchorWork(deps, cfg.Anchoring)...)
	}
	work := start(ctx, deps, works, told.works)
	deps.Log.InfoContext(ctx, "serving", slog.String("service", name), slog.String("address", lis.Addr().String()))
	err = h.await(ctx)
	h.close()
	work.end()
	return err
}

// RunGateway serves the REST interface of services in other processes until ctx ends.
func RunGateway(ctx context.Context, cfg GatewayConfig, log *slog.Logger) (err error) {
	creds, err := cfg.clientCredentials()
	if err != nil {
		return err
	}
	told, err := newWatch(ctx, "gateway", cfg.Telling, nil, log)
	if err != nil {
		return err
	}
	var open []*grpc.ClientConn
	defer func() {
		err = errors.Join(err, told.close())
		for _, c := range open {
			err = errors.Join(err, c.Close())
		}
	}()
	if err := told.certificates(cfg.Transport, cfg.WebCert); err != nil {
		return err
	}
	for _, address := range []string{cfg.Referral, cfg.Casefile, cfg.Planning, cfg.Reporting} {
		c, err := rpc.Dial(address, rpc.WithTransport(creds), told.dial())
		if err != nil {
			return err
		}
		open = append(open, c)
	}
	handler, err := gateway.New(ctx, told.gateway(gateway.Config{AllowedOrigins: cfg.Origins}, log), gateway.Conns{Referral: open[0], Casefile: open[1], Planning: open[2], Reporting: open[3]})
	if err != nil {
		return fmt.Errorf("suite: gateway: %w", err)
	}
	w, err := listenWeb(ctx, "GATEWAY_LISTEN", cfg.Listen, cfg.Drain)
	if err != nil {
		return err
	}
	handler, err = cfg.protect(w, handler, log)
	if err != nil {
		return errors.Join(err, w.lis.Close())
	}
	h := newHost(cfg.Drain, told)
	told.serve(ctx, h.failed)
	w.serve(ctx, handler, h.failed)
	log.InfoContext(ctx, "serving", slog.String("service", "gateway"), slog.String("address", w.lis.Addr().String()))
	err = h.await(ctx)
	w.close()
	return err
}
