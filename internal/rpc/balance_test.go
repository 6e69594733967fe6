package rpc_test

import (
	"context"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver/dns"

	"asysta.example/internal/rpc"
)

// names is a DNS server for one name, whose addresses a test changes, as a headless service of Kubernetes does when its pods come and go.
type names struct {
	conn net.PacketConn
	mu   sync.Mutex
	ips  []string
}

func serveNames(t *testing.T, ips ...string) *names {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{conn: conn, ips: ips}
	var serving sync.WaitGroup
	serving.Go(func() {
		packet := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			if answer, err := n.answer(packet[:size]); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	})
	t.Cleanup(func() {
		_ = conn.Close()
		serving.Wait()
	})
	return n
}

func (n *names) set(ips ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ips = ips
}

// answer gives the addresses to whoever asks for type A, and nothing of any other type.
func (n *names) answer(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, err
	}
	m.Response, m.Additionals = true, nil
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, ip := range n.ips {
		if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1}, Body: &dnsmessage.AResource{A: [4]byte(net.ParseIP(ip).To4())},
			})
		}
	}
	return m.Pack()
}

// backend is one process of a service, at an address of its own and the port of the others.
type backend struct {
	calls  atomic.Int64
	server *grpc.Server
}

func startBackend(t *testing.T, lis net.Listener, opts ...grpc.ServerOption) *backend {
	t.Helper()
	b := &backend{}
	b.server = grpc.NewServer(append(opts, grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		b.calls.Add(1)
		return handle(ctx, req)
	}))...)
	healthpb.RegisterHealthServer(b.server, health.NewServer())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.server.Serve(lis)
	}()
	t.Cleanup(func() {
		b.server.Stop()
		<-done
	})
	return b
}

// atOnePort listens at several addresses of this machine with one port.
func atOnePort(t *testing.T, ips ...string) (listeners []net.Listener, port string) {
	t.Helper()
	for range 50 {
		listeners, port = nil, "0"
		for _, ip := range ips {
			lis, err := net.Listen("tcp", net.JoinHostPort(ip, port))
			if err != nil {
				break
			}
			port = strconv.Itoa(lis.Addr().(*net.TCPAddr).Port)
			listeners = append(listeners, lis)
		}
		if len(listeners) == len(ips) {
			return listeners, port
		}
		for _, lis := range listeners {
			_ = lis.Close()
		}
	}
	t.Fatal("no port that is free at all addresses")
	return nil, ""
}

// A client finds all processes behind a name and spreads its calls over them, goes on with the others when one dies, and finds one that came later as soon as a server
// gives up an old connection.
func TestCallsSpreadOverAName(t *testing.T) {
	dns.SetMinResolutionInterval(10 * time.Millisecond) // a client asks no more often than every 30 s, which is as well in production
	listeners, port := atOnePort(t, "127.0.0.2", "127.0.0.3", "127.0.0.4")
	first := startBackend(t, listeners[0])
	second := startBackend(t, listeners[1], grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: 300 * time.Millisecond, MaxConnectionAgeGrace: time.Second}))
	third := startBackend(t, listeners[2])
	name := serveNames(t, "127.0.0.2", "127.0.0.3")
	conn, err := rpc.Dial("dns://" + name.conn.LocalAddr().String() + "/casefile.asysta.test.:" + port)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()

	ask := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
		return err
	}
	until := func(what string, done func() bool) {
		t.Helper()
		for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: never; calls %d, %d, %d", what, first.calls.Load(), second.calls.Load(), third.calls.Load())
			}
		}
	}
	spread := func(a, b *backend) func() bool {
		return func() bool { // 20 calls in a row, shared evenly but for a connection that is just made again
			x, y := a.calls.Load(), b.calls.Load()
			for range 20 {
				if ask() != nil {
					return false
				}
			}
			return min(a.calls.Load()-x, b.calls.Load()-y) >= 8
		}
	}
	until("calls reach both", spread(first, second))
	if n := third.calls.Load(); n > 0 {
		t.Errorf("%d calls to an address that the name does not have", n)
	}

	first.server.Stop()
	name.set("127.0.0.3")
	until("calls go on after a death", func() bool {
		for range 20 {
			if ask() != nil {
				return false
			}
		}
		return true
	})

	name.set("127.0.0.3", "127.0.0.4")
	until("calls reach who came later", spread(second, third))
}

// Both ways to write the address of a service ask DNS for all that the name has and spread the calls over it.
func TestBothFormsOfAnAddressSpreadCalls(t *testing.T) {
	listeners, port := atOnePort(t, "127.0.0.5", "127.0.0.6")
	first, second := startBackend(t, listeners[0]), startBackend(t, listeners[1])
	name := serveNames(t, "127.0.0.5", "127.0.0.6")
	resolver := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = resolver })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", name.conn.LocalAddr().String())
	}}
	for _, form := range []string{"casefile.asysta.test:", "dns:///casefile.asysta.test:"} {
		conn, err := rpc.Dial(form + port)
		must(t, err)
		x, y := first.calls.Load(), second.calls.Load()
		for end := time.Now().Add(30 * time.Second); min(first.calls.Load()-x, second.calls.Load()-y) < 20; {
			if time.Now().After(end) {
				t.Fatalf("%s: %d and %d calls reach the two processes", form, first.calls.Load()-x, second.calls.Load()-y)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			_, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
			cancel()
			must(t, err)
		}
		must(t, conn.Close())
	}
}
