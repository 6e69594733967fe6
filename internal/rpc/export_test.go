package rpc

import (
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/internal/access"
	"asysta.example/internal/name"
)

// PolicyFault tells what keeps a server with a method from starting, for tests.
func PolicyFault(m protoreflect.MethodDescriptor) error {
	_, err := policyOf(m)
	return err
}

// CallsOfOne is the bound on one person's calls under way, for tests.
const CallsOfOne = callsOfOne

// MaxCallers is the bound on remembered callers, for tests.
const MaxCallers = maxCallers

// Bounds are a server's bounds of callers, for tests.
type Bounds struct {
	rates  *limiter
	former sparing
}

// NewBounds gives bounds as WithRate does.
func NewBounds(perSecond float64, burst int) *Bounds {
	return &Bounds{rates: &limiter{perSecond: rate.Limit(perSecond), burst: burst, callers: map[string]*rate.Limiter{}}, former: sparing{last: map[string]time.Time{}}}
}

// Call takes one call of a person.
func (b *Bounds) Call(person string, now time.Time) error {
	return b.rates.allow(access.Principal{Person: person}, now)
}

// Former tells whether a subject that may not log in is to be noted.
func (b *Bounds) Former(subject string, now time.Time) bool { return b.former.first(subject, now) }

// Remembered counts callers and subjects.
func (b *Bounds) Remembered() (callers, former int) { return len(b.rates.callers), len(b.former.last) }

// AbsenceOf gives the sentence for what a method's request names, for tests; "" for the one that holds for everything.
func AbsenceOf(m protoreflect.MethodDescriptor, resource string) string {
	p, err := policyOf(m)
	if err != nil {
		return err.Error()
	}
	n, err := name.Parse(resource)
	if err != nil {
		return err.Error()
	}
	return p.absenceOf(n)
}
