package rpc

import (
	"sync"
	"sync/atomic"
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
		f := fault.Exhausted("RATE", "Zbyt wiele żądań w krótkim czasie. Odczekaj chwilę i spróbuj ponownie.")
		f.Retry = max(time.Second, time.Duration((1-c.TokensAt(now))/float64(l.perSecond)*float64(time.Second)))
		return f
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

// Bounds of what strangers leave behind.
const (
	strangerLines = 20  // of the log a second, about calls of which nobody is known to have made them or which came too often
	strangerBurst = 200 // at once
	formerEvery   = time.Minute
)

// quiet bounds the log lines about calls that anybody can make without end.
type quiet struct {
	lines   *rate.Limiter
	skipped atomic.Int64
}

func newQuiet() *quiet { return &quiet{lines: rate.NewLimiter(strangerLines, strangerBurst)} }

// line tells whether a line may be written now, and how many were not since the last one.
func (q *quiet) line(now time.Time) (skipped int64, ok bool) {
	if !q.lines.AllowN(now, 1) {
		q.skipped.Add(1)
		return 0, false
	}
	return q.skipped.Swap(0), true
}

// sparing tells the first of equal events in a while from those after it.
type sparing struct {
	mu   sync.Mutex
	last map[string]time.Time
}

func (s *sparing) first(key string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.last[key]; ok && now.Sub(at) < formerEvery {
		return false
	}
	if len(s.last) >= maxCallers {
		clear(s.last)
	}
	s.last[key] = now
	return true
}

// WithRate bounds the calls of each person: perSecond in the long run, burst at once, callsOfOne under way.
func WithRate(perSecond float64, burst int) ServerOption {
	return func(o *serverOptions) {
		o.limiter = &limiter{perSecond: rate.Limit(perSecond), burst: burst, callers: map[string]*rate.Limiter{}}
	}
}
