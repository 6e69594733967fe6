package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/internal/scenario"
)

// strangers ask for what is not theirs.
var strangers = []string{"kierownik.pyzdry", "asystent2.kolaczkowo", "koordynator1", "audytor"}

// attack sends what is refused: for each method that the scenario called, and for what is no method, over gRPC and REST. How it is answered is for other
// harnesses to judge; here it is only listened to.
func (w *world) attack(ctx context.Context) error {
	for n, name := range slices.Sorted(maps.Keys(w.kept)) {
		s := w.kept[name]
		for i, as := range strangers {
			if (n+i)%w.every == 0 {
				w.send(ctx, as, s.method, s.req)
			}
		}
		for i := range 3 {
			if (n+i)%w.every == 0 {
				w.send(ctx, s.as, s.method, w.broken(s.req, i))
			}
		}
		if n%w.every != 0 {
			continue
		}
		if err := w.attackREST(ctx, s); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// answerWithin is how long an answer may be waited for: longer than any call that brings no deadline may take, so that it is passed only where something hangs.
const answerWithin = 2 * time.Minute

// send makes a call both ways and lets its end be.
func (w *world) send(ctx context.Context, as string, m protoreflect.MethodDescriptor, req proto.Message) {
	// A path that carries what somebody typed into it is the harness's own: only the answer is listened to.
	for _, way := range []scenario.Transport{scenario.GRPC{Conn: w.overheard, Token: w.token}, scenario.REST{Base: w.base, Client: w.quiet, Token: w.token}} {
		bound, end := w.patient(ctx, m)
		_, _ = way.Call(bound, as, m, req, 1)
		end()
	}
}

// patient bounds the waiting for an answer and notes where none came. The bound is no deadline, which would go to the server with the call.
func (w *world) patient(ctx context.Context, m protoreflect.MethodDescriptor) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(answerWithin, func() {
		_, _ = w.unanswered.Write([]byte(m.FullName()))
		cancel()
	})
	return ctx, func() {
		timer.Stop()
		cancel()
	}
}

func (w *world) overheard(service string) grpc.ClientConnInterface {
	return overhearing{w.conn(service), w.at["errors"]}
}

// typed is what somebody types into the wrong field; it is a marker.
func (w *world) typed(n int) string {
	marker := w.m.word(fmt.Sprint("typed ", n))
	w.m.sent(marker, false)
	return []string{marker, "Zażółcona " + marker + " ul. Gęsia 7", "gminas/3030012/familyFiles/" + strings.ToLower(marker) + " " + marker}[n%3]
}

// broken gives a request whose texts are what was typed into the wrong field: all of them, all but the names of resources, or every second.
func (w *world) broken(req proto.Message, how int) proto.Message {
	out, n := proto.Clone(req), 0
	var walk func(protoreflect.Message)
	walk = func(m protoreflect.Message) {
		m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			switch {
			case f.IsMap() || (f.Message() != nil && strings.HasPrefix(string(f.Message().FullName()), "google.")):
			case f.IsList() && f.Message() != nil:
				for i := range v.List().Len() {
					walk(v.List().Get(i).Message())
				}
			case f.Message() != nil:
				walk(v.Message())
			case f.Kind() == protoreflect.StringKind:
				n++
				if (how == 1 && strings.Contains(string(f.Name()), "name")) || (how == 1 && f.Name() == "parent") || (how == 2 && n%2 == 0) {
					return true
				}
				if f.IsList() {
					v.List().Set(0, protoreflect.ValueOfString(w.typed(n)))
				} else {
					m.Set(f, protoreflect.ValueOfString(w.typed(n)))
				}
			}
			return true
		})
	}
	walk(out.ProtoReflect())
	return out
}

