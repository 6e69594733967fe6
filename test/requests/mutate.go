package main

import (
	"fmt"
	"math"
	"strings"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/internal/testkit/county"
)

// hostile are texts that software has stumbled over.
var hostile = []string{
	"", " ", "\t\n", "\x00", marker + "\x00" + marker, "\x1b[31m" + marker, "\x7f", "\u202e" + marker, "\u200b", marker + "\u200d\u200b", "\ufeff" + marker, "\u2028", "\U000e0041", "Z\u0337\u0322a\u0310\u0321l",
	"😀😀😀", "👩‍👩‍👧‍👦", "ﬀ", "İıſ", "\r\nX-Evil: " + marker, "'; DROP TABLE docs; --", "$where", "{\"$gt\":\"\"}", "{{.}}", "${jndi:ldap://127.0.0.1/a}", "%s%n%x", "%00", "../../etc/passwd", "<script>alert(1)</script>",
	"NaN", "-1", "null", "true", "0x10", "1e400", "٤٤٠٥١٤٠١٣٥٩", "44051401358", "4405140135", "00000000000", "gminas/" + county.Gmina, "gminas/" + county.Gmina + "/familyFiles/-",
	"gminas/" + county.Gmina + "/familyFiles/..", "gminas//familyFiles/", "gminas/2004042/familyFiles/01HZZZZZZZZZZZZZZZZZZZZZZZ", "GMINAS/2004042", "gminas/２００４０４２", "powiaty/20040", "gminas/2004042/",
	strings.Repeat("ą", 300), strings.Repeat("a", 9000), strings.Repeat("\u0301", 500), "25:61", "2026-02-30", "0000-00-00", "99999999999999999999",
}

// badUTF8 stands for bytes that are no UTF-8; it is replaced when the message is bytes already.
const badUTF8 = "\x01UTF8\x01"

// mutation makes a request other than valid; false where it does not fit the request.
type mutation struct {
	kind string
	do   func(*generator, *attempt) bool
}

var mutations = []mutation{
	{"field missing", func(g *generator, a *attempt) bool {
		m, f := g.field(a.msg.ProtoReflect())
		if f == nil {
			return false
		}
		m.Clear(f)
		return true
	}},
	{"hostile text", func(g *generator, a *attempt) bool { return g.onText(a, pick(g.rng, hostile)) }},
	{"hostile text", func(g *generator, a *attempt) bool { return g.onText(a, pick(g.rng, hostile)) }},
	{"long text", func(g *generator, a *attempt) bool {
		return g.onText(a, strings.Repeat(marker, []int{50, 500, 2000, 20000}[g.rng.IntN(4)]))
	}},
	{"invalid UTF-8", func(g *generator, a *attempt) bool {
		return g.rng.IntN(3) == 0 && a.way == "gRPC" && g.onText(a, badUTF8)
	}},
	{"extreme number", func(g *generator, a *attempt) bool { return g.onNumber(a) }},
	{"wrong enum", func(g *generator, a *attempt) bool { return g.onEnum(a) }},
	{"impossible date", func(g *generator, a *attempt) bool { return g.onDate(a) }},
	{"list repeated", func(g *generator, a *attempt) bool { return g.onList(a) }},
	{"other resource", func(g *generator, a *attempt) bool { return g.onResource(a, g.pool.any(g.rng, a.method.Pattern)) }},
	{"resource of another kind", func(g *generator, a *attempt) bool {
		return g.onResource(a, pick(g.rng, []string{"gminas/" + county.Gmina, "gminas/" + county.Other, "gminas/" + county.Far, "powiaty/" + county.Digits, "powiaty/" + county.FarAway,
			g.pool.any(g.rng, "gminas/*/familyFiles/*"), g.pool.any(g.rng, "powiaty/*/people/*"), g.pool.any(g.rng, "gminas/*/staff/*"), g.pool.any(g.rng, "gminas/*/referrals/*")}))
	}},
	{"absent resource", func(g *generator, a *attempt) bool {
		return g.onResource(a, strings.ReplaceAll(strings.Replace(a.method.Pattern, "*", pick(g.rng, []string{county.Gmina, county.Digits, "2004999", "2099"}), 1), "*", "01hzzzzzzzzzzzzzzzzzzzzzzz"))
	}},
	{"malformed resource", func(g *generator, a *attempt) bool { return g.onResource(a, pick(g.rng, hostile)) }},
	{"stale etag", func(g *generator, a *attempt) bool {
		return g.onField(a, "etag", pick(g.rng, []string{"0", "1", "-1", "99999999999999999999", "W/\"1\"", "", "x", strings.Repeat("9", 3000)}))
	}},
	{"bad request id", func(g *generator, a *attempt) bool {
		return g.onField(a, "request_id", pick(g.rng, []string{"", "short", "ąęśćżźńół", strings.Repeat("r", 65), strings.Repeat("r", 70000), "with space in", "\x00\x00\x00\x00\x00\x00\x00\x00"}))
	}},
	{"page token of another list", func(g *generator, a *attempt) bool {
		return len(g.pool.tokens) > 0 && g.onField(a, "page_token", pick(g.rng, g.pool.tokens))
	}},
	{"bad page token", func(g *generator, a *attempt) bool {
		token := pick(g.rng, []string{"x", "AAAA", "====", strings.Repeat("A", 5000), "\u202e", "eyJhIjoxfQ"})
		if n := len(g.pool.tokens); n > 0 && g.rng.IntN(2) == 0 {
			token = flip(g, g.pool.tokens[g.rng.IntN(n)])
		}
		return g.onField(a, "page_token", token)
	}},
	{"field mask", func(g *generator, a *attempt) bool { return g.onMask(a) }},
	{"unknown field", func(g *generator, a *attempt) bool {
		a.msg.ProtoReflect().SetUnknown(protoreflect.RawFields{0xfa, 0xff, 0x03, 0x03, 'a', 'b', 'c'})
		return a.way == "gRPC"
	}},
}

