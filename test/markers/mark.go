package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"
	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/scenario"
)

// letters are what words of markers are made of: no word of any language that a log is written in has fourteen of them in a row.
const letters = "bcdfghjklmnpqrstvwxz"

// word is the form of a marker.
var word = regexp.MustCompile(`Qz[` + letters + `]{12}`)

// behind is a marker behind the value that it was put to.
var behind = regexp.MustCompile(` ?Qz[` + letters + `]{12}`)

// markers makes values and remembers which were sent. It is safe for concurrent use.
type markers struct {
	seed  uint64
	rules protovalidate.Validator

	mu     sync.Mutex
	secret map[string]bool // marker: it stood in a field that the contract calls secret
	plain  int             // texts that no marker could be put to, as their rules allow none
}

func newMarkers(seed uint64) (*markers, error) {
	rules, err := protovalidate.New()
	return &markers{seed: seed, rules: rules, secret: map[string]bool{}}, err
}

// word gives the marker of a value, the same each time, so that what is equal stays equal.
func (m *markers) word(value string) string {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64([]byte(value), m.seed))
	b := []byte("Qz")
	for _, c := range sum[:12] {
		b = append(b, letters[int(c)%len(letters)])
	}
	return string(b)
}

func (m *markers) sent(marker string, secret bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.secret[marker] = m.secret[marker] || secret
}

// all are the markers that were sent, those of secret fields alone or all.
func (m *markers) all(secretOnly bool) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, marker := range slices.Sorted(maps.Keys(m.secret)) {
		if m.secret[marker] || !secretOnly {
			out = append(out, marker)
		}
	}
	return out
}

// marked gives a request whose texts carry markers, as far as the contract's rules let them.
func (m *markers) marked(req proto.Message) proto.Message {
	out := proto.Clone(req)
	m.walk(out, out.ProtoReflect())
	return out
}

func (m *markers) walk(whole proto.Message, msg protoreflect.Message) {
	msg.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
		case f.IsList():
			for i := range v.List().Len() {
				e := v.List().Get(i)
				if f.Message() != nil {
					m.walk(whole, e.Message())
				} else if f.Kind() == protoreflect.StringKind {
					m.put(whole, f, e.String(), func(s string) { v.List().Set(i, protoreflect.ValueOfString(s)) })
				}
			}
		case f.Message() != nil:
			m.walk(whole, v.Message())
		case f.Kind() == protoreflect.StringKind && !names(msg, f):
			m.put(whole, f, v.String(), func(s string) { msg.Set(f, protoreflect.ValueOfString(s)) })
		}
		return true
	})
}

// names says that a text is the id of a member of the family.
func names(msg protoreflect.Message, f protoreflect.FieldDescriptor) bool {
	action, ok := msg.Interface().(*planningv1.Action)
	return ok && f.Name() == "who" && action.GetResponsible() == planningv1.ResponsibleKind_RESPONSIBLE_KIND_MEMBER
}

// classOf reads how sensitive a field is; what is not classified is secret.
func classOf(f protoreflect.FieldDescriptor) optionsv1.Sensitivity {
	s, _ := proto.GetExtension(f.Options(), optionsv1.E_Sensitivity).(optionsv1.Sensitivity)
	if s == optionsv1.Sensitivity_SENSITIVITY_UNSPECIFIED {
		return optionsv1.Sensitivity_SENSITIVITY_SECRET
	}
	return s
}

// kept are fields whose value must be what it is: the login by which the scenario's people get their tokens, and what they look for.
var kept = map[protoreflect.Name]bool{"subject": true, "subjects": true, "login_subject": true, "login_subjects": true, "query": true}

// put marks one text: of a personal or secret field any, of another one what somebody has written, which has spaces.
func (m *markers) put(whole proto.Message, f protoreflect.FieldDescriptor, value string, set func(string)) {
	class := classOf(f)
	if value == "" || strings.HasPrefix(string(f.ContainingMessage().FullName()), "google.") || (class < optionsv1.Sensitivity_SENSITIVITY_PERSONAL && !strings.Contains(value, " ")) {
		return
	}
	if kept[f.Name()] {
		return
	}
	secret := class == optionsv1.Sensitivity_SENSITIVITY_SECRET
	if f.Name() == "pesel" {
		m.sent(value, secret)
		return
	}
	marker, before := m.word(value), m.faults(whole)
	for _, text := range []string{value + " " + marker, value + marker, marker} {
		set(text)
		if m.faults(whole) <= before {
			m.sent(marker, secret)
			return
		}
	}
	set(value)
	m.mu.Lock()
	m.plain++
	m.mu.Unlock()
}

// faults counts what the contract's rules find wrong.
func (m *markers) faults(msg proto.Message) int {
	var invalid *protovalidate.ValidationError
	if err := m.rules.Validate(msg); errors.As(err, &invalid) {
		return len(invalid.Violations)
	}
	return 0
}

// stripped gives an answer without markers, as the scenario expects it.
func stripped(v any) any {
	switch v := v.(type) {
	case string:
		return behind.ReplaceAllString(v, "")
	case []any:
		for i := range v {
			v[i] = stripped(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = stripped(v[k])
		}
	}
	return v
}

// sent is a request that was carried out.
type sent struct {
	as     string
	method protoreflect.MethodDescriptor
	req    proto.Message
}

// marking carries the calls of a scenario with markers in them, and keeps one of each method that was carried out.
type marking struct {
	scenario.Transport
	m    *markers
	kept map[protoreflect.FullName]sent
}

// Call implements scenario.Transport.
func (k marking) Call(ctx context.Context, as string, method protoreflect.MethodDescriptor, req proto.Message, take int) ([]any, error) {
	req = k.m.marked(req)
	answers, err := k.Transport.Call(ctx, as, method, req, take)
	if err == nil {
		k.kept[method.FullName()] = sent{as, method, req}
	}
	for i := range answers {
		answers[i] = stripped(answers[i])
	}
	return answers, err
}

// found counts markers in a text, and shows a few of them with what stands around them.
func (m *markers) found(text []byte, secretOnly bool) (n int, where []string) {
	const few, around = 5, 80
	see := func(at int, marker string) {
		if n++; len(where) < few {
			where = append(where, fmt.Sprintf("%s in %q", marker, text[max(0, at-around):min(len(text), at+len(marker)+around)]))
		}
	}
	wanted := map[string]bool{}
	for _, marker := range m.all(secretOnly) {
		if wanted[marker] = true; word.MatchString(marker) {
			continue
		}
		for at := bytes.Index(text, []byte(marker)); at >= 0; {
			see(at, marker)
			next := bytes.Index(text[at+1:], []byte(marker))
			if next < 0 {
				break
			}
			at += 1 + next
		}
	}
	for _, at := range word.FindAllIndex(text, -1) {
		if marker := string(text[at[0]:at[1]]); wanted[marker] {
			see(at[0], marker)
		}
	}
	return n, where
}

// turns carries every call another way than the one before.
type turns struct {
	ways []scenario.Transport
	n    int
}

// Call implements scenario.Transport.
func (t *turns) Call(ctx context.Context, as string, m protoreflect.MethodDescriptor, req proto.Message, take int) ([]any, error) {
	t.n++
	return t.ways[t.n%len(t.ways)].Call(ctx, as, m, req, take)
}
