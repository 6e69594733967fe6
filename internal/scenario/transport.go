package scenario

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Token gives the bearer token of a person of the scenario; "" for a call without one.
type Token func(ctx context.Context, as string) (string, error)

// GRPC carries calls over gRPC.
type GRPC struct {
	// Conn gives the connection to a service by its full name.
	Conn  func(service string) grpc.ClientConnInterface
	Token Token
}

var out = protojson.MarshalOptions{EmitDefaultValues: true}

// Call implements Transport.
func (g GRPC) Call(ctx context.Context, as string, m protoreflect.MethodDescriptor, req proto.Message, take int) ([]any, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	token, err := g.Token(ctx, as)
	if err != nil {
		return nil, err
	}
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	service := string(m.Parent().FullName())
	stream, err := g.Conn(service).NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/"+service+"/"+string(m.Name()))
	if err == nil {
		err = stream.SendMsg(req)
	}
	if err == nil {
		err = stream.CloseSend()
	}
	var answers []any
	for err == nil && len(answers) < take {
		var answer any
		if answer, err = receive(stream, m); err == nil {
			answers = append(answers, answer)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return answers, RefusalOf(err)
	}
	return answers, nil
}

func receive(stream grpc.ClientStream, m protoreflect.MethodDescriptor) (any, error) {
	t, err := protoregistry.GlobalTypes.FindMessageByName(m.Output().FullName())
	if err != nil {
		return nil, err
	}
	msg := t.New().Interface()
	if err := stream.RecvMsg(msg); err != nil {
		return nil, err
	}
	if m.Output().FullName() == "google.api.HttpBody" {
		f := msg.ProtoReflect()
		data := f.Get(f.Descriptor().Fields().ByName("data")).Bytes()
		return map[string]any{"text": string(data)}, nil
	}
	raw, err := out.Marshal(msg)
	if err != nil {
		return nil, err
	}
	return decode(raw)
}

func decode(raw []byte) (any, error) {
	var v any
	err := json.Unmarshal(raw, &v)
	return v, err
}

// RefusalOf gives a gRPC error as a *Refusal; an error that is no status stays as it is.
func RefusalOf(err error) error {
	s, ok := status.FromError(err)
	if !ok {
		return err
	}
	r := &Refusal{Code: code.Code(s.Code()).String()}
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			r.Reason = d.GetReason()
		case *errdetails.LocalizedMessage:
			r.Polish = d.GetMessage()
		}
	}
	return r
}

// REST carries calls over HTTP and JSON, on the paths that the contract gives its methods.
type REST struct {
	Base   string // "http://127.0.0.1:8080"
	Client *http.Client
	Token  Token
}

