package seal

import (
	"container/list"
	"sync"
	"time"
)

// CacheTime is how long an unwrapped key is used without asking the store again.
const CacheTime = 5 * time.Minute

// cache keeps the most recently used values, each for at most CacheTime. It is safe for concurrent use.
type cache[V any] struct {
	mu    sync.Mutex
	size  int
	order *list.List // of *cached[V], the most recently used first
	byKey map[string]*list.Element
}

type cached[V any] struct {
	key   string
	value V
	until time.Time
}

func newCache[V any](size int) *cache[V] {
	return &cache[V]{size: size, order: list.New(), byKey: make(map[string]*list.Element)}
}

func (c *cache[V]) get(key string) (value V, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, found := c.byKey[key]
	if !found {
		return value, false
	}
	entry := e.Value.(*cached[V])
	if !time.Now().Before(entry.until) { //nolint:forbidigo // how long a key stays in memory is this process's own time, no rule of the office
		c.drop(e)
		return value, false
	}
	c.order.MoveToFront(e)
	return entry.value, true
}

func (c *cache[V]) put(key string, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, found := c.byKey[key]; found {
		c.drop(e)
	}
	c.byKey[key] = c.order.PushFront(&cached[V]{key: key, value: value, until: time.Now().Add(CacheTime)}) //nolint:forbidigo // as above
	for c.order.Len() > c.size {
		c.drop(c.order.Back())
	}
}

func (c *cache[V]) remove(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, found := c.byKey[key]; found {
		c.drop(e)
	}
}

func (c *cache[V]) drop(e *list.Element) {
	c.order.Remove(e)
	delete(c.byKey, e.Value.(*cached[V]).key)
}
