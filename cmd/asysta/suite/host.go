package suite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/netutil"

	"asysta.example/internal/rpc"
)

// host runs gRPC servers and ends them.
type host struct {
	drain   time.Duration
	options []rpc.ServerOption // of every server
	servers []*rpc.Server
	serving sync.WaitGroup
	failed  chan error // of whatever serves and stopped by itself
}

func newHost(drain time.Duration, told *watch) *host {
	return &host{drain: drain, options: told.server(), failed: make(chan error, 4)}
}

// burst is how many seconds' worth of calls a person may make at once.
const burst = 7

// bound sets what the host's servers put up with. It comes before serve.
func (h *host) bound(b Bounds) {
	if b.Calls > 0 {
		h.options = append(h.options, rpc.WithRate(float64(b.Calls), burst*b.Calls))
	}
}

// serve starts a server of the services on a listener, which it owns from now on.
func (h *host) serve(ctx context.Context, deps rpc.Deps, auth rpc.Authenticator, services []rpc.Service, lis net.Listener, opts ...rpc.ServerOption) error {
	server, err := rpc.NewServer(deps, auth, append(h.options[:len(h.options):len(h.options)], opts...)...)
	if err == nil {
		for _, s := range services {
			s.Register(server)
		}
		err = server.Check()
	}
	if err != nil {
		return errors.Join(err, lis.Close())
	}
	h.servers = append(h.servers, server)
	h.serving.Go(func() {
		if err := server.Serve(lis); err != nil {
			h.fail(err)
		}
	})
	server.FollowHealth(context.WithoutCancel(ctx))
	return nil
}

// fail notes a failure; one is enough to end the process.
func (h *host) fail(err error) {
	select {
	case h.failed <- err:
	default:
	}
}

// await blocks until ctx ends or something failed.
func (h *host) await(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-h.failed:
		return err
	}
}

// retire has all servers say that they do not serve, while they still do.
func (h *host) retire() {
	for _, s := range h.servers {
		s.Retire()
	}
}

// close drains all servers at once.
func (h *host) close() {
	ctx, cancel := context.WithTimeout(context.Background(), max(h.drain, time.Second))
	defer cancel()
	var draining sync.WaitGroup
	for _, s := range h.servers {
		draining.Go(func() { s.Shutdown(ctx) })
	}
	draining.Wait()
	h.serving.Wait()
}

// maxConnections is how many connections a listener has at one time; more wait to be accepted until others end, as idle and slow ones do by their own bounds.
const maxConnections = 4096

// listen opens a TCP listener at the address that a setting names, without the prefix of all settings.
func listen(ctx context.Context, setting, address string) (net.Listener, error) {
	lis, err := listenAtMost(ctx, address, maxConnections)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		err = fmt.Errorf("%w; another program, or another Asysta, listens there: stop it, or set %s to another address", err, Prefix+setting)
	case err != nil:
		err = fmt.Errorf("%s: nothing can listen there: %w", Prefix+setting, err)
	}
	return lis, err
}

func listenAtMost(ctx context.Context, address string, connections int) (net.Listener, error) {
	lis, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("suite: %w", err)
	}
	return netutil.LimitListener(lis, connections), nil
}

// web is the gateway's HTTP server.
type web struct {
	lis     net.Listener
	server  *http.Server
	drain   time.Duration
	serving sync.WaitGroup
}

// Bounds of an HTTP connection. Streams last longer than writeWithin, for which the gateway itself moves the bound.
const (
	headerWithin = 10 * time.Second
	readWithin   = 60 * time.Second
	writeWithin  = 100 * time.Second // from the end of the headers to that of the answer: the body's reading, the call and the writing
	idleAfter    = 2 * time.Minute
	maxHeader    = 64 << 10
)

func listenWeb(ctx context.Context, setting, address string, drain time.Duration) (*web, error) {
	lis, err := listen(ctx, setting, address)
	if err != nil {
		return nil, err
	}
	return &web{lis: lis, drain: drain}, nil
}

// serve answers with a handler until close.
func (w *web) serve(ctx context.Context, handler http.Handler, failed chan<- error) {
	background := context.WithoutCancel(ctx)
	w.server = &http.Server{
		Handler: handler, ReadHeaderTimeout: headerWithin, ReadTimeout: readWithin, WriteTimeout: writeWithin, IdleTimeout: idleAfter, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return background }, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
	}
	w.serving.Go(func() {
		if err := w.server.Serve(w.lis); err != nil && !errors.Is(err, http.ErrServerClosed) {
			select {
			case failed <- fmt.Errorf("suite: gateway: %w", err):
			default:
			}
		}
	})
}

// close takes no new requests and lets the running ones end.
func (w *web) close() {
	if w.server == nil {
		_ = w.lis.Close()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), max(w.drain, time.Second))
	defer cancel()
	if err := w.server.Shutdown(ctx); err != nil {
		_ = w.server.Close()
	}
	w.serving.Wait()
}
