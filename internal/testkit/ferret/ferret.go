package ferret

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// Server is one running FerretDB, listening on a free port of the loopback interface; other processes of the machine can connect to it.
type Server struct {
	// URI is what a driver connects to, e.g. "mongodb://127.0.0.1:41234/".
	URI string

	cancel context.CancelFunc
	done   chan struct{}
}

// Listen starts a server that keeps its data below dir, which must exist. Started again over the same directory it has the same data.
func Listen(dir string) (*Server, error) {
	f, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + dir + "/?_pragma=synchronous(off)", // what a test writes need not survive a loss of power
		Logger:    slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, fmt.Errorf("ferret: start: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		_ = f.Run(ctx) // always nil: it ends when the context does
	}()
	s.URI = f.MongoDBURI()
	return s, nil
}

// Stop cuts all connections and ends the server; it returns when nothing of it runs any more.
func (s *Server) Stop() {
	s.cancel()
	<-s.done
}

// Start gives a test a server of its own, empty, and stops it at the test's end.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := Listen(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Stop)
	return s
}
