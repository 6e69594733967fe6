package store

import (
	"context"
	"fmt"
)

// List implements Reader. A document whose last commit was cut off before its end may come as it was before; Load has it as it is.
func (s *scope) List(ctx context.Context, kind Kind, q Query) (Page, error) {
	ix, err := s.index(kind, q.Index)
	if err != nil {
		return Page{}, err
	}
	lead := 0
	if ix.Scope != BySystem && s.tenant != BySystem {
		lead = 1
	}
	query, err := s.query(IndexSpec{Name: ix.Name, Fields: ix.Fields}, string(kind), lead, q)
	if err != nil {
		return Page{}, err
	}
	asked := whole
	switch {
	case q.Outline && HasOutline(string(kind)):
		asked, query.Outline, query.Narrow = outline, true, true
	case q.Outline || q.Narrow:
		asked, query.Narrow = narrow, true
	}
	have := s.have(kind, &query, asked)
	hits, next, err := s.page(ctx, query, q.Limit, q.Token)
	if err != nil {
		return Page{}, err
	}
	page := Page{Next: next, after: func(key []any) (string, error) { return s.sealToken(ctx, query, key) }}
	for _, h := range hits {
		doc, err := have.document(h)
		if err != nil {
			return Page{}, err
		}
		if s.reaches(doc) { // an index entry never outweighs the document
			page.Hits = append(page.Hits, Hit{Key: h.Key[lead : len(h.Key)-1], Doc: s.handOut(ctx, doc), full: h.Key})
		}
	}
	return page, nil
}

// at hand are the documents of one list: those that the cache has in the version that the engine tells, and those that the engine gave.
type atHand struct {
	core  *core
	asked extent
	docs  map[string]*Document // by id
}

// have lets a query leave out the documents that the cache has.
func (c *core) have(kind Kind, q *EngineQuery, asked extent) *atHand {
	h := &atHand{core: c, asked: asked, docs: map[string]*Document{}}
	if c.whole {
		q.Known = func(id string, version int64) bool {
			if had := h.docs[id]; had != nil && had.Version == version {
				return true // a document of several hits: the cache may have let go of it since the first
			}
			doc := c.cache.version(Ref{Kind: kind, ID: id}, version, asked)
			if doc == nil {
				delete(h.docs, id) // an engine may ask again, of a later state
				return false
			}
			h.docs[id] = doc
			return true
		}
	}
	return h
}

// document gives the document of a hit, which is the caller's own to mark as handed out.
func (h *atHand) document(hit EngineHit) (*Document, error) {
	id, _ := hit.Key[len(hit.Key)-1].(string)
	doc, ok := h.docs[id]
	if !ok || !h.core.whole { // one Find of a whole engine is of one state: a document that has several hits is the same in all of them
		var err error
		if doc, err = decodeDocument(hit.Body); err != nil {
			return nil, err
		}
		if doc.extent = h.asked; h.asked != whole {
			doc.Requests = nil
		}
		h.docs[id] = doc
		if h.core.whole {
			h.core.cache.put(doc)
		}
	}
	own := *doc
	if h.asked != whole {
		own.Sections, own.Requests, own.extent, own.stored = nil, nil, h.asked, nil
	}
	return &own, nil
}

// index gives a declared index that serves this scope. The system may use every index and then gives the tenant's value itself, first in Equal.
func (s *scope) index(kind Kind, name string) (Index, error) {
	for _, ix := range Indexes {
		if ix.Kind == kind && ix.Name == name && s.holds(kind) && (ix.Scope == s.tenant || s.tenant == BySystem) {
			return ix, nil
		}
	}
	return Index{}, fmt.Errorf("store: no index %q over %q in this scope", name, kind)
}

// query gives the engine's form of a query; with lead 1 the scope's value stands before the caller's.
func (s *scope) query(ix IndexSpec, collection string, lead int, q Query) (EngineQuery, error) {
	out := EngineQuery{Collection: collection, Index: ix.Name, Fields: ix.Fields, Desc: q.Desc}
	if lead == 1 {
		out.Equal = []any{s.value}
	}
	for _, v := range q.Equal {
		n, err := Normalize(v)
		if err != nil {
			return EngineQuery{}, err
		}
		out.Equal = append(out.Equal, n)
	}
	if len(out.Equal) > len(ix.Fields) || (len(out.Equal) == len(ix.Fields) && (q.From != nil || q.To != nil)) {
		return EngineQuery{}, fmt.Errorf("store: index %q has fewer fields", ix.Name)
	}
	var err error
	if out.From, err = Normalize(q.From); err != nil {
		return EngineQuery{}, err
	}
	if out.To, err = Normalize(q.To); err != nil {
		return EngineQuery{}, err
	}
	if out.From != nil && out.To != nil && !SameType(out.From, out.To) {
		return EngineQuery{}, fmt.Errorf("store: bounds of index %q are of two types", ix.Name)
	}
	return out, nil
}

// page runs a query from its token and gives the token of what follows.
func (s *scope) page(ctx context.Context, q EngineQuery, limit int, token string) (hits []EngineHit, next string, err error) {
	if q.After, err = s.openToken(ctx, q, token); err != nil {
		return nil, "", err
	}
	limit = pageLimit(limit)
	q.Limit = limit + 1
	if hits, err = s.engine.Find(ctx, q); err != nil {
		return nil, "", fmt.Errorf("store: list: %w", err)
	}
	if len(hits) <= limit {
		return hits, "", nil
	}
	hits = hits[:limit]
	if next, err = s.sealToken(ctx, q, hits[limit-1].Key); err != nil {
		return nil, "", err
	}
	return hits, next, nil
}
