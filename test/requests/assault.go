package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"asysta.example/internal/scenario"
	"asysta.example/internal/testkit/contract"
)

// request is what goes over HTTP.
type request struct {
	verb, path, query string
	body              []byte
	header            [][2]string
	wire              bool // goes over a connection, as bytes, instead of to the handler
}

// requestOf parts a message as the contract's rule for its method says.
func requestOf(m *contract.Method, msg proto.Message) (*request, error) {
	p, err := scenario.PartsOf(m, msg)
	if err != nil {
		return nil, nil //nolint:nilerr // what cannot be said in JSON at all goes over gRPC
	}
	r := &request{verb: p.Verb, path: p.Path, query: p.Query.Encode()}
	if p.Body != nil {
		if r.body, err = json.Marshal(p.Body); err != nil {
			return nil, err
		}
		r.header = append(r.header, [2]string{"Content-Type", "application/json"})
	}
	return r, nil
}

// assault makes what goes over the wire other than any client of the contract would.
func (g *generator) assault(a *attempt) {
	if a.way == "REST" && a.rest != nil {
		assaults := restAssaults
		if a.rest.body == nil {
			assaults = restAssaults[:bodiless]
		}
		s := pick(g.rng, assaults)
		a.kind = s.kind
		s.do(g, a)
		return
	}
	s := pick(g.rng, wireAssaults)
	a.kind = s.kind
	s.do(g, a)
}

type assault struct {
	kind string
	do   func(*generator, *attempt)
}

// bytesOf is the attempt's message on the wire.
func bytesOf(a *attempt) []byte {
	if a.raw == nil {
		a.raw, _ = proto.MarshalOptions{Deterministic: true, AllowPartial: true}.Marshal(a.msg) // texts that are no UTF-8 come in later
		a.raw = bytes.ReplaceAll(a.raw, []byte(badUTF8), []byte("\xff\xfe\xc0\x80\xed\xa0"))
	}
	if a.raw == nil {
		a.raw = []byte{}
	}
	return a.raw
}

// wireAssaults are made on a message's bytes and on the metadata of a gRPC call.
var wireAssaults = []assault{
	{"bytes cut off", func(g *generator, a *attempt) { raw := bytesOf(a); a.raw = raw[:g.rng.IntN(len(raw)+1)] }},
	{"bits flipped", func(g *generator, a *attempt) {
		raw := bytes.Clone(bytesOf(a))
		for range 1 + g.rng.IntN(4) {
			if len(raw) > 0 {
				raw[g.rng.IntN(len(raw))] ^= 1 << g.rng.IntN(8)
			}
		}
		a.raw = raw
	}},
	{"noise", func(g *generator, a *attempt) {
		a.raw = make([]byte, g.rng.IntN(300))
		for i := range a.raw {
			a.raw[i] = byte(g.rng.IntN(256))
		}
	}},
	{"doubled message", func(_ *generator, a *attempt) { raw := bytesOf(a); a.raw = append(bytes.Clone(raw), raw...) }},
	{"message of another method", func(g *generator, a *attempt) {
		other := pick(g.rng, g.methods)
		a.raw = bytesOf(&attempt{method: other, msg: g.valid(other, &attempt{})})
	}},
	{"deep nesting", func(g *generator, a *attempt) {
		deep := []byte{}
		for range []int{100, 3000}[g.rng.IntN(2)] {
			deep = protowire.AppendBytes(protowire.AppendTag(nil, protowire.Number(1+g.rng.IntN(9)), protowire.BytesType), deep)
		}
		a.raw = append(bytes.Clone(bytesOf(a)), deep...)
	}},
	{"unknown fields", func(g *generator, a *attempt) {
		raw := bytes.Clone(bytesOf(a))
		for range 1 + g.rng.IntN(200) {
			raw = protowire.AppendVarint(protowire.AppendTag(raw, protowire.Number(1000+g.rng.IntN(100000)), protowire.VarintType), g.rng.Uint64())
		}
		a.raw = raw
	}},
	{"oversized message", func(g *generator, a *attempt) {
		if g.rng.IntN(40) == 0 {
			a.raw = protowire.AppendBytes(protowire.AppendTag(bytesOf(a), 500, protowire.BytesType), make([]byte, 5<<20))
			a.odd = true
		}
	}},
	{"metadata", func(g *generator, a *attempt) {
		a.header = append(a.header, pick(g.rng, [][2]string{
			{"asysta-role", "HEAD"}, {"grpc-metadata-authorization", "Bearer x"}, {"x-forwarded-for", "127.0.0.1"}, {"authorization", "Bearer second"}, {"authorization", "Basic YTpi"},
			{"x-long", strings.Repeat("a", 4000)}, {"traceparent", "00-zz"}, {"asysta-system", "referral"}, {"x-bin", "\x00\xff"}, {"grpc-tags-bin", "aaaa"}, {"cookie", "a=b"},
		}))
	}},
}

