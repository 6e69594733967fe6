package store

import (
	"bytes"
	"container/list"
	"sync"
)

// DefaultAtHand is what a store keeps of documents where nothing else is said, in bytes of memory: enough for a county of some 3,000 families in 200 MB resident.
const DefaultAtHand = 44 << 20

// cache keeps documents as they were read or committed last, with what was decoded from them. It answers nothing by itself: a document is taken from here when the
// database has just said that this is its version still (Whole), so that what any process has committed holds for the next call. A version of a document never has two
// contents. What is kept is shared between calls and is never changed. A document that was not asked for in a long time is kept without its sections for a while, for
// lists show many more documents than calls open.
type cache struct {
	mu     sync.Mutex
	places map[Ref]*list.Element // of *Document, in one of the two
	whole  shelf
	narrow shelf
}

// shelf is one part of the cache.
type shelf struct {
	order  list.List // used last in front
	weight int
	limit  int
}

// newCache makes a cache of so many bytes, somewhat less than half of them for documents as they are, the others for those without their sections.
func newCache(bytes int) *cache {
	whole := bytes / 11 * 5
	return &cache{places: map[Ref]*list.Element{}, whole: shelf{limit: whole}, narrow: shelf{limit: bytes - whole}}
}

// any gives the document whatever its version is, nil where there is none with its sections.
func (c *cache) any(ref Ref) *Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.use(ref, func(d *Document) bool { return !d.narrow })
}

// version gives one version of the document, nil where it is not here. Narrow says that the sections are not asked for.
func (c *cache) version(ref Ref, version int64, narrow bool) *Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.use(ref, func(d *Document) bool { return d.Version == version && (narrow || !d.narrow) })
}

// use gives the document that fits and notes that it was used.
func (c *cache) use(ref Ref, fits func(*Document) bool) *Document {
	at, ok := c.places[ref]
	if !ok {
		return nil
	}
	doc, _ := at.Value.(*Document)
	if !fits(doc) {
		return nil
	}
	c.shelfOf(doc).order.MoveToFront(at)
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
	c.add(&own)
	for c.whole.full() {
		if lean := c.remove(c.whole.order.Back()).lean(); lean != nil {
			c.add(lean)
		}
	}
	for c.narrow.full() {
		c.remove(c.narrow.order.Back())
	}
}

func (c *cache) shelfOf(doc *Document) *shelf {
	if doc.narrow {
		return &c.narrow
	}
	return &c.whole
}

// full tells whether a shelf holds too much; one document it may hold in any case.
func (s *shelf) full() bool { return s.weight > s.limit && s.order.Len() > 1 }

func (c *cache) add(doc *Document) {
	s := c.shelfOf(doc)
	c.places[doc.Ref()] = s.order.PushFront(doc)
	s.weight += doc.weight()
}

func (c *cache) remove(at *list.Element) *Document {
	doc, _ := at.Value.(*Document)
	s := c.shelfOf(doc)
	s.order.Remove(at)
	s.weight -= doc.weight()
	delete(c.places, doc.Ref())
	return doc
}

// lean gives the document without its sections and requests and without their bytes, with what was decoded of the rest; nil where nothing would be left out.
func (d *Document) lean() *Document {
	if len(d.Sections) == 0 {
		return nil
	}
	bare := *d
	bare.Sections, bare.Requests = nil, nil
	out, err := readDocument(bytes.Clone(encodeDocument(&bare))) // without the room that encoding leaves
	if err != nil {
		return nil
	}
	out.narrow = true
	out.memo.adopt(embedded(out.Cover), d.memo, embedded(d.Cover))
	out.memo.adopt(out.Deadlines, d.memo, d.Deadlines)
	return out
}

// weight is about what a document takes in memory, in bytes: as stored, and as much again twice for what is decoded from it.
func (d *Document) weight() int { return 1024 + 3*len(d.stored) }

// all gives every document that is kept.
func (c *cache) all() []*Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	docs := make([]*Document, 0, len(c.places))
	for _, s := range []*shelf{&c.whole, &c.narrow} {
		for at := s.order.Front(); at != nil; at = at.Next() {
			doc, _ := at.Value.(*Document)
			docs = append(docs, doc)
		}
	}
	return docs
}
