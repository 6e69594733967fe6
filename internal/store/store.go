package store

import (
	"context"
	"crypto/rand"
	"io"
	"sync"
)

// Option changes how Open builds a Store.
type Option func(*core)

// WithTokenKey sets the 32-byte key that seals page tokens. Without it the processes of a deployment share one that the first of them leaves in the engine.
func WithTokenKey(key []byte) Option {
	return func(c *core) { c.tokenKey = key }
}

// WithRandom sets the source of random bytes for ids and sealing, crypto/rand unless set.
func WithRandom(r io.Reader) Option {
	return func(c *core) { c.random = r }
}

// core is the Store over an engine.
type core struct {
	engine Engine
	random io.Reader

	tokenMu  sync.Mutex
	tokenKey []byte
}

// Open gives the Store that an engine holds. Closing the Store closes the engine. The collections must have been made (SystemScope.Migrate).
func Open(engine Engine, opts ...Option) Store {
	c := &core{engine: engine, random: rand.Reader}
	for _, opt := range opts {
		opt(c)
	}
	return c
}

func (c *core) For(gmina string) Scope {
	return &scope{core: c, tenant: ByGmina, value: gmina}
}

func (c *core) ForCoordinator(person string) Scope {
	return &scope{core: c, tenant: ByCoordinator, value: person}
}

func (c *core) ForCounty(county string) CountyScope {
	return &countyScope{scope{core: c, tenant: ByCounty, value: county}}
}

func (c *core) System() SystemScope {
	return &systemScope{scope{core: c, tenant: BySystem}}
}

func (c *core) Ping(ctx context.Context) error { return c.engine.Ping(ctx) }

func (c *core) Close() error { return c.engine.Close() }
