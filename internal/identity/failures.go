package identity

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"asysta.example/internal/fault"
)

// maxOrigins bounds the addresses whose failures are counted at one time.
const maxOrigins = 10000

// failures bounds how many tokens that are no good are verified for one address. Who is logged in already is not touched by what a neighbour behind the same
// address does: a token found good before is not verified again.
type failures struct {
	perSecond rate.Limit
	burst     int
	proxies   []netip.Prefix

	mu   sync.Mutex
	seen map[string]*rate.Limiter // of origins with failures; full again: forgotten
}

// WithFailures bounds the tokens of one address that turn out to be no good: perSecond in the long run, burst at once. Proxies are the addresses of proxies
// before the gateway, whose word about their clients counts.
func WithFailures(perSecond float64, burst int, proxies []netip.Prefix) Option {
	return func(a *Authenticator) {
		a.failures = &failures{perSecond: rate.Limit(perSecond), burst: burst, proxies: proxies, seen: map[string]*rate.Limiter{}}
	}
}

// allow refuses an origin whose tokens were no good too often.
func (f *failures) allow(origin string, now time.Time) error {
	if f == nil || origin == "" {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if l, ok := f.seen[origin]; ok && l.TokensAt(now) < 1 {
		refused := fault.Exhausted("LOGIN_RATE", "Z tego adresu przyszło zbyt wiele nieudanych prób logowania. Odczekaj minutę i zaloguj się ponownie.")
		refused.Retry = time.Minute
		return refused
	}
	return nil
}

// note counts a token that was no good. That it could not be verified is nobody's failure here.
func (f *failures) note(origin string, err error, now time.Time) {
	if refused, ok := fault.As(err); f == nil || origin == "" || !ok || refused.Kind != fault.KindUnauthenticated {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.seen[origin]
	if !ok {
		if len(f.seen) >= maxOrigins {
			f.forget(now)
		}
		l = rate.NewLimiter(f.perSecond, f.burst)
		f.seen[origin] = l
	}
	l.AllowN(now, 1)
}

// forget drops the origins that have been quiet; where none has, all, so that memory stays bounded.
func (f *failures) forget(now time.Time) {
	for origin, l := range f.seen {
		if l.TokensAt(now) >= float64(f.burst) {
			delete(f.seen, origin)
		}
	}
	if len(f.seen) >= maxOrigins {
		clear(f.seen)
	}
}

// origin is the address that a call comes from; "" for this machine, which is not bounded. Whom a gateway or a proxy names is believed only where it is itself in
// this process or on this machine, has shown a certificate of the deployment, or is a proxy that the operator named.
func (f *failures) origin(ctx context.Context) string {
	if f == nil {
		return ""
	}
	p, ok := peer.FromContext(ctx)
	if !ok {
		return ""
	}
	var hops []string
	for _, line := range metadata.ValueFromIncomingContext(ctx, "x-forwarded-for") {
		hops = append(hops, strings.Split(line, ",")...)
	}
	at := ""
	if a, ok := p.Addr.(*net.TCPAddr); ok { // otherwise the pipe of this process
		at = a.AddrPort().Addr().Unmap().String()
		if !f.believed(at) && !certified(p.AuthInfo) {
			return prefix(at)
		}
	}
	for _, hop := range slices.Backward(hops) {
		if at = strings.TrimSpace(hop); !f.believed(at) {
			return prefix(at)
		}
	}
	return prefix(at)
}

// believed tells whether an address is of this machine or of a proxy.
func (f *failures) believed(at string) bool {
	a, err := netip.ParseAddr(at)
	if err != nil {
		return false
	}
	a = a.Unmap()
	return a.IsLoopback() || slices.ContainsFunc(f.proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// certified tells whether the other side has shown a certificate that the deployment's CA signed.
func certified(info credentials.AuthInfo) bool {
	t, ok := info.(credentials.TLSInfo)
	return ok && len(t.State.VerifiedChains) > 0
}

// prefix is what addresses are counted by: an address of version 4, a network of 64 bits of version 6, "" for this machine. What is no address is one origin.
func prefix(at string) string {
	a, err := netip.ParseAddr(at)
	switch {
	case at == "":
		return ""
	case err != nil:
		return "unknown"
	case a.Unmap().IsLoopback():
		return ""
	case a.Unmap().Is4():
		return a.Unmap().String()
	}
	net64, _ := a.WithZone("").Prefix(64) // 64 bits are within any address of version 6
	return net64.String()
}
