package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"asysta.example/internal/testkit/contract"
	"asysta.example/internal/testkit/county"
)

// marker is in every text that the harness invents; no refusal and no line of the log may repeat it.
const marker = "Qzwx"

// generator makes requests of one county.
type generator struct {
	rng     *rand.Rand
	pool    *pool
	methods []*contract.Method
	seeds   map[string][]county.Sent // requests that made the county, by method
	lane    string                   // makes request ids this county's own
	made    int
}

// attempt is a request as it is about to be sent.
type attempt struct {
	method *contract.Method // nil for what is no method of the contract
	as     string
	way    string // "gRPC" or "REST"
	kind   string // what was done to it: "valid", or what makes it other than valid
	msg    proto.Message
	raw    []byte   // gRPC: the bytes instead of msg
	rest   *request // REST: what goes over HTTP
	header [][2]string
	odd    bool // is refused before Asysta sees it, in the words of a library
	hasty  bool // asks itself for less time than an answer takes
}

// next makes the county's next request.
func (g *generator) next() (*attempt, error) {
	g.made++
	m := pick(g.rng, g.methods)
	a := &attempt{method: m, as: who(g.rng, m), way: "gRPC", kind: "valid"}
	if m.Verb != "" && g.rng.IntN(2) == 0 {
		a.way = "REST"
	}
	if n := len(g.pool.sent); n > 0 && g.rng.IntN(40) == 0 {
		a = g.replay(g.pool.sent[g.rng.IntN(n)])
	} else {
		a.msg = g.valid(m, a)
		if m.Permission.GetMutation() && g.rng.IntN(4) == 0 {
			g.pool.sent = keep(g.rng, g.pool.sent, attempt{method: m, as: a.as, msg: proto.Clone(a.msg)})
		}
	}
	n := g.rng.IntN(100)
	if n >= 45 {
		g.mutate(a, 1+g.rng.IntN(3))
	}
	if a.way == "REST" {
		var err error
		if a.rest, err = requestOf(a.method, a.msg); err != nil {
			return nil, err
		}
	}
	if n >= 75 {
		g.assault(a)
	}
	return a, nil
}

// replay sends a request id again: with the same body or with another, as the same person or another.
func (g *generator) replay(old attempt) *attempt {
	a := &attempt{method: old.method, as: old.as, way: pick(g.rng, []string{"gRPC", "REST"}), kind: "replayed", msg: proto.Clone(old.msg)}
	if a.method.Verb == "" {
		a.way = "gRPC"
	}
	switch g.rng.IntN(4) {
	case 0:
		a.as = who(g.rng, a.method)
	case 1:
		id := textOf(a.msg, "request_id")
		a.msg, a.kind = g.valid(a.method, a), "request id of another body"
		setText(a.msg.ProtoReflect(), "request_id", id)
	}
	return a
}

// valid makes a request that the contract allows: mostly one that somebody has sent, about another object of its kind, otherwise one from the fields' rules.
func (g *generator) valid(m *contract.Method, a *attempt) proto.Message {
	var msg proto.Message
	if seeds := g.seeds[m.Call]; len(seeds) > 0 && g.rng.IntN(5) > 0 {
		s := pick(g.rng, seeds)
		msg = proto.Clone(s.Request)
		if g.rng.IntN(3) > 0 {
			a.as = s.As
		}
		if parent, f := m.Resource(msg.ProtoReflect()); f != nil && g.rng.IntN(4) > 0 {
			parent.Set(f, protoreflect.ValueOfString(g.pool.like(g.rng, parent.Get(f).String())))
		}
	} else {
		msg = m.In.New().Interface()
		g.fill(msg.ProtoReflect(), 0)
		if parent, f := m.Resource(msg.ProtoReflect()); f != nil {
			pattern := m.Pattern
			if pattern == "" {
				pattern = "gminas/*/familyFiles/*"
			}
			parent.Set(f, protoreflect.ValueOfString(g.pool.any(g.rng, pattern)))
		}
	}
	r := msg.ProtoReflect()
	setText(r, "request_id", fmt.Sprintf("%s-%d", g.lane, g.made))
	if parent, f := m.Resource(r); f != nil {
		name := parent.Get(f).String()
		if etag, ok := g.pool.etags[name]; ok {
			setText(r, "etag", etag)
		}
		if hash, ok := g.pool.hashes[name]; ok {
			setText(r, "content_hash", hash)
		}
	}
	return msg
}

func setText(m protoreflect.Message, field protoreflect.Name, value string) {
	if f := m.Descriptor().Fields().ByName(field); f != nil && f.Kind() == protoreflect.StringKind && !f.IsList() {
		m.Set(f, protoreflect.ValueOfString(value))
	}
}

func textOf(m proto.Message, field protoreflect.Name) string {
	r := m.ProtoReflect()
	if f := r.Descriptor().Fields().ByName(field); f != nil && f.Kind() == protoreflect.StringKind && !f.IsList() {
		return r.Get(f).String()
	}
	return ""
}

var rulesKnown sync.Map // by full name of the field

// rulesOf gives the contract's rules of a field; reading them from the descriptor takes longer than all the rest of a request.
func rulesOf(f protoreflect.FieldDescriptor) *validate.FieldRules {
	if rules, ok := rulesKnown.Load(f.FullName()); ok {
		return rules.(*validate.FieldRules) //nolint:forcetypeassert // nothing else is put there
	}
	rules, err := protovalidate.ResolveFieldRules(f)
	if err != nil || rules == nil {
		rules = &validate.FieldRules{}
	}
	rulesKnown.Store(f.FullName(), rules)
	return rules
}

