package identity

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"asysta.example/internal/fault"
)

// Bounds of the questions to a provider.
const (
	asking       = 10 * time.Second // one question by whoever cannot go on without its answer
	refreshing   = 2 * time.Second  // one question by whoever could
	askAgain     = 10 * time.Second // the shortest time between two questions, whatever comes in
	maxKeys      = 100              // of a provider; more are not looked at
	maxPublished = 1 << 20          // bytes of what a provider publishes
)

// published is what a provider says of itself.
type published struct {
	algorithms []jose.SignatureAlgorithm
	keys       []jose.JSONWebKey
}

// keyring keeps the keys of one provider. It asks when it has none, when they are no longer fresh, and for a key it does not know; never more than once in
// askAgain, so that a flood of tokens with invented keys reaches the provider as one question, and never twice at once.
type keyring struct {
	fetch func(context.Context) (published, error)
	clock func() time.Time
	kept  time.Duration // after which keys that could not be confirmed are not used any more

	mu      sync.Mutex
	known   published
	ids     map[[sha256.Size]byte]bool // thumbprints of known.keys
	epoch   uint64                     // counts the times when a key was withdrawn
	fetched time.Time                  // instant of known; zero: nothing is known
	asked   time.Time                  // last question
	failure error                      // of the last question
	flight  chan struct{}              // closed when the running question is answered
}

// current gives what is known, asking the provider where that is no longer fresh. Where it does not answer, what was known serves for a while.
func (k *keyring) current(ctx context.Context) (published, uint64, error) {
	k.mu.Lock()
	if age := k.age(k.fetched); !k.fetched.IsZero() && age < FreshFor {
		defer k.mu.Unlock()
		return k.known, k.epoch, nil
	}
	usable := k.usable()
	k.mu.Unlock()
	patience := asking
	if usable {
		patience = refreshing
	}
	err := k.ask(ctx, patience)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.usable() {
		return k.known, k.epoch, nil
	}
	return published{}, k.epoch, silent(err)
}

// silent is the fault of a provider that does not answer.
func silent(err error) error {
	return fmt.Errorf("identity: keys of the issuer: %w", errors.Join(err, fault.Unavailable("ISSUER")))
}

// renewed gives what is known after asking the provider for keys that are not, unless that was done a moment ago. An error says that the provider did not
// answer then; what was known stays known.
func (k *keyring) renewed(ctx context.Context) (published, error) {
	err := k.ask(ctx, refreshing)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.known, err
}

// usable tells whether what is known may be used though it could not be confirmed.
func (k *keyring) usable() bool {
	return !k.fetched.IsZero() && k.age(k.fetched) < max(k.kept, FreshFor)
}

// age is how long ago an instant was; a clock that was set back makes everything old.
func (k *keyring) age(since time.Time) time.Duration {
	if age := k.clock().Sub(since); age >= 0 {
		return age
	}
	return LongestKept + FreshFor
}

// ask puts the question, or waits for who does; at once where it was put a moment ago.
func (k *keyring) ask(ctx context.Context, patience time.Duration) error {
	k.mu.Lock()
	if k.flight != nil {
		flight := k.flight
		k.mu.Unlock()
		return k.await(ctx, flight, patience)
	}
	if !k.asked.IsZero() && k.age(k.asked) < askAgain {
		defer k.mu.Unlock()
		return k.failure
	}
	k.flight, k.asked = make(chan struct{}), k.clock()
	k.mu.Unlock()
	// Who asks may go away; those who wait shall have the answer.
	asked, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	p, err := k.fetch(asked)
	k.settle(p, err)
	return err
}

func (k *keyring) await(ctx context.Context, flight <-chan struct{}, patience time.Duration) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-flight:
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.failure
	case <-timer.C:
		return context.DeadlineExceeded
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settle takes an answer in. A key that is gone begins a new epoch: tokens that it had signed are verified anew.
func (k *keyring) settle(p published, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	close(k.flight)
	k.flight, k.failure = nil, err
	if err != nil {
		return
	}
	ids := map[[sha256.Size]byte]bool{}
	for _, key := range p.keys {
		if print, err := thumbprint(key); err == nil {
			ids[print] = true
		}
	}
	for old := range maps.Keys(k.ids) {
		if !ids[old] {
			k.epoch++
			break
		}
	}
	k.known, k.ids, k.fetched = p, ids, k.clock()
}

// thumbprint tells keys apart by what they are, not by what they are called.
func thumbprint(key jose.JSONWebKey) ([sha256.Size]byte, error) {
	raw, err := jose.JSONWebKey{Key: key.Key, KeyID: key.KeyID}.MarshalJSON()
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("identity: key of the issuer: %w", err)
	}
	return sha256.Sum256(raw), nil
}

// matching are the keys that may have signed a token: those of its key id, or, where it names none, all of its algorithm.
func (p published) matching(id, algorithm string) []jose.JSONWebKey {
	var found []jose.JSONWebKey
	for _, key := range p.keys {
		if (id == "" || key.KeyID == id) && (key.Algorithm == "" || key.Algorithm == algorithm) {
			found = append(found, key)
		}
	}
	return found
}
