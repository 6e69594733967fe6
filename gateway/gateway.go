package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/textproto"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
)

// Config is what an operator may set; the zero Config works.
type Config struct {
	MaxBody        int64         // bytes of a request body; 1 MiB where zero
	Timeout        time.Duration // of a call that is no stream; 30 s where zero
	StreamTimeout  time.Duration // of a stream; 10 min where zero
	AllowedOrigins []string      // origins that may call from a browser; none where empty
	AtOnce         int           // requests answered at one time, the rest refused; 1000 where zero

	Log        *slog.Logger                  // none where nil
	Metrics    prometheus.Registerer         // none where nil
	Tracer     trace.Tracer                  // makes a span of each request; none where nil
	Propagator propagation.TextMapPropagator // finds the trace that a request belongs to; needed with a Tracer
}

func (c Config) withDefaults() Config {
	if c.MaxBody <= 0 {
		c.MaxBody = 1 << 20
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.StreamTimeout <= 0 {
		c.StreamTimeout = 10 * time.Minute
	}
	if c.AtOnce <= 0 {
		c.AtOnce = 1000
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Conns are the connections to the services; in one process all four may be the same.
type Conns struct {
	Referral, Casefile, Planning, Reporting grpc.ClientConnInterface
}

func (c Conns) complete() error {
	for name, conn := range map[string]grpc.ClientConnInterface{"referral": c.Referral, "casefile": c.Casefile, "planning": c.Planning, "reporting": c.Reporting} {
		if conn == nil {
			return errors.New("gateway: no connection to the service " + name)
		}
	}
	return nil
}

// New gives the handler of the REST interface, its documentation under /docs and /openapi.json, and its health under /healthz and /readyz.
func New(ctx context.Context, cfg Config, conns Conns) (http.Handler, error) {
	cfg = cfg.withDefaults()
	if err := conns.complete(); err != nil {
		return nil, err
	}
	api, err := newMux(ctx, conns)
	if err != nil {
		return nil, err
	}
	watch, err := newObserver(cfg)
	if err != nil {
		return nil, err
	}
	root := http.NewServeMux()
	root.Handle("/v1/", watch.over(limited(cfg, api)))
	root.Handle("/healthz", http.HandlerFunc(live))
	root.Handle("/readyz", ready(conns))
	root.Handle("/openapi.json", http.HandlerFunc(openAPI))
	root.Handle("/docs/", docs())
	root.Handle("/docs", http.RedirectHandler("/docs/", http.StatusMovedPermanently))
	root.Handle("/", http.HandlerFunc(notFound))
	return secured(crossOrigin(cfg.AllowedOrigins, root)), nil
}

func newMux(ctx context.Context, conns Conns) (*runtime.ServeMux, error) {
	parseStrictly()
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, asJSON()),
		runtime.WithWriteContentLength(), // a known length spares the frames of chunks and one write to the connection
		runtime.WithIncomingHeaderMatcher(incoming),
		runtime.WithOutgoingHeaderMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithOutgoingTrailerMatcher(func(string) (string, bool) { return "", false }),
		runtime.WithErrorHandler(handleError),
		runtime.WithStreamErrorHandler(streamError),
		runtime.WithRoutingErrorHandler(routingError),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithMiddlewares(routed, strict),
	)
	for _, r := range routes(conns) {
		if err := r.register(ctx, mux, r.conn); err != nil {
			return nil, err
		}
	}
	return mux, nil
}

// incoming is the allow-list of headers that become metadata. The bearer token passes on its own; nothing else of a client's reaches a service.
func incoming(header string) (string, bool) {
	switch textproto.CanonicalMIMEHeaderKey(header) {
	case "Traceparent":
		return "traceparent", true
	default:
		return "", false
	}
}