// mutate makes up to n mutations.
func (g *generator) mutate(a *attempt, n int) {
	if a.method.Input().Fields().Len() == 0 {
		return
	}
	for range n {
		for range 10 {
			if m := pick(g.rng, mutations); m.do(g, a) {
				a.kind = m.kind
				break
			}
		}
	}
}

// field chooses a field somewhere in a message, deeper ones too; nil where there is none.
func (g *generator) field(m protoreflect.Message) (protoreflect.Message, protoreflect.FieldDescriptor) {
	fields := m.Descriptor().Fields()
	if fields.Len() == 0 {
		return nil, nil
	}
	f := fields.Get(g.rng.IntN(fields.Len()))
	if f.Message() != nil && !f.IsMap() && m.Has(f) && g.rng.IntN(4) > 0 {
		inner := m.Get(f)
		if f.IsList() {
			return g.field(inner.List().Get(g.rng.IntN(inner.List().Len())).Message())
		}
		return g.field(inner.Message())
	}
	return m, f
}

// find chooses a field that fits, or gives up.
func (g *generator) find(a *attempt, fits func(protoreflect.FieldDescriptor) bool) (protoreflect.Message, protoreflect.FieldDescriptor) {
	for range 12 {
		if m, f := g.field(a.msg.ProtoReflect()); f != nil && fits(f) {
			return m, f
		}
	}
	return nil, nil
}

func (g *generator) onText(a *attempt, text string) bool {
	m, f := g.find(a, func(f protoreflect.FieldDescriptor) bool { return f.Kind() == protoreflect.StringKind })
	if f == nil {
		return false
	}
	if f.IsList() {
		m.Mutable(f).List().Append(protoreflect.ValueOfString(text))
	} else {
		m.Set(f, protoreflect.ValueOfString(text))
	}
	return true
}