// fill gives the fields of a message values that their rules allow.
func (g *generator) fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		rules := rulesOf(f)
		required := rules.GetRequired()
		if f.IsMap() || depth > 4 || !required && g.rng.IntN(4) == 0 {
			continue
		}
		if one := f.ContainingOneof(); one != nil && m.WhichOneof(one) != nil {
			continue
		}
		if f.IsList() {
			n := int(rules.GetRepeated().GetMinItems()) + g.rng.IntN(3)
			for range min(n, 30) {
				m.Mutable(f).List().Append(g.value(m.Mutable(f).List().NewElement(), f, rules.GetRepeated().GetItems(), depth))
			}
			continue
		}
		m.Set(f, g.value(m.NewField(f), f, rules, depth))
	}
}

// value makes a value of a field or of an item of it.
func (g *generator) value(empty protoreflect.Value, f protoreflect.FieldDescriptor, rules *validate.FieldRules, depth int) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		g.message(empty.Message(), string(f.Name()), depth)
		return empty
	case protoreflect.EnumKind:
		values := f.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(min(1+g.rng.IntN(values.Len()), values.Len()-1)).Number())
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(f.Name() != "validate_only" && g.rng.IntN(2) == 0 || g.rng.IntN(12) == 0)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(g.number(rules.GetInt32()))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(g.rng.IntN(20)))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(g.text(string(f.Name()), rules.GetString()))
	}
	return empty
}

func (g *generator) number(rules *validate.Int32Rules) int32 {
	low, high := max(rules.GetGte(), 0), rules.GetLte()
	if high <= low {
		high = low + 12
	}
	return low + int32(g.rng.IntN(int(min(high-low, 400))+1))
}

func (g *generator) message(m protoreflect.Message, field string, depth int) {
	switch msg := m.Interface().(type) {
	case *date.Date:
		day := county.Noon.AddDate(0, 0, -g.rng.IntN(60))
		if strings.Contains(field, "due") || strings.Contains(field, "next") || g.rng.IntN(8) == 0 {
			day = county.Noon.AddDate(0, 0, g.rng.IntN(300))
		}
		msg.Year, msg.Month, msg.Day = int32(day.Year()), int32(day.Month()), int32(day.Day())
	case *timestamppb.Timestamp:
		msg.Seconds = county.Noon.Add(-time.Duration(g.rng.IntN(5000)) * time.Hour).Unix()
	case *fieldmaskpb.FieldMask:
		for range 1 + g.rng.IntN(2) {
			msg.Paths = append(msg.Paths, pick(g.rng, []string{"display_name", "described_reason", "family_name", "settings.areas", "content.reason", "situation", "active_from_date", "kind"}))
		}
	default:
		g.fill(m, depth+1)
	}
}

// shaped are texts of fields whose rules are written as expressions.
var shaped = map[string][]string{
	"request_id": {"fresh-request-1"}, "etag": {"1", "2", "3"}, "page_token": {""}, "pesel": {"44051401359", "55030101193", "88041212468"}, "postal_code": {"19-213", "62-300"},
	"phone": {"86 272 00 00", "+48 600 700 800"}, "from_time_of_day": {"09:30", "10:00"}, "to_time_of_day": {"11:00", "12:15"}, "task_code": {"3", "6", "13a"}, "task_codes": {"3", "6", "L4"},
	"member_id": {"m1", "m2", "matka", "kacper"}, "child": {"m2", "kacper", "zuzanna"}, "children": {"m2", "kacper"}, "signer": {"m1", "matka"}, "order_id": {"o1", "o2"}, "area": {"r1", "r2", "w1"},
	"area_id": {"r1", "r2", "r3"}, "goal_id": {"g1", "g2", "c1"}, "action_id": {"a1", "a2", "d1"}, "target_id": {"g1", "a1", "c2"}, "task_id": {"t1", "z1"}, "gmina_id": {"2004062", "2004022"},
	"purpose": {"wniosek rodziny"}, "who": {"m1", "matka"}, "main_goal_id": {"g1"}, "life_area": {"UPBRINGING", "FINANCES"}, "aims": {"PARENTING", "ROLE"}, "month": {"2026-02"}, "from": {"2026-01-01"},
	"member_ids": {"m1", "m2", "matka"}, "subject": {"nowy-login", "head", "worker"},
}

// named are the patterns of fields that hold resource names.
var named = map[string]string{
	"assistant": "gminas/*/staff/*", "social_worker": "gminas/*/staff/*", "staff": "gminas/*/staff/*", "deputy": "gminas/*/staff/*", "person": "powiaty/*/people/*", "coordinator": "powiaty/*/people/*",
	"institution": "gminas/*/institutions/*", "contracted_body": "gminas/*/institutions/*", "body": "gminas/*/institutions/*", "family_file": "gminas/*/familyFiles/*", "file": "gminas/*/familyFiles/*",
	"plan": "gminas/*/familyFiles/*/plans/*", "visit": "gminas/*/familyFiles/*/visits/*", "name": "gminas/*/familyFiles/*", "parent": "gminas/*", "referral": "gminas/*/referrals/*",
}

func (g *generator) text(field string, rules *validate.StringRules) string {
	if pattern, ok := named[field]; ok {
		return g.pool.any(g.rng, pattern)
	}
	if values, ok := shaped[field]; ok {
		return pick(g.rng, values)
	}
	text := fmt.Sprintf("%s%d zażółć gęślą jaźń", marker, g.rng.IntN(10000))
	if n := int(rules.GetMaxLen()); n > 0 && len([]rune(text)) > n {
		text = string([]rune(text)[:n])
	}
	return text
}
