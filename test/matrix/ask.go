package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"asysta.example/internal/scenario"
	"asysta.example/internal/testkit/contract"
	"asysta.example/internal/testkit/county"
)

// method is a method of the contract with a request that only its resource and its caller can make fail.
type method struct {
	contract.Method
	sample proto.Message
	etag   bool // the request names a version
}

// methods gives every method of the contract, by name, with a sample from what the counties were asked.
func (w *world) methods() ([]*method, error) {
	named, err := contract.Methods()
	if err != nil {
		return nil, err
	}
	written, err := w.samples()
	if err != nil {
		return nil, err
	}
	var all []*method
	var errs []error
	for _, n := range named {
		m := &method{Method: *n, sample: w.sampleOf(n, written)}
		if m.Call == publishing {
			m.Pattern = "gminas/*/familyFiles/*"
		}
		if m.sample == nil {
			errs = append(errs, fmt.Errorf("matrix: no sample of %s", m.Call))
		}
		m.etag = m.Input().Fields().ByName("etag") != nil
		all = append(all, m)
	}
	return all, errors.Join(errs...)
}

// sampleOf prefers what is written for the matrix, then what was sent in the county of test/e2e.
func (w *world) sampleOf(m *contract.Method, written map[string]proto.Message) proto.Message {
	if msg, ok := written[m.Call]; ok {
		return msg
	}
	var found proto.Message
	for _, s := range w.Sent {
		if s.Method.FullName() != m.FullName() || s.Refused {
			continue
		}
		if found == nil || !strings.Contains(fmt.Sprint(found), county.Digits) && strings.Contains(fmt.Sprint(s.Request), "/"+county.Digits) {
			found = s.Request
		}
	}
	if found == nil && m.Input().Fields().ByName("request_id") == nil && !m.Permission.GetMutation() {
		return m.In.New().Interface()
	}
	if found != nil {
		found = proto.Clone(found)
		w.naturalize(found.ProtoReflect())
	}
	return found
}

// naturalize lets a request of the other county name things of this one.
func (w *world) naturalize(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsList() && f.Message() != nil:
			for i := range v.List().Len() {
				w.naturalize(v.List().Get(i).Message())
			}
		case f.Message() != nil && !f.IsList() && !f.IsMap():
			w.naturalize(v.Message())
		case f.Kind() == protoreflect.StringKind && !f.IsList():
			if !strings.Contains(v.String(), "/"+county.FarAway) {
				break
			}
			for kind, step := range map[string]string{"/staff/": "assistant", "/institutions/": "school", "/people/": "coordinator", "/referrals/": "received", "/familyFiles/": "working"} {
				if strings.Contains(v.String(), kind) {
					answer, _ := w.Answers[step].(map[string]any)
					name, _ := answer["name"].(string)
					m.Set(f, protoreflect.ValueOfString(name))
				}
			}
		}
		return true
	})
}

// cell is one question.
type cell struct {
	method *method
	who    caller
	object *object // nil for a method that names no resource
	way    string
}

func (c cell) String() string {
	what := "nothing"
	if c.object != nil {
		what = c.object.label + " (" + c.object.name + ")"
	}
	return fmt.Sprintf("%s as %s on %s over %s", c.method.Call, c.who.name, what, c.way)
}

// kind is the kind of what the cell asks about, as the request alone says it: the pattern of the name, and whether a child of it is named.
func (c cell) kind() string {
	if c.method.Input().Fields().ByName("child") != nil {
		return c.method.Pattern + " child"
	}
	return c.method.Pattern
}

// request is the cell's request: the sample, about the cell's object, of a version that nobody has.
func (c cell) request(n int) proto.Message {
	msg := proto.Clone(c.method.sample)
	r := msg.ProtoReflect()
	for field, value := range map[protoreflect.Name]string{"etag": "0", "request_id": fmt.Sprintf("matrix-%d", n), "page_token": "", "child": "m2", "member_id": "m1"} {
		if f := r.Descriptor().Fields().ByName(field); f != nil && f.Kind() == protoreflect.StringKind && !f.IsList() {
			r.Set(f, protoreflect.ValueOfString(value))
		}
	}
	if f := r.Descriptor().Fields().ByName("purpose"); f != nil {
		if f.Kind() == protoreflect.EnumKind {
			r.Set(f, protoreflect.ValueOfEnum(3))
		} else {
			r.Set(f, protoreflect.ValueOfString("wniosek"))
		}
	}
	c.fit(r)
	if c.object != nil {
		at, f := c.method.Resource(r)
		at.Set(f, protoreflect.ValueOfString(c.resource()))
	}
	return msg
}

