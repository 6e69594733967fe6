package suite

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are pipes in memory, which know deadlines by the time of the test.
type pipes struct {
	come chan net.Conn
	done chan struct{}
}

func newPipes() *pipes { return &pipes{come: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.come:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	close(p.done)
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.come <- there
	return here
}

// TestSlowConnectionsAreGivenUp sends what never ends and reads what it is not given time for.
func TestSlowConnectionsAreGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		send   string
		within time.Duration
	}{
		"headers that do not end":  {"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", headerWithin},
		"a body that does not end": {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", readWithin},
		"nothing after an answer":  {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", idleAfter},
		"an answer nobody reads":   {"GET /long HTTP/1.1\r\nHost: x\r\n\r\n", writeWithin},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lis, failed := newPipes(), make(chan error, 1)
				w := &web{lis: lis, drain: time.Second}
				w.serve(t.Context(), http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					if r.URL.Path == "/long" {
						_, _ = rw.Write(make([]byte, 1<<20))
					}
				}), failed)
				conn := lis.dial()
				began := time.Now()
				if _, err := conn.Write([]byte(c.send)); err != nil {
					t.Fatal(err)
				}
				if c.send[5] == 'l' {
					time.Sleep(c.within + time.Second) // nobody reads
				}
				_, err := io.Copy(io.Discard, conn)
				took := time.Since(began)
				if err != nil && !errors.Is(err, io.ErrClosedPipe) && !errors.Is(err, io.EOF) {
					t.Errorf("the connection ended with %v", err)
				}
				if took > c.within+5*time.Second {
					t.Errorf("given up after %s, want about %s", took, c.within)
				}
				_ = conn.Close()
				w.close()
			})
		})
	}
}

// TestConnectionsAreBounded shows that the listener takes no more at a time than it may, and takes the next when one has ended.
func TestConnectionsAreBounded(t *testing.T) {
	lis, err := listenAtMost(t.Context(), "127.0.0.1:0", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lis.Close() }()
	taken := make(chan net.Conn, 3)
	go func() {
		for {
			c, err := lis.Accept()
			if err != nil {
				return
			}
			taken <- c
		}
	}()
	var open []net.Conn
	for range 3 {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", lis.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	defer func() {
		for _, c := range open {
			_ = c.Close()
		}
	}()
	first := <-taken
	<-taken
	select {
	case <-taken:
		t.Error("the third connection was taken beside two others")
	case <-time.After(50 * time.Millisecond):
	}
	_ = first.Close()
	select {
	case <-taken:
	case <-time.After(time.Minute):
		t.Error("the third connection was not taken when the first had ended")
	}
}

func TestWorkThatPanicsGoesOnAndIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, rounds := &heard{}, make(chan int, 8)
		n := 0
		work := start(t.Context(), log.deps(), []Work{{Name: "test/work", Every: time.Second, Round: func(ctx context.Context) error {
			n++
			rounds <- n
			mended(ctx, 2)
			switch n {
			case 1:
				panic("Kowalska")
			case 2:
				return errors.New("cause")
			}
			return nil
		}}}, log.metrics(t))
		for range 3 {
			<-rounds
		}
		synctest.Wait()
		work.end()
		log.check(t)
	})
}

func TestATakenPortNamesItsSetting(t *testing.T) {
	first, err := listen(t.Context(), "LISTEN", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = first.Close() })
	if _, err := listenWeb(t.Context(), "GATEWAY_LISTEN", first.Addr().String(), time.Second); err == nil || !strings.Contains(err.Error(), "set ASYSTA_GATEWAY_LISTEN to another address") {
		t.Error(err)
	}
}