func (g *generator) onNumber(a *attempt) bool {
	m, f := g.find(a, func(f protoreflect.FieldDescriptor) bool {
		return (f.Kind() == protoreflect.Int32Kind || f.Kind() == protoreflect.Int64Kind) && !f.IsList()
	})
	if f == nil {
		return false
	}
	n := pick(g.rng, []int64{0, -1, 1, math.MaxInt32, math.MinInt32, 1000000, -7})
	if f.Kind() == protoreflect.Int32Kind {
		m.Set(f, protoreflect.ValueOfInt32(int32(n)))
	} else {
		m.Set(f, protoreflect.ValueOfInt64(pick(g.rng, []int64{n, math.MaxInt64, math.MinInt64})))
	}
	return true
}

func (g *generator) onEnum(a *attempt) bool {
	m, f := g.find(a, func(f protoreflect.FieldDescriptor) bool { return f.Kind() == protoreflect.EnumKind })
	if f == nil {
		return false
	}
	v := protoreflect.ValueOfEnum(pick(g.rng, []protoreflect.EnumNumber{0, -1, 99, math.MaxInt32, math.MinInt32}))
	if f.IsList() {
		m.Mutable(f).List().Append(v)
	} else {
		m.Set(f, v)
	}
	return true
}

// dates that no calendar has, or that no office means.
var dates = []*date.Date{
	{Year: 2026, Month: 2, Day: 30}, {Year: 0, Month: 1, Day: 1}, {Year: -5, Month: -1, Day: -1}, {Year: 2026, Month: 13, Day: 1}, {Year: 2026}, {Year: 2026, Month: 3}, {}, {Year: 9999, Month: 12, Day: 31},
	{Year: math.MaxInt32, Month: math.MaxInt32, Day: math.MaxInt32}, {Year: math.MinInt32, Month: 1, Day: 1}, {Year: 2025, Month: 2, Day: 29}, {Year: 1, Month: 1, Day: 1}, {Year: 2027, Month: 1, Day: 1}, {Year: 1582, Month: 10, Day: 10},
}

func (g *generator) onDate(a *attempt) bool {
	m, f := g.find(a, func(f protoreflect.FieldDescriptor) bool {
		return f.Message() != nil && f.Message().FullName() == "google.type.Date" && !f.IsList()
	})
	if f == nil {
		return false
	}
	m.Set(f, protoreflect.ValueOfMessage(proto.Clone(pick(g.rng, dates)).ProtoReflect()))
	return true
}

func (g *generator) onList(a *attempt) bool {
	m, f := g.find(a, func(f protoreflect.FieldDescriptor) bool { return f.IsList() })
	if f == nil {
		return false
	}
	list := m.Mutable(f).List()
	if list.Len() == 0 {
		list.Append(list.NewElement())
	}
	for range []int{1, 30, 400}[g.rng.IntN(3)] {
		list.Append(list.Get(0))
	}
	return true
}

func (g *generator) onResource(a *attempt, name string) bool {
	m, f := a.method.Resource(a.msg.ProtoReflect())
	if f == nil || a.method.Pattern == "" {
		return false
	}
	m.Set(f, protoreflect.ValueOfString(name))
	return true
}

func (g *generator) onField(a *attempt, field protoreflect.Name, value string) bool {
	if a.msg.ProtoReflect().Descriptor().Fields().ByName(field) == nil {
		return false
	}
	setText(a.msg.ProtoReflect(), field, value)
	return true
}

func (g *generator) onMask(a *attempt) bool {
	f := a.msg.ProtoReflect().Descriptor().Fields().ByName("update_mask")
	if f == nil {
		return false
	}
	mask := a.msg.ProtoReflect().Mutable(f).Message()
	paths := mask.Mutable(mask.Descriptor().Fields().ByName("paths")).List()
	for _, p := range [][]string{{"*"}, {"nothing_such"}, {"name"}, {"a.b.c.d.e"}, {"settings", "settings.areas"}, {""}, {"Upper_Case"}, {"members.0"}, {"content"}, {"roles", "roles"}}[g.rng.IntN(10)] {
		paths.Append(protoreflect.ValueOfString(p))
	}
	return true
}

// flip changes one character.
func flip(g *generator, s string) string {
	if s == "" {
		return "x"
	}
	at := g.rng.IntN(len(s))
	return s[:at] + fmt.Sprint(g.rng.IntN(10)) + s[at+1:]
}
