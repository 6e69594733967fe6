package rig

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"asysta.example/internal/identity"
)

// Issuer serves an OpenID Connect issuer on this machine, whose tokens are good whatever happens to the processes that accept them.
type Issuer struct {
	URL    string
	trial  *identity.TrialIssuer
	server *http.Server
	mu     sync.Mutex
	tokens map[string]string
}

// NewIssuer starts an issuer; Close ends it.
func NewIssuer() (*Issuer, error) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("rig: issuer: %w", err)
	}
	i := &Issuer{URL: "http://" + lis.Addr().String() + "/issuer", tokens: map[string]string{}}
	if i.trial, err = identity.NewTrialIssuer(i.URL, "asysta", time.Now, nil); err != nil {
		return nil, fmt.Errorf("rig: issuer: %w", err)
	}
	i.server = &http.Server{Handler: i.trial.Handler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = i.server.Serve(lis) }() // ends with Close
	return i, nil
}

// Close ends the issuer.
func (i *Issuer) Close() { _ = i.server.Close() }

// Token gives the token of a login subject; it implements scenario.Token.
func (i *Issuer) Token(_ context.Context, as string) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if token, ok := i.tokens[as]; ok {
		return token, nil
	}
	token, err := i.trial.Token(as)
	i.tokens[as] = token
	return token, err
}
