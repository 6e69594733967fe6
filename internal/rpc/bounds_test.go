package rpc_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
)

func TestRateOfAPersonAndMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	metrics, err := rpc.NewMetrics(registry)
	must(t, err)
	w := newWorld(t, rpc.WithRate(0.001, 2), rpc.WithMetrics(metrics))
	w.referrals.get = func(context.Context, *referralv1.GetReferralRequest) (*referralv1.Referral, error) {
		return &referralv1.Referral{}, nil
	}
	req := &referralv1.GetReferralRequest{Name: ref(gmina, "r1")}
	for range 2 {
		_, err := client(w).GetReferral(w.as("head"), req)
		must(t, err)
	}
	if _, err := client(w).GetReferral(w.as("head"), req); status.Code(err) != codes.ResourceExhausted || info(err).GetReason() != "RATE" {
		t.Errorf("third call: %v", err)
	} else if f, ok := fault.As(rpc.FaultFrom(err)); !ok || f.Retry < time.Second || f.Retry > 1000*time.Second {
		t.Errorf("the third call may be repeated after %v, want some 1000 s", f.Retry)
	}
	_, err = client(w).GetReferral(w.as("worker"), req)
	must(t, err)
	want := `
# HELP asysta_calls_total Calls answered, by method, code and reason.
# TYPE asysta_calls_total counter
asysta_calls_total{code="OK",method="/asysta.referral.v1.ReferralService/GetReferral",reason=""} 3
asysta_calls_total{code="ResourceExhausted",method="/asysta.referral.v1.ReferralService/GetReferral",reason="RATE"} 1
`
	must(t, testutil.GatherAndCompare(registry, strings.NewReader(want), "asysta_calls_total"))
}

// What is remembered of callers is bounded, whoever comes.
func TestCallersAreForgotten(t *testing.T) {
	b := rpc.NewBounds(1, 7)
	for i := range 2*rpc.MaxCallers + 1 {
		must(t, b.Call(fmt.Sprint("person-", i), now))
		if !b.Former(fmt.Sprint("subject-", i), now) {
			t.Fatal("a subject that came once is taken for one that came again")
		}
	}
	if callers, former := b.Remembered(); callers > rpc.MaxCallers || former > rpc.MaxCallers {
		t.Errorf("%d callers and %d subjects are remembered, at most %d may be", callers, former, rpc.MaxCallers)
	}
}

// streamsAtOnce is how many streams docs/OPERATIONS.md says that a connection may have.
const streamsAtOnce = 1000

// A connection that has as many streams as it may lets a further call wait, until one of them has ended; other connections go on.
func TestACallBeyondTheStreamsOfAConnectionWaits(t *testing.T) {
	if within {
		t.Skip("within the process there is no connection")
	}
	w := newWorld(t)
	beside := dial(t, w.pipe)
	defer func() { must(t, beside.Close()) }()
	full, other := healthpb.NewHealthClient(w.conn), healthpb.NewHealthClient(beside)
	var end context.CancelFunc
	for range streamsAtOnce {
		var ctx context.Context
		ctx, end = context.WithCancel(t.Context())
		t.Cleanup(end)
		stream, err := full.Watch(ctx, &healthpb.HealthCheckRequest{})
		must(t, err)
		_, err = stream.Recv()
		must(t, err)
	}
	answered := make(chan error, 1)
	go func() {
		_, err := full.Check(t.Context(), &healthpb.HealthCheckRequest{})
		answered <- err
	}()
	_, err := other.Check(t.Context(), &healthpb.HealthCheckRequest{})
	must(t, err)
	select {
	case err := <-answered:
		t.Fatalf("a call beyond %d streams is answered with %v", streamsAtOnce, err)
	case <-time.After(100 * time.Millisecond):
	}
	end()
	select {
	case err := <-answered:
		must(t, err)
	case <-time.After(10 * time.Second):
		t.Error("a stream has ended, and the call that waited for its place is not answered")
	}
}

// A server says what a connection may ask for, and refuses the streams of a client that does not keep to it.
func TestAClientThatDoesNotCountItsStreamsIsRefused(t *testing.T) {
	if within {
		t.Skip("within the process there is no connection")
	}
	w := newWorld(t)
	conn, err := w.pipe.DialContext(t.Context())
	must(t, err)
	defer func() { must(t, conn.Close()) }()
	must(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	sent := make(chan error, 1)
	go func() { sent <- openStreams(conn, streamsAtOnce+1) }()
	told, frames := map[http2.SettingID]uint32{}, http2.NewFramer(io.Discard, conn)
	for {
		frame, err := frames.ReadFrame()
		must(t, err)
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			must(t, f.ForeachSetting(func(s http2.Setting) error { told[s.ID] = s.Val; return nil }))
		case *http2.RSTStreamFrame:
			if last := uint32(2*streamsAtOnce + 1); f.StreamID != last || f.ErrCode != http2.ErrCodeRefusedStream {
				t.Errorf("stream %d is ended with %v, want %d and %v", f.StreamID, f.ErrCode, last, http2.ErrCodeRefusedStream)
			}
			must(t, <-sent)
			if told[http2.SettingMaxConcurrentStreams] != streamsAtOnce || told[http2.SettingMaxHeaderListSize] != 64<<10 {
				t.Errorf("the server says of a connection %v", told)
			}
			return
		}
	}
}

// openStreams begins calls and leaves them without a request.
func openStreams(conn net.Conn, n int) error {
	var head bytes.Buffer
	encoder := hpack.NewEncoder(&head)
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return err
	}
	frames := http2.NewFramer(conn, nil)
	if err := frames.WriteSettings(); err != nil {
		return err
	}
	for i := range n {
		head.Reset()
		for _, f := range [][2]string{{":method", "POST"}, {":scheme", "http"}, {":authority", "localhost"}, {":path", healthpb.Health_Watch_FullMethodName}, {"content-type", "application/grpc"}, {"te", "trailers"}} {
			if err := encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]}); err != nil {
				return err
			}
		}
		if err := frames.WriteHeaders(http2.HeadersFrameParam{StreamID: uint32(2*i + 1), BlockFragment: head.Bytes(), EndHeaders: true}); err != nil {
			return err
		}
	}
	return nil
}
