package identity

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/store"
)

// Verifier verifies a person's token.
type Verifier interface {
	// Verify gives subject and end of a token. A token that is not good is fault.Unauthenticated; other errors say that it could not be checked.
	Verify(ctx context.Context, token string) (subject string, expiry time.Time, err error)
	// Epoch is another number whenever tokens that were good have to be verified anew, because a key was withdrawn. An error says that at present no token can
	// be called good, whatever was found before.
	Epoch(ctx context.Context) (uint64, error)
}

// Authenticator gives the principal of a bearer token. It is safe for concurrent use.
type Authenticator struct {
	people   Verifier
	services *SystemTokens // nil: no service is accepted
	dir      *directory.Reader
	clock    func() time.Time
	failures *failures // nil: no bound

	mu   sync.Mutex
	seen map[[sha256.Size]byte]verified
}

type verified struct {
	subject string
	expiry  time.Time
	epoch   uint64
}

// maxSeen bounds the tokens remembered as verified.
const maxSeen = 20000

// maxToken is the longest token looked at, in bytes.
const maxToken = 16 << 10

// New gives an Authenticator over the tokens of people and of services.
func New(people Verifier, services *SystemTokens, dir *directory.Reader, clock func() time.Time, opts ...Option) *Authenticator {
	a := &Authenticator{people: people, services: services, dir: dir, clock: clock, seen: map[[sha256.Size]byte]verified{}}
	for _, o := range opts {
		o(a)
	}
	return a
}

// Option changes how an Authenticator works.
type Option func(*Authenticator)

// Authenticate gives the principal of a token as in force now. A token that is not accepted is fault.Unauthenticated, whose reason says why: TOKEN_MALFORMED,
// TOKEN_EXPIRED, TOKEN_INVALID (signature, issuer, audience, kind), TOKEN_CLAIMS (a required claim), TOKEN_SUBJECT (it names nobody) or NO_SUCH_PERSON (a good
// token of nobody who may log in today; the principal then has the subject and nothing else). Where too many tokens of one address were not good, the next new one is not looked at: fault.Exhausted.
func (a *Authenticator) Authenticate(ctx context.Context, token string) (access.Principal, error) {
	if len(token) > maxToken {
		return access.Principal{}, fault.Unauthenticated("TOKEN_MALFORMED")
	}
	// Only tokens of people are remembered; what stands in the head of one is looked at when it is new.
	key := sha256.Sum256([]byte(token))
	a.mu.Lock()
	known, remembered := a.seen[key]
	a.mu.Unlock()
	if !remembered {
		alg, err := algorithm(token)
		if err != nil {
			return access.Principal{}, err
		}
		if strings.HasPrefix(alg, "HS") {
			if a.services == nil {
				return access.Principal{}, fault.Unauthenticated("TOKEN_INVALID")
			}
			return a.services.Verify(token)
		}
	}
	subject, err := a.subject(ctx, token, key, known)
	if err != nil {
		return access.Principal{}, err
	}
	who, err := a.dir.Principal(ctx, subject, calendar.In(a.clock()))
	if errors.Is(err, store.ErrNotFound) {
		return access.Principal{Subject: subject}, nobody()
	}
	if err != nil {
		return access.Principal{}, fmt.Errorf("identity: principal: %w", err)
	}
	return who, nil
}

// nobody refuses a good token whose subject may not log in today.
func nobody() error {
	return &fault.Error{Kind: fault.KindUnauthenticated, Reason: "NO_SUCH_PERSON",
		Polish: "To konto nie ma dziś dostępu do systemu. Zwróć się do administratora powiatu albo kierownika ośrodka, żeby sprawdzili konto i zatrudnienie."}
}

// subject verifies a token, unless it is known to have been verified (the zero verified: not known).
func (a *Authenticator) subject(ctx context.Context, token string, key [sha256.Size]byte, known verified) (string, error) {
	epoch, err := a.people.Epoch(ctx)
	if err != nil {
		return "", err
	}
	now := a.clock()
	if known.subject != "" && known.epoch == epoch {
		if !known.expiry.After(now) {
			return "", fault.Unauthenticated("TOKEN_EXPIRED")
		}
		return known.subject, nil
	}
	from := a.failures.origin(ctx)
	if err := a.failures.allow(from, now); err != nil {
		return "", err
	}
	subject, expiry, err := a.people.Verify(ctx, token)
	if err != nil {
		a.failures.note(from, err, now)
		return "", err
	}
	a.remember(key, verified{subject, expiry, epoch}, now)
	return subject, nil
}

func (a *Authenticator) remember(key [sha256.Size]byte, v verified, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.seen) >= maxSeen {
		for k, old := range a.seen {
			if !old.expiry.After(now) {
				delete(a.seen, k)
			}
		}
		if len(a.seen) >= maxSeen {
			clear(a.seen)
		}
	}
	a.seen[key] = v
}

// algorithm reads the header of a JWT, only to choose who verifies it.
func algorithm(token string) (string, error) {
	head, rest, ok := strings.Cut(token, ".")
	if !ok || len(token) > maxToken || strings.Count(rest, ".") != 1 {
		return "", fault.Unauthenticated("TOKEN_MALFORMED")
	}
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return "", fault.Unauthenticated("TOKEN_MALFORMED")
	}
	var header struct {
		Alg string `json:"alg"`
	}
	if err := json.Unmarshal(raw, &header); err != nil || header.Alg == "" {
		return "", fault.Unauthenticated("TOKEN_MALFORMED")
	}
	return header.Alg, nil
}
