package identity_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"asysta.example/internal/fault"
	"asysta.example/internal/identity"
)

// from is the context of a call from an address, which names hops before it.
func from(ctx context.Context, addr net.Addr, auth credentials.AuthInfo, forwarded ...string) context.Context {
	ctx = peer.NewContext(ctx, &peer.Peer{Addr: addr, AuthInfo: auth})
	md := metadata.MD{}
	for _, f := range forwarded {
		md.Append("x-forwarded-for", f)
	}
	return metadata.NewIncomingContext(ctx, md)
}

func tcp(t *testing.T, s string) net.Addr {
	t.Helper()
	a, err := netip.ParseAddr(s)
	must(t, err)
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, 4711))
}

func TestFailedLoginsOfAnAddressAreBounded(t *testing.T) {
	key, stranger := newKey(t), newKey(t)
	dir, _ := people(t)
	now := start
	clock := func() time.Time { return now }
	pipe := &net.UnixAddr{Name: "bufconn"}
	cert := credentials.TLSInfo{State: tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{}}}}
	plain := credentials.TLSInfo{}
	const attacker, neighbour = "192.0.2.7", "192.0.2.8"
	for label, tt := range map[string]struct {
		call    func(ctx context.Context) context.Context
		bounded bool
	}{
		"straight to a service":            {func(ctx context.Context) context.Context { return from(ctx, tcp(t, attacker), nil) }, true},
		"another port is the same address": {func(ctx context.Context) context.Context { return from(ctx, tcp(t, attacker), plain) }, true},
		"through the gateway in process":   {func(ctx context.Context) context.Context { return from(ctx, pipe, nil, attacker) }, true},
		"through a gateway on the machine": {func(ctx context.Context) context.Context { return from(ctx, tcp(t, "127.0.0.1"), nil, attacker) }, true},
		"through a certified gateway": {func(ctx context.Context) context.Context {
			return from(ctx, tcp(t, "10.1.0.5"), cert, attacker)
		}, true},
		"through a proxy that was named": {func(ctx context.Context) context.Context { return from(ctx, pipe, nil, attacker+", 10.9.0.1") }, true},
		"with an invented hop before":    {func(ctx context.Context) context.Context { return from(ctx, pipe, nil, "198.51.100.9, "+attacker) }, true},
		"with this machine invented":     {func(ctx context.Context) context.Context { return from(ctx, pipe, nil, "127.0.0.1", attacker) }, true},
		"with nonsense before":           {func(ctx context.Context) context.Context { return from(ctx, pipe, nil, "<script>, "+attacker) }, true},
		"a stranger who names another":   {func(ctx context.Context) context.Context { return from(ctx, tcp(t, attacker), plain, neighbour) }, true},
		"version 6, any of the network":  {func(ctx context.Context) context.Context { return from(ctx, tcp(t, "2001:db8::1:2"), nil) }, true},
		"a program on this machine":      {func(ctx context.Context) context.Context { return from(ctx, pipe, nil, "127.0.0.1") }, false},
	} {
		t.Run(label, func(t *testing.T) {
			a := identity.New(identity.NewStatic(identity.Rules{Issuer: issuer, Audiences: []string{audience}}, clock, key.Public()), nil, dir, clock,
				identity.WithFailures(1, 5, []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")}))
			ctx := tt.call(t.Context())
			good, other := sign(t, "ES256", key, claims(nil)), sign(t, "ES256", key, map[string]any{"iss": issuer, "sub": "anna", "aud": audience, "exp": 9999999999, "jti": "2"})
			if _, err := a.Authenticate(ctx, good); err != nil {
				t.Fatal(err)
			}
			bad := 0
			for i := range 20 {
				token := sign(t, "ES256", stranger, map[string]any{"sub": fmt.Sprint("guess-", i)})
				if _, err := a.Authenticate(ctx, token); fault.IsReason(err, "TOKEN_INVALID") {
					bad++
				} else if !fault.IsReason(err, "LOGIN_RATE") {
					t.Fatal(err)
				}
			}
			if want := map[bool]int{true: 5, false: 20}[tt.bounded]; bad != want {
				t.Errorf("%d bad tokens were verified, want %d", bad, want)
			}
			if _, err := a.Authenticate(ctx, good); err != nil {
				t.Errorf("who was logged in before the flood: %v", err)
			}
			if _, err := a.Authenticate(ctx, other); tt.bounded != fault.IsReason(err, "LOGIN_RATE") {
				t.Errorf("a new login from the address of the flood: %v", err)
			}
			if _, err := a.Authenticate(from(t.Context(), pipe, nil, neighbour), other); err != nil {
				t.Errorf("a login from another address: %v", err)
			}
			now = now.Add(10 * time.Second)
			if _, err := a.Authenticate(ctx, other); err != nil {
				t.Errorf("a login when the flood is over: %v", err)
			}
		})
	}
}

func TestAddressesAreForgotten(t *testing.T) {
	key := newKey(t)
	dir, _ := people(t)
	clock := func() time.Time { return start }
	a := identity.New(identity.NewStatic(identity.Rules{Issuer: issuer, Audiences: []string{audience}}, clock, key.Public()), nil, dir, clock, identity.WithFailures(1, 5, nil))
	bad := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + ".e30."
	for i := range 2 * identity.MaxOrigins {
		ctx := from(t.Context(), tcp(t, netip.AddrFrom4([4]byte{198, byte(i >> 16), byte(i >> 8), byte(i)}).String()), nil)
		if _, err := a.Authenticate(ctx, bad); !fault.IsReason(err, "TOKEN_INVALID") {
			t.Fatal(err)
		}
	}
	if n := identity.Origins(a); n > identity.MaxOrigins {
		t.Errorf("%d addresses are remembered, at most %d may be", n, identity.MaxOrigins)
	}
}