// Call implements Transport.
func (t REST) Call(ctx context.Context, as string, m protoreflect.MethodDescriptor, req proto.Message, take int) ([]any, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := t.request(ctx, m, req)
	if err != nil {
		return nil, err
	}
	token, err := t.Token(ctx, as)
	if err != nil {
		return nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := t.Client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	switch {
	case res.StatusCode >= http.StatusBadRequest:
		return nil, restRefusal(res)
	case m.IsStreamingServer():
		return lines(res.Body, take)
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if m.Output().FullName() == "google.api.HttpBody" {
		return []any{map[string]any{"text": string(raw)}}, nil
	}
	v, err := decode(raw)
	return []any{v}, err
}

// lines reads newline-delimited answers of a stream.
func lines(r io.Reader, take int) ([]any, error) {
	var answers []any
	s := bufio.NewScanner(r)
	s.Buffer(nil, 4<<20)
	for len(answers) < take && s.Scan() {
		var line struct {
			Result any
			Error  *struct{ Message string }
		}
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			return answers, err
		}
		if line.Error != nil {
			return answers, &Refusal{Polish: line.Error.Message}
		}
		answers = append(answers, line.Result)
	}
	return answers, s.Err()
}

func restRefusal(res *http.Response) error {
	var body struct {
		Error struct{ Status, Reason, Message string }
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		return fmt.Errorf("HTTP %s: %w", res.Status, err)
	}
	return &Refusal{Code: body.Error.Status, Reason: body.Error.Reason, Polish: body.Error.Message}
}

func (t REST) request(ctx context.Context, m protoreflect.MethodDescriptor, req proto.Message) (*http.Request, error) {
	p, err := PartsOf(m, req)
	if err != nil {
		return nil, err
	}
	target := t.Base + p.Path
	if len(p.Query) > 0 {
		target += "?" + p.Query.Encode()
	}
	if p.Body == nil {
		return http.NewRequestWithContext(ctx, p.Verb, target, nil)
	}
	body, err := json.Marshal(p.Body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, p.Verb, target, bytes.NewReader(body))
	if err == nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, err
}

// Parts is a request as it goes over REST.
type Parts struct {
	Verb, Path string
	Query      url.Values
	Body       any // fields by their JSON names; nil for a request without a body
}

// PartsOf parts a request as the contract's rule for its method says.
func PartsOf(m protoreflect.MethodDescriptor, req proto.Message) (Parts, error) {
	rule, _ := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
	verb, template := verbOf(rule)
	if verb == "" {
		return Parts{}, fmt.Errorf("%s has no REST path", m.FullName())
	}
	raw, err := protojson.Marshal(req)
	if err != nil {
		return Parts{}, err
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		return Parts{}, err
	}
	path, err := fill(template, fields, m.Input())
	if err != nil {
		return Parts{}, err
	}
	body, rest := split(rule.GetBody(), fields, m.Input())
	return Parts{Verb: verb, Path: path, Query: queryOf(rest, req), Body: body}, nil
}

// split parts a request's fields, as the contract's body rule says, into what the body carries and what goes into the query; no body is nil.
func split(rule string, fields map[string]any, d protoreflect.MessageDescriptor) (body any, rest map[string]any) {
	switch rule {
	case "":
		return nil, fields
	case "*":
		return fields, nil
	}
	name := d.Fields().ByName(protoreflect.Name(rule)).JSONName()
	body = fields[name]
	if body == nil {
		body = map[string]any{}
	}
	rest = maps.Clone(fields)
	delete(rest, name)
	return body, rest
}

// queryOf writes fields as query parameters. A field mask keeps the contract's names there, unlike in a body.
func queryOf(fields map[string]any, req proto.Message) url.Values {
	query := url.Values{}
	flatten(query, "", fields)
	f := req.ProtoReflect().Descriptor().Fields().ByName("update_mask")
	if f == nil || f.Message() == nil || !query.Has(f.JSONName()) {
		return query
	}
	mask := req.ProtoReflect().Get(f).Message() // generated or made of descriptors
	if paths := mask.Descriptor().Fields().ByName("paths"); paths != nil {
		var names []string
		for i := range mask.Get(paths).List().Len() {
			names = append(names, mask.Get(paths).List().Get(i).String())
		}
		query.Set(f.JSONName(), strings.Join(names, ","))
	}
	return query
}

func verbOf(rule *annotations.HttpRule) (verb, template string) {
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, p.Get
	case *annotations.HttpRule_Post:
		return http.MethodPost, p.Post
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, p.Patch
	case *annotations.HttpRule_Put:
		return http.MethodPut, p.Put
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, p.Delete
	}
	return "", ""
}

// fill puts the request's fields into the template's variables and takes them out of the fields.
func fill(template string, fields map[string]any, d protoreflect.MessageDescriptor) (string, error) {
	var b strings.Builder
	for {
		head, rest, ok := strings.Cut(template, "{")
		b.WriteString(head)
		if !ok {
			return b.String(), nil
		}
		variable, tail, _ := strings.Cut(rest, "}")
		name, _, _ := strings.Cut(variable, "=")
		value, err := take(fields, strings.Split(name, "."), d)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		template = tail
	}
}

func take(fields map[string]any, path []string, d protoreflect.MessageDescriptor) (string, error) {
	f := d.Fields().ByName(protoreflect.Name(path[0]))
	if f == nil {
		return "", fmt.Errorf("%s has no field %s", d.FullName(), path[0])
	}
	if len(path) == 1 {
		v, _ := fields[f.JSONName()].(string)
		delete(fields, f.JSONName())
		return v, nil
	}
	inner, _ := fields[f.JSONName()].(map[string]any)
	return take(inner, path[1:], f.Message())
}

func flatten(q url.Values, prefix string, fields map[string]any) {
	for k, v := range fields {
		switch v := v.(type) {
		case map[string]any:
			flatten(q, prefix+k+".", v)
		case []any:
			for _, e := range v {
				q.Add(prefix+k, fmt.Sprint(e))
			}
		default:
			q.Add(prefix+k, fmt.Sprint(v))
		}
	}
}
