package mongo_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"asysta.example/internal/store/mongo"
	"asysta.example/internal/testkit/mongotest"
)

// wire is a way to a server that can be cut.
type wire struct {
	lis   net.Listener
	mu    sync.Mutex
	conns []net.Conn
	done  sync.WaitGroup
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{lis: lis}
	w.done.Go(func() {
		for {
			here, err := lis.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", to)
			if err != nil {
				_ = here.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, here, there)
			w.mu.Unlock()
			for _, pair := range [][2]net.Conn{{here, there}, {there, here}} {
				w.done.Go(func() {
					_, _ = io.Copy(pair[0], pair[1])
					_ = pair[0].Close()
				})
			}
		}
	})
	return w
}

func (w *wire) cut() {
	_ = w.lis.Close()
	w.mu.Lock()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.mu.Unlock()
	w.done.Wait()
}

// TestCloseDoesNotWaitForAServerThatIsGone: left to itself the driver looks for a server for half a minute, which is longer than whoever ends a process waits.
func TestCloseDoesNotWaitForAServerThatIsGone(t *testing.T) {
	uri, database := mongotest.Database(t)
	at, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	w := newWire(t, at.Host)
	at.Host = w.lis.Addr().String()
	e, err := mongo.Open(t.Context(), at.String(), database)
	if err != nil {
		t.Fatal(err)
	}
	var together sync.WaitGroup
	for range 16 { // each at the same time has a session of its own, which the driver wants to end
		together.Go(func() {
			if err := e.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	together.Wait()
	w.cut()
	for range 2 { // until the driver knows
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		if err := e.Ping(ctx); err == nil {
			t.Error("a server that is gone answers")
		}
		cancel()
	}
	closed := make(chan error, 1)
	go func() { closed <- e.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Errorf("Close: %v", err)
		}
	case <-time.After(25 * time.Second):
		t.Error("Close still waits for the server")
		t.Logf("it ended at last: %v", <-closed)
	}
}
