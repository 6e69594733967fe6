package rpc

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
)

// maxCallers bounds the callers whose rate is watched at one time; those that have been quiet are forgotten first.
const maxCallers = 10000

// limiter bounds how many calls one person makes. Services that ask on somebody's behalf are not bounded: the person's own call was.
type limiter struct {
	perSecond rate.Limit
	burst     int

	mu      sync.Mutex
	callers map[string]*rate.Limiter
}

// allow takes one call of the caller, or refuses it.
func (l *limiter) allow(who access.Principal, now time.Time) error {
	if l == nil || who.System != "" {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c, ok := l.callers[who.Person]
	if !ok {
		if len(l.callers) >= maxCallers {
			l.forget(now)
		}
		c = rate.NewLimiter(l.perSecond, l.burst)
		l.callers[who.Person] = c
	}
	if !c.AllowN(now, 1) {
		return fault.Exhausted("RATE", "Zbyt wiele żądań w krótkim czasie. Odczekaj chwilę i spróbuj ponownie.")
	}
	return nil
}

// forget drops the callers who have their whole burst again; where nobody has, all.
func (l *limiter) forget(now time.Time) {
	for person, c := range l.callers {
		if c.TokensAt(now) >= float64(l.burst) {
			delete(l.callers, person)
		}
	}
	if len(l.callers) >= maxCallers {
		clear(l.callers)
	}
}

// WithRate bounds the calls of each person: perSecond in the long run, burst at once.
func WithRate(perSecond float64, burst int) ServerOption {
	return func(o *serverOptions) {
		o.limiter = &limiter{perSecond: rate.Limit(perSecond), burst: burst, callers: map[string]*rate.Limiter{}}
	}
}