// attackREST sends what only HTTP can: markers in paths, queries, headers, names of fields, values of the wrong kind, bodies that are no JSON.
func (w *world) attackREST(ctx context.Context, s sent) error {
	p, err := scenario.PartsOf(s.method, s.req)
	if err != nil {
		return nil //nolint:nilerr // a method between services has no path
	}
	token, err := w.token(ctx, s.as)
	if err != nil {
		return err
	}
	body, err := json.Marshal(p.Body)
	if err != nil {
		return err
	}
	text := w.typed(0)
	wrong, err := json.Marshal(map[string]any{"Jan " + text: text, "parent": []string{text}, "name": map[string]any{text: text}})
	if err != nil {
		return err
	}
	for _, r := range []struct {
		verb, path, body string
		head             http.Header
	}{
		{p.Verb, p.Path + "/" + text, string(body), nil},
		{p.Verb, p.Path + "?" + text + "=" + text + "&pageSize=" + text, string(body), nil},
		{p.Verb, p.Path, string(wrong), nil},
		{p.Verb, p.Path, `{"kind": "` + text + `", "visit": "` + text, nil},
		{p.Verb, p.Path, `{"kind": "` + text + `"}`, nil},
		{p.Verb, p.Path, `"` + text + `"`, http.Header{"Content-Type": {text}}},
		{p.Verb, p.Path, string(body), http.Header{"Authorization": {"Bearer " + text}}},
		{p.Verb, p.Path, string(body), http.Header{"Authorization": {text}}},
		{text, p.Path, "", nil},
		{p.Verb, p.Path, string(body), http.Header{"Traceparent": {"00-" + text}, "Tracestate": {"a=" + text}, "Baggage": {"a=" + text}, "X-Request-Id": {text}, "Grpc-Metadata-Name": {text}, "User-Agent": {text}, "Origin": {text}}},
		{p.Verb, p.Path, string(body), http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}, "Tracestate": {"a=" + text}, "Baggage": {"a=" + text}}},
	} {
		if r.head == nil {
			r.head = http.Header{}
		}
		for name, value := range map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json"} {
			if r.head.Get(name) == "" {
				r.head.Set(name, value)
			}
		}
		if err := w.raw(ctx, s.method, r.verb, r.path, r.body, r.head); err != nil {
			return err
		}
	}
	return nil
}

// raw sends a request of HTTP and lets its end be; what is no request at all is an error.
func (w *world) raw(ctx context.Context, m protoreflect.MethodDescriptor, verb, path, body string, head http.Header) error {
	ctx, end := w.patient(ctx, m)
	defer end()
	req, err := http.NewRequestWithContext(ctx, verb, w.base+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = head
	res, err := w.quiet.Do(req)
	if err != nil {
		return nil //nolint:nilerr // refused before there was an answer
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
	return res.Body.Close()
}

// fail makes the store fail in each way it can, with markers in what it says, and sends again what the scenario had carried out.
func (w *world) fail(ctx context.Context, ways ...failure) error {
	for n, how := range ways {
		text := w.typed(n * 3)
		how.begin(text)
		var group sync.WaitGroup
		for i, name := range slices.Sorted(maps.Keys(w.kept)) {
			s := w.kept[name]
			again := func() { w.send(ctx, s.as, s.method, renewed(s.req, n)) }
			switch {
			case how.most > 0 && i < how.most:
				group.Go(again)
			case how.most == 0 && (n+i)%w.every == 0:
				again()
			}
		}
		group.Wait()
		how.end()
	}
	return ctx.Err()
}

// failure is a way in which the store fails.
type failure struct {
	begin func(text string)
	end   func()
	most  int // how many calls are made meanwhile, side by side as each may wait long; 0: one of each method, one after another
}

// renewed gives a request under another request id, so that it is not taken for the one that was carried out.
func renewed(req proto.Message, n int) proto.Message {
	out := proto.Clone(req)
	if f := out.ProtoReflect().Descriptor().Fields().ByName("request_id"); f != nil {
		out.ProtoReflect().Set(f, protoreflect.ValueOfString(fmt.Sprintf("renewed-%d-%d", n, proto.Size(req))))
	}
	return out
}
