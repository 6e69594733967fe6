package store

import (
	"context"
	"fmt"
	"sync"
)

// core is the Store over an engine.
type core struct {
	engine Engine
	whole  bool   // the engine has transactions
	newer  Whole  // the engine, where it has
	cache  *cache // of documents, where the engine is whole

	tokenMu  sync.Mutex
	tokenKey []byte

	indexer  indexer
	unposted accessTail
}

// Option says how a Store is to be.
type Option func(*core)

// AtHand sets how many bytes of memory the documents take that are kept at hand, in place of DefaultAtHand. An engine that is not Whole keeps none.
func AtHand(bytes int) Option { return func(c *core) { c.cache = newCache(bytes) } }

// Open gives the Store that an engine holds. Closing the Store closes the engine. The collections must have been made (SystemScope.Migrate).
func Open(engine Engine, opts ...Option) Store {
	newer, whole := engine.(Whole)
	c := &core{engine: engine, whole: whole, newer: newer, cache: newCache(DefaultAtHand), indexer: indexer{size: segmentLines, batch: postingBatch}}
	for _, opt := range opts {
		opt(c)
	}
	return c
}

// Revision implements Store.
func (c *core) Revision(ctx context.Context) (n int64, known bool, err error) {
	if !c.whole {
		return 0, false, nil
	}
	n, err = c.newer.Revision(ctx)
	if err != nil {
		return 0, false, fmt.Errorf("store: revision: %w", err)
	}
	return n, true, nil
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

func (c *core) Close() error {
	c.indexer.close()
	return c.engine.Close()
}
