package suite

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"asysta.example/internal/identity"
)

// hsts tells browsers for half a year to ask over TLS only.
const hsts = "max-age=15768000"

func (c Web) faults() []error {
	var faults []error
	if (c.WebCert == "") != (c.WebKey == "") {
		faults = append(faults, errors.New("ASYSTA_GATEWAY_TLS_CERT_FILE and ASYSTA_GATEWAY_TLS_KEY_FILE come together"))
	}
	if _, err := networks(c.Before); err != nil {
		faults = append(faults, err)
	}
	for _, origin := range c.Origins {
		faults = append(faults, originFault(origin))
	}
	return faults
}

// originFault says what is wrong with a web origin. A browser names it as scheme, host and port with nothing behind, and it is compared letter by letter, so that one written
// in another way would let nobody in.
func originFault(origin string) error {
	u, err := url.Parse(origin)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || origin != strings.ToLower(u.Scheme+"://"+u.Host) {
		return fmt.Errorf("ASYSTA_ALLOWED_ORIGINS: %q is no origin as browsers write it, such as https://opieka.powiat.example or http://127.0.0.1:3000, without a slash at the end", origin)
	}
	return nil
}

// networks reads addresses and networks.
func networks(list []string) (out []netip.Prefix, err error) {
	for _, one := range trimmed(list) {
		p, err := netip.ParsePrefix(one)
		if err != nil {
			a, wrong := netip.ParseAddr(one)
			if wrong != nil {
				return nil, fmt.Errorf("ASYSTA_TRUSTED_PROXIES: %q is no address and no network such as 10.1.0.0/16", one)
			}
			p = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// protect lets the REST interface end TLS itself, where a certificate is set, and puts the front before its handler.
func (c Web) protect(w *web, handler http.Handler, log *slog.Logger) (http.Handler, error) {
	proxies, err := networks(c.Before)
	if err != nil {
		return nil, err
	}
	if c.WebCert != "" {
		source, err := newCertSource(c.WebCert, c.WebKey, log)
		if err != nil {
			return nil, fmt.Errorf("ASYSTA_GATEWAY_TLS_CERT_FILE, ASYSTA_GATEWAY_TLS_KEY_FILE: %w", err)
		}
		w.lis = tls.NewListener(w.lis, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: source.server, NextProtos: []string{"h2", "http/1.1"}})
	} else if !c.Plain && len(proxies) == 0 && !identity.Loopback(w.lis.Addr().String()) {
		log.Warn("plain HTTP from other machines is refused: set ASYSTA_GATEWAY_TLS_CERT_FILE, ASYSTA_TRUSTED_PROXIES or ASYSTA_GATEWAY_PLAIN")
	}
	return &front{proxies: proxies, plain: c.Plain, next: handler}, nil
}

// front is what a request passes before the REST interface: what it says of where it comes from is believed of a trusted proxy alone, and a token is not read out of
// a request that came in the clear over a network.
type front struct {
	proxies []netip.Prefix
	plain   bool
	next    http.Handler
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := remote(r)
	trusted := from.IsLoopback() || f.trusts(from)
	if !trusted {
		r = withoutForwarded(r)
	}
	proto := r.Header.Get("X-Forwarded-Proto")
	secure := r.TLS != nil || (trusted && strings.EqualFold(proto, "https"))
	switch {
	case secure:
		w.Header().Set("Strict-Transport-Security", hsts)
	case f.plain, from.IsLoopback() && proto == "", r.URL.Path == "/healthz", r.URL.Path == "/readyz":
	default:
		refusePlain(w)
		return
	}
	f.next.ServeHTTP(w, r)
}

func (f *front) trusts(a netip.Addr) bool {
	for _, p := range f.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// remote is the address that the connection comes from; the zero Addr, which is nobody's, where there is none.
func remote(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// withoutForwarded gives the request without what a proxy would have said of it.
func withoutForwarded(r *http.Request) *http.Request {
	header := r.Header.Clone()
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"} {
		header.Del(name)
	}
	next := *r
	next.Header = header
	return &next
}

// refusePlain answers as the REST interface answers what is refused, without a word about what was asked for.
func refusePlain(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Connection", "close")
	w.WriteHeader(http.StatusForbidden)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": 7, "message": "Połączenie nie jest szyfrowane. Użyj adresu https://. (The connection is not encrypted.)", "details": []any{}})
}
