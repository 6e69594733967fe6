package office

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"sync"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	"asysta.example/internal/rpc"
)

// Run serves services on one server behind all interceptors until the test ends; the pipe is the way in.
func (o *Office) Run(services ...rpc.Service) *rpc.Pipe {
	o.t.Helper()
	srv, err := rpc.NewServer(o.Deps, o.auth)
	Must(o.t, err)
	for _, s := range services {
		s.Register(srv)
	}
	Must(o.t, srv.Check())
	pipe := rpc.NewPipe()
	done := make(chan error, 1)
	go func() { done <- srv.Serve(pipe) }()
	o.t.Cleanup(func() {
		srv.Shutdown(context.WithoutCancel(o.t.Context()))
		if err := <-done; err != nil {
			o.t.Error(err)
		}
	})
	return pipe
}

// Connect connects to a running server until the test ends, as a client does.
func (o *Office) Connect(pipe *rpc.Pipe, opts ...rpc.DialOption) *grpc.ClientConn {
	o.t.Helper()
	conn, err := pipe.Dial(opts...)
	Must(o.t, err)
	o.t.Cleanup(func() { _ = conn.Close() }) // the server behind it ends next
	return conn
}

// Serve runs services on one server and connects to it. Refusals come back as faults.
func (o *Office) Serve(services ...rpc.Service) *grpc.ClientConn {
	o.t.Helper()
	return o.Connect(o.Run(services...), rpc.WithFaults())
}

// logBook keeps what services log.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(l, nil)) }

// Write implements io.Writer.
func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// REST serves the contract's REST face in front of a running server, with the given handlers of generated code, until the test ends.
func (o *Office) REST(pipe *rpc.Pipe, handlers ...func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error) *httptest.Server {
	o.t.Helper()
	mux, conn := runtime.NewServeMux(), o.Connect(pipe) // the gateway sees statuses, not faults
	for _, register := range handlers {
		Must(o.t, register(o.t.Context(), mux, conn))
	}
	srv := httptest.NewServer(mux)
	o.t.Cleanup(srv.Close)
	return srv
}
