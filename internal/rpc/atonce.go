package rpc

import (
	"sync/atomic"

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

// WithAtOnce bounds how many calls the server answers at one time; the rest is refused as unavailable (BUSY).
func WithAtOnce(calls int) ServerOption {
	return func(o *serverOptions) { o.atOnce = calls }
}
