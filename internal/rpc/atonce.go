package rpc

import (
	"sync"
	"sync/atomic"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
)

// DefaultAtOnce is how many calls a server answers at one time where WithAtOnce says nothing.
const DefaultAtOnce = 1000

// gate lets so many calls in at one time. Those beyond are refused at once and do not wait: whoever has to wait gives up and comes again, and the
// queue would only grow.
type gate struct {
	most int64
	in   atomic.Int64
}

// enter lets a call in, or refuses it; a call that was let in leaves.
func (g *gate) enter() error {
	if g.in.Add(1) > g.most {
		g.in.Add(-1)
		return fault.Unavailable("BUSY")
	}
	return nil
}

func (g *gate) leave() { g.in.Add(-1) }

// streamsOfOne is how many streams one person may have open on a server. A stream lasts long and holds one of the server's calls all the time.
const streamsOfOne = 8

// callsOfOne is how many calls of one person a server answers at one time: so many that no program of theirs meets the bound, and so few of all that nobody alone, with
// the slowest calls there are, keeps everybody else out.
const callsOfOne = DefaultAtOnce / 4

// open counts the calls or streams that each person has open.
type open struct {
	most    int // of one person; 0: no bound
	refusal func() *fault.Error
	mu      sync.Mutex
	by      map[string]int
}

func tooManyStreams() *fault.Error {
	return fault.Exhausted("STREAMS", "To konto ma już otwartych zbyt wiele połączeń, które pobierają zmiany. Zamknij któreś z nich i spróbuj ponownie.")
}

func tooManyCalls() *fault.Error {
	return fault.Exhausted("CALLS", "To konto czeka już na odpowiedzi na zbyt wiele żądań naraz. Odczekaj, aż nadejdą, i spróbuj ponownie; nic nie zostało zapisane.")
}

// enter opens a call or stream of a person, or refuses it; leave ends it. Services are not bounded: the person's own call was.
func (o *open) enter(who access.Principal) (leave func(), err error) {
	if who.Person == "" || who.System != "" || o.most == 0 {
		return func() {}, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.by[who.Person] >= o.most {
		return nil, o.refusal()
	}
	if o.by == nil {
		o.by = map[string]int{}
	}
	o.by[who.Person]++
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.by[who.Person]--; o.by[who.Person] == 0 {
			delete(o.by, who.Person)
		}
	}, nil
}

// WithAtOnce bounds how many calls the server answers at one time; the rest is refused as unavailable (BUSY).
func WithAtOnce(calls int) ServerOption {
	return func(o *serverOptions) { o.atOnce = calls }
}