// resource is what the permission's path names. A child's help plan is the county's, and is published for a family file: that is the object.
func (c cell) resource() string {
	if c.method.Call == publishing {
		return "powiaty/" + c.object.county
	}
	return c.object.name
}

const publishing = "/asysta.planning.v1.CoordinationService/PublishChildPlan"

// fit lets the sample say what fits the caller and the object: the caller's side of a coordination, staff of the object's gmina.
func (c cell) fit(r protoreflect.Message) {
	set := func(field protoreflect.Name, v protoreflect.Value) {
		if f := r.Descriptor().Fields().ByName(field); f != nil {
			r.Set(f, v)
		}
	}
	if slices.Contains(c.who.roles, coordinator) {
		set("side", protoreflect.ValueOfEnum(2))
	} else {
		set("side", protoreflect.ValueOfEnum(1))
	}
	if c.method.Call == publishing {
		set("family_file", protoreflect.ValueOfString(c.object.name))
	}
	if c.object == nil || c.object.staff == nil {
		return
	}
	for field, name := range c.object.staff {
		if f := r.Descriptor().Fields().ByName(field); f != nil && f.Kind() == protoreflect.StringKind && strings.Contains(r.Get(f).String(), "/staff/") {
			r.Set(f, protoreflect.ValueOfString(name))
		}
	}
	if f := r.Descriptor().Fields().ByName("visit"); f != nil {
		if v := r.Mutable(f).Message(); v.Descriptor().Fields().ByName("social_worker") != nil {
			v.Set(v.Descriptor().Fields().ByName("social_worker"), protoreflect.ValueOfString(c.object.staff["social_worker"]))
		}
	}
}

// answer is what came back: the gRPC code and the bytes of the refusal.
type answer struct {
	code codes.Code
	raw  string
	text string
}

// listening is how long a stream is listened to that is let through.
const listening = 100 * time.Millisecond

func (w *world) ask(ctx context.Context, c cell, n int) (answer, error) {
	token, err := w.Token(c.who.name)
	if err != nil {
		return answer{}, err
	}
	if c.way == "REST" {
		return w.overREST(ctx, c, c.request(n), token)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	msg, out := c.request(n), dynamicpb.NewMessage(c.method.Output())
	if !c.method.IsStreamingServer() {
		err = w.Suite.Conn.Invoke(ctx, c.method.Call, msg, out)
	} else {
		var stream grpc.ClientStream
		if stream, err = w.Suite.Conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, c.method.Call); err == nil {
			err = errors.Join(stream.SendMsg(msg), stream.CloseSend())
		}
		defer time.AfterFunc(listening, cancel).Stop()
		if err == nil {
			err = stream.RecvMsg(out)
		}
		if errors.Is(err, io.EOF) || status.Code(err) == codes.Canceled {
			err = nil
		}
	}
	st := status.Convert(err)
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(st.Proto())
	return answer{st.Code(), string(raw), fmt.Sprint(st.Code(), " ", st.Message(), " ", st.Details())}, err
}

func (w *world) overREST(ctx context.Context, c cell, msg proto.Message, token string) (answer, error) {
	p, err := scenario.PartsOf(c.method, msg)
	if err != nil {
		return answer{}, err
	}
	r := (&http.Request{Method: p.Verb, URL: &url.URL{Path: p.Path, RawQuery: p.Query.Encode()}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Host: "127.0.0.1", Body: http.NoBody}).WithContext(ctx)
	if p.Body != nil {
		raw, err := json.Marshal(p.Body)
		if err != nil {
			return answer{}, err
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	rec := httptest.NewRecorder()
	w.Suite.Gateway.ServeHTTP(rec, r)
	if rec.Code < 300 {
		return answer{code: codes.OK}, nil
	}
	var problem struct{ Error struct{ Status string } }
	if err := json.Unmarshal(rec.Body.Bytes(), &problem); err != nil {
		return answer{}, fmt.Errorf("matrix: REST answered %d %q", rec.Code, rec.Body)
	}
	var code codes.Code
	if err := code.UnmarshalJSON([]byte(`"` + problem.Error.Status + `"`)); err != nil {
		return answer{}, err
	}
	return answer{code, fmt.Sprint(rec.Code, rec.Body), rec.Body.String()}, nil
}

// verdictOf reads an answer.
func verdictOf(a answer) verdict {
	switch a.code {
	case codes.Unauthenticated:
		return unauthenticated
	case codes.PermissionDenied:
		return denied
	case codes.NotFound:
		return absent
	case codes.OK, codes.Aborted, codes.FailedPrecondition, codes.InvalidArgument, codes.AlreadyExists:
		return admitted
	}
	return verdict(a.code.String())
}
