package store

import (
	"container/list"
	"sync"
)

// cacheWeight bounds what the cache of documents holds, in bytes of memory.
const cacheWeight = 40 << 20

// cache keeps documents as they were read or committed last, with what was decoded from them. It answers nothing by itself: a document is taken from here when the
// database has just said that this is its version still (Whole), so that what any process has committed holds for the next call. A version of a document never has two
// contents. What is kept is shared between calls and is never changed.
type cache struct {
	mu     sync.Mutex
	places map[Ref]*list.Element // of *Document
	order  list.List             // used last in front
	weight int
}

func newCache() *cache { return &cache{places: map[Ref]*list.Element{}} }

// any gives the document whatever its version is, nil where there is none with its sections.
func (c *cache) any(ref Ref) *Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.places[ref]
	if !ok {
		return nil
	}
	doc, _ := at.Value.(*Document)
	if doc.narrow {
		return nil
	}
	c.order.MoveToFront(at)
	return doc
}

// version gives one version of the document, nil where it is not here. Narrow says that the sections are not asked for.
func (c *cache) version(ref Ref, version int64, narrow bool) *Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.places[ref]
	if !ok {
		return nil
	}
	doc, _ := at.Value.(*Document)
	if doc.Version != version || (doc.narrow && !narrow) {
		return nil
	}
	c.order.MoveToFront(at)
	return doc
}

// put keeps a document, unless a later version of it, or the same with its sections, is here.
func (c *cache) put(doc *Document) {
	own := *doc
	own.scope = ""
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.places[own.Ref()]; ok {
		had, _ := at.Value.(*Document)
		if had.Version > own.Version || (had.Version == own.Version && !had.narrow) {
			return
		}
		c.remove(at)
	}
	c.places[own.Ref()] = c.order.PushFront(&own)
	c.weight += own.weight()
	for c.weight > cacheWeight && c.order.Len() > 1 {
		c.remove(c.order.Back())
	}
}

func (c *cache) remove(at *list.Element) {
	doc, _ := c.order.Remove(at).(*Document)
	delete(c.places, doc.Ref())
	c.weight -= doc.weight()
}

// weight is about what a document takes in memory, in bytes: as stored, and as much again twice for what is decoded from it.
func (d *Document) weight() int { return 1024 + 3*len(d.stored) }

// all gives every document that is kept.
func (c *cache) all() []*Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	docs := make([]*Document, 0, c.order.Len())
	for at := c.order.Front(); at != nil; at = at.Next() {
		doc, _ := at.Value.(*Document)
		docs = append(docs, doc)
	}
	return docs
}