// bodiless says how many of restAssaults need no body.
const bodiless = 7

var restAssaults = []assault{
	{"query", func(g *generator, a *attempt) {
		a.rest.query += "&" + pick(g.rng, []string{
			"surprise=1", "pageSize=abc", "pageSize=-1", "pageSize=99999999999999", "pageSize=1&pageSize=2", "%zz=1", "a=%", "pageToken=%00", "pageToken=%ff%fe", "name=gminas/2004052", "parent=powiaty/2004", ";;;", "page_size=3",
			"filter=" + url.QueryEscape(pick(g.rng, hostile)), "updateMask=" + url.QueryEscape(pick(g.rng, hostile)), "a.b.c.d=1", "referral.members=1", strings.Repeat("x=1&", 400), "validateOnly=maybe", "etag=1&etag=2",
		})
	}},
	{"path", func(g *generator, a *attempt) {
		p := a.rest.path
		a.rest.path = pick(g.rng, []string{p + "/", "/" + p, p + "/..", strings.ToUpper(p), p + ":", p + ":approve", p + "/" + pick(g.rng, hostile), strings.Replace(p, "/", "//", 2), strings.TrimSuffix(p, p[len(p)/2:]),
			"/v1/", "/v1", "/v2" + p, p + "\x00", strings.ReplaceAll(p, "gminas", "GMINAS"), "/v1/gminas/-/familyFiles", "/v1/gminas/../me", "/" + strings.Repeat("a/", 2000), p + "?x=1", p + "#x", p + "%2F", "/v1/me" + p})
	}},
	{"verb", func(g *generator, a *attempt) {
		a.rest.verb = pick(g.rng, []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"})
	}},
	{"header", func(g *generator, a *attempt) {
		h := pick(g.rng, [][2]string{
			{"X-HTTP-Method-Override", "DELETE"}, {"Grpc-Metadata-Asysta-Role", "HEAD"}, {"Grpc-Metadata-Authorization", "Bearer x"}, {"Accept", "text/xml"}, {"Accept", "application/grpc"}, {"Accept-Encoding", "zstd, br;q=9"}, {"Range", "bytes=0-1"},
			{"Cookie", strings.Repeat("a=b;", 500)}, {"Origin", "https://evil.example"}, {"X-Forwarded-Host", "evil.example"}, {"Traceparent", "00-" + strings.Repeat("f", 500)}, {"Te", "trailers"}, {"If-Match", "\"1\""}, {"Expect", "100-continue"},
			{"Authorization", "Basic YTpi"}, {"Authorization", "bearer"}, {"Authorization", "Bearer " + strings.Repeat("a", 9000)}, {"Authorization", "Bearer a b"}, {"Authorization", "Bearer \xff"}, {"Connection", "Upgrade"}, {"Upgrade", "h2c"},
		})
		a.rest.header = append(a.rest.header, h)
	}},
	{"timeout", func(g *generator, a *attempt) {
		a.rest.header = append(a.rest.header, [2]string{"Grpc-Timeout", pick(g.rng, []string{"1n", "0S", "garbage", "999999999H", "-1S", "100u", "9"})})
		a.hasty = true
	}},
	{"raw request line", func(g *generator, a *attempt) {
		a.rest.wire, a.odd = true, true
		a.rest.path = (&url.URL{Path: a.rest.path}).EscapedPath() + pick(g.rng, []string{"%zz", "%", "%00", "%2e%2e%2f", "%c0%80", "%ff", "/%2e%2e/me", "\x80", "\x01", " HTTP/1.1 x"})
	}},
	{"raw headers", func(g *generator, a *attempt) {
		a.rest.wire, a.odd = true, true
		a.rest.path = (&url.URL{Path: a.rest.path}).EscapedPath()
		a.rest.header = append(a.rest.header, pick(g.rng, [][2]string{
			{"Bad Name", "1"}, {"X-A", "b\x00c"}, {"Host", "a\r\nX: b"}, {"Transfer-Encoding", "chunked, identity"}, {"Content-Length", "-1"}, {"Content-Length", "99"}, {"", "x"}, {"X-Long", strings.Repeat("a", 70000)}, {"Content-Length", "1, 2"},
		}))
	}},
	// From here on what is done needs a body.
	{"body of another type", func(g *generator, a *attempt) {
		a.rest.header = [][2]string{{"Content-Type", pick(g.rng, []string{"text/xml", "text/plain", "multipart/form-data; boundary=x", "application/grpc", "application/json; charset=utf-16", "application/x-www-form-urlencoded", "", "%%%", "application/json,application/json"})}}
	}},
	{"no JSON", func(g *generator, a *attempt) {
		a.rest.body = []byte(pick(g.rng, []string{"{", "}", "[]", "null", "\"x\"", "1", "", "{'a': 1}", "{\"a\": 1,}", "{} {}", "\ufeff{}", "// x\n{}", "<a/>", "a=b", "\x00", "\xff\xfe{}", "{\"\\ud800\": 1}", "{\"requestId\": \"\\ud800\"}", "NaN", "{\"requestId\": 1e400}"}))
	}},
	{"deep JSON", func(g *generator, a *attempt) {
		n := []int{50, 5000, 100000}[g.rng.IntN(3)]
		a.rest.body = pick(g.rng, [][]byte{bytes.Repeat([]byte("["), n), append([]byte(`{"a":`), bytes.Repeat([]byte(`{"a":`), n)...), append(append(bytes.Repeat([]byte(`{"referral":`), n), '1'), bytes.Repeat([]byte("}"), n)...)})
	}},
	{"keys doubled", func(_ *generator, a *attempt) {
		if inner := bytes.TrimSuffix(bytes.TrimPrefix(a.rest.body, []byte("{")), []byte("}")); len(inner) > 0 {
			a.rest.body = []byte(fmt.Sprintf("{%s,%s}", inner, inner))
		}
	}},
	{"key unknown", func(g *generator, a *attempt) {
		a.rest.body = append([]byte(pick(g.rng, []string{`{"surprise":1,`, `{"__proto__":{},`, `{"$where":"1",`, `{"":1,`, `{"request_id ":1,`, `{"ąę":1,`, `{"\u0000":1,`})), bytes.TrimPrefix(a.rest.body, []byte("{"))...)
	}},
	{"values of other types", func(g *generator, a *attempt) {
		var v map[string]any
		if json.Unmarshal(a.rest.body, &v) == nil {
			twist(g, v)
			a.rest.body, _ = json.Marshal(v) // made of what JSON can say
		}
	}},
	{"invalid UTF-8 in JSON", func(g *generator, a *attempt) {
		if i := bytes.IndexByte(a.rest.body, ':'); i > 0 && i+2 < len(a.rest.body) {
			at := i + 2 + g.rng.IntN(len(a.rest.body)-i-2)
			a.rest.body = append(append(bytes.Clone(a.rest.body[:at]), 0xff, 0xc0, 0x80), a.rest.body[at:]...)
		}
	}},
	{"oversized body", func(g *generator, a *attempt) {
		if g.rng.IntN(20) == 0 {
			a.rest.body = append([]byte(`{"requestId":"`), bytes.Repeat([]byte("a"), 2<<20)...)
		}
	}},
}

// twist gives some of the values another type.
func twist(g *generator, v map[string]any) {
	keys := make([]string, 0, len(v))
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if inner, ok := v[k].(map[string]any); ok && g.rng.IntN(2) == 0 {
			twist(g, inner)
			continue
		}
		if g.rng.IntN(3) == 0 {
			v[k] = pick(g.rng, []any{nil, true, 1.5, -1, "1", []any{}, []any{nil}, map[string]any{}, map[string]any{"year": "dwa"}, 1e300, "2026-02-30", []any{[]any{}}, "\u0000"})
		}
	}
}
