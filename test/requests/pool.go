package main

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// pool is what a county is known to hold, learned from what was sent to it and what it answered.
type pool struct {
	names  map[string][]string // by pattern, e.g. "gminas/*/familyFiles/*"
	known  map[string]bool
	etags  map[string]string // newest etag of a name
	hashes map[string]string // newest content hash of a name
	tokens []string          // page tokens of all lists
	sent   []attempt         // changes that were sent, for replays
}

// poolSize bounds what is remembered of each kind; later things replace earlier ones.
const poolSize = 300

func newPool() *pool {
	return &pool{names: map[string][]string{}, known: map[string]bool{}, etags: map[string]string{}, hashes: map[string]string{}}
}

// patternOf writes "*" for the ids of a resource name; "" for what is none.
func patternOf(name string) string {
	parts := strings.Split(name, "/")
	if len(parts)%2 != 0 || len(parts) > 6 || parts[0] != "gminas" && parts[0] != "powiaty" || len(name) > 200 {
		return ""
	}
	for i := 1; i < len(parts); i += 2 {
		if parts[i] == "" {
			return ""
		}
		parts[i] = "*"
	}
	return strings.Join(parts, "/")
}

// learn takes names, etags, hashes and page tokens from a message.
func (p *pool) learn(rng *rand.Rand, m proto.Message) { p.walk(rng, m.ProtoReflect()) }

func (p *pool) walk(rng *rand.Rand, m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	text := func(name protoreflect.Name) string {
		if f := fields.ByName(name); f != nil && f.Kind() == protoreflect.StringKind && !f.IsList() {
			return m.Get(f).String()
		}
		return ""
	}
	if name := text("name"); name != "" {
		if etag := text("etag"); etag != "" {
			p.etags[name] = etag
		}
		if hash := text("content_hash"); hash != "" {
			p.hashes[name] = hash
		}
	}
	if token := text("next_page_token"); token != "" {
		p.tokens = keep(rng, p.tokens, token)
	}
	for i := range fields.Len() { // in the order of the contract, so that the same answers teach the same
		f := fields.Get(i)
		switch {
		case !m.Has(f) || f.IsMap():
		case f.IsList() && f.Message() != nil:
			for j := range m.Get(f).List().Len() {
				p.walk(rng, m.Get(f).List().Get(j).Message())
			}
		case f.IsList() && f.Kind() == protoreflect.StringKind:
			for j := range m.Get(f).List().Len() {
				p.name(rng, m.Get(f).List().Get(j).String())
			}
		case f.IsList():
		case f.Message() != nil:
			p.walk(rng, m.Get(f).Message())
		case f.Kind() == protoreflect.StringKind:
			p.name(rng, m.Get(f).String())
		}
	}
}

func (p *pool) name(rng *rand.Rand, s string) {
	pattern := patternOf(s)
	if pattern == "" || p.known[s] {
		return
	}
	p.known[s] = true
	p.names[pattern] = keep(rng, p.names[pattern], s)
}

func keep[T any](rng *rand.Rand, list []T, v T) []T {
	if len(list) < poolSize {
		return append(list, v)
	}
	list[rng.IntN(len(list))] = v
	return list
}

// any gives a name of a pattern, or a name of nothing.
func (p *pool) any(rng *rand.Rand, pattern string) string {
	if names := p.names[pattern]; len(names) > 0 {
		return names[rng.IntN(len(names))]
	}
	return strings.ReplaceAll(strings.Replace(pattern, "gminas/*", "gminas/2004042", 1), "*", "01hzzzzzzzzzzzzzzzzzzzzzzz")
}

// like gives a name of the same pattern and, where there are such, of the same gmina.
func (p *pool) like(rng *rand.Rand, name string) string {
	pattern := patternOf(name)
	if pattern == "" {
		return name
	}
	prefix := strings.Join(strings.Split(name, "/")[:2], "/") + "/"
	for range 8 {
		if n := p.any(rng, pattern); strings.HasPrefix(n+"/", prefix) {
			return n
		}
	}
	return name
}

// remember takes names and etags from an answer as JSON values.
func (p *pool) remember(rng *rand.Rand, v any) {
	switch v := v.(type) {
	case map[string]any:
		if name, ok := v["name"].(string); ok {
			if etag, ok := v["etag"].(string); ok && etag != "" {
				p.etags[name] = etag
			}
			if hash, ok := v["contentHash"].(string); ok && hash != "" {
				p.hashes[name] = hash
			}
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			p.remember(rng, v[k])
		}
	case []any:
		for _, e := range v {
			p.remember(rng, e)
		}
	case string:
		p.name(rng, v)
	}
}
