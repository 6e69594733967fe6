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
// contents. What is kept is shared between calls and is never changed. Of a document that was not asked for in a long time the outline is kept for a while (or
// the document without its sections, where its kind has none), for lists show many more documents than calls open.
type cache struct {
	mu     sync.Mutex
	places map[Ref]*list.Element // of *Document, in one of the two
	whole  shelf
	less   shelf // without their sections, or outlines
}

// shelf is one part of the cache.
type shelf struct {
	order  list.List // used last in front
	weight int
	limit  int
}

// newCache makes a cache of so many bytes, seven parts of eleven for whole documents, the others for outlines, of which many more fit.
func newCache(bytes int) *cache {
	most := bytes / 11 * 7
	return &cache{places: map[Ref]*list.Element{}, whole: shelf{limit: most}, less: shelf{limit: bytes - most}}
}

// any gives the document whatever its version is, nil where there is none with its sections.
func (c *cache) any(ref Ref) *Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.use(ref, func(d *Document) bool { return d.extent == whole })
}

// version gives one version of the document, nil where it is not here to that extent.
func (c *cache) version(ref Ref, version int64, asked extent) *Document {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.use(ref, func(d *Document) bool { return d.Version == version && d.extent <= asked })
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
		if had.Version > own.Version || (had.Version == own.Version && had.extent <= own.extent) {
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
	for c.less.full() {
		c.remove(c.less.order.Back())
	}
}

func (c *cache) shelfOf(doc *Document) *shelf {
	if doc.extent == whole {
		return &c.whole
	}
	return &c.less
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

// lean gives the outline of a document or, where its kind has none, the document without its sections and requests and without their bytes, with what was decoded of the
// rest; nil where nothing would be left out.
func (d *Document) lean() *Document {
	if HasOutline(string(d.Kind)) && d.stored != nil {
		raw, err := OutlineOf(string(d.Kind), d.stored)
		if err != nil {
			return nil
		}
		out, err := readDocument(bytes.Clone(raw)) // without the room that encoding leaves
		if err != nil {
			return nil
		}
		out.extent = outline
		return out
	}
	if len(d.Sections) == 0 {
		return nil
	}
	bare := *d
	bare.Sections, bare.Requests = nil, nil
	out, err := readDocument(bytes.Clone(encodeDocument(&bare)))
	if err != nil {
		return nil
	}
	out.extent = narrow
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
	for _, s := range []*shelf{&c.whole, &c.less} {
		for at := s.order.Front(); at != nil; at = at.Next() {
			doc, _ := at.Value.(*Document)
			docs = append(docs, doc)
		}
	}
	return docs
}
