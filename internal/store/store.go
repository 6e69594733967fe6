package store

import (
	"context"
	"sync"
)

// core is the Store over an engine.
type core struct {
	engine Engine
	whole  bool // the engine has transactions, see Whole

	tokenMu  sync.Mutex
	tokenKey []byte
}

// Open gives the Store that an engine holds. Closing the Store closes the engine. The collections must have been made (SystemScope.Migrate).
func Open(engine Engine) Store {
	_, whole := engine.(Whole)
	return &core{engine: engine, whole: whole}
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
