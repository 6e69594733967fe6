package county

import (
	"context"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

// bulk is a SQLite engine that writes all commits of one aggregate at once: the journal has every one of them, the document is written as the last one left
// it. Commits are gathered in the pile of the context they are made in.
type bulk struct{ *sqlite.Engine }

// pile is what was not yet written of one aggregate.
type pile struct{ steps []store.Step }

type pileKey struct{}

// piled gives a context in which commits are gathered.
func piled(ctx context.Context) (context.Context, *pile) {
	p := &pile{}
	return context.WithValue(ctx, pileKey{}, p), p
}

// Write implements store.Engine.
func (b bulk) Write(ctx context.Context, steps []store.Step) error {
	p, ok := ctx.Value(pileKey{}).(*pile)
	if !ok {
		return b.Engine.Write(ctx, steps)
	}
	for _, s := range steps {
		if s.Op == store.Replace {
			p.drop(s)
			s.Before = nil // what was there before was never written
		}
		p.steps = append(p.steps, s)
	}
	return nil
}

// drop forgets an older state of the document that a step replaces.
func (p *pile) drop(by store.Step) {
	for i, s := range p.steps {
		if s.Op == store.Replace && s.Collection == by.Collection && s.ID == by.ID {
			p.steps = append(p.steps[:i], p.steps[i+1:]...)
			return
		}
	}
}

// write brings the pile to the database in one transaction.
func (p *pile) write(ctx context.Context, e *sqlite.Engine) error {
	if len(p.steps) == 0 {
		return nil
	}
	return e.Write(ctx, p.steps)
}
