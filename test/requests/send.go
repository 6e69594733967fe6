package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"asysta.example/internal/testkit/county"
)

// outcome is what came back.
type outcome struct {
	ok             bool
	code           string // gRPC's word for it
	http           int    // REST
	reason, polish string
	text           string // everything that a refusal says
	answer         proto.Message
	broken         string // what is wrong with the answer itself
}

// streaming is how long a stream is listened to that has nothing to say.
const streaming = 150 * time.Millisecond

// bare hands bytes to gRPC as they are.
type bare struct{}

func (bare) Name() string { return "proto" }

func (bare) Marshal(v any) ([]byte, error) {
	raw, ok := v.([]byte)
	if !ok {
		return nil, fmt.Errorf("%T is no bytes", v)
	}
	return raw, nil
}

func (bare) Unmarshal(data []byte, v any) error {
	raw, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("%T takes no bytes", v)
	}
	*raw = bytes.Clone(data)
	return nil
}

// sender carries attempts to a county.
type sender struct {
	county   *county.County
	patience time.Duration
}

func (s *sender) send(ctx context.Context, a *attempt) outcome {
	token, err := s.county.Token(a.as)
	if err != nil {
		return outcome{broken: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	switch {
	case a.way == "REST" && a.rest != nil && a.rest.wire:
		return s.overWire(ctx, a, token)
	case a.way == "REST" && a.rest != nil:
		return s.overREST(ctx, a, token)
	}
	a.way = "gRPC"
	return s.overGRPC(ctx, a, token)
}

func (s *sender) overGRPC(ctx context.Context, a *attempt, token string) outcome {
	md := metadata.MD{}
	if token != "" {
		md.Append("authorization", "Bearer "+token)
	}
	for _, h := range a.header {
		md.Append(h[0], h[1])
	}
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(ctx, md))
	defer cancel()
	var raw []byte
	var err error
	quiet := false
	if a.method.IsStreamingServer() {
		quiet, err = s.stream(ctx, cancel, a, &raw)
	} else {
		err = s.county.Suite.Conn.Invoke(ctx, a.method.Call, bytesOf(a), &raw, grpc.ForceCodec(bare{}))
	}
	if err == nil {
		o := outcome{ok: true, code: "OK"}
		if !quiet {
			o.answer = a.method.Out.New().Interface()
			if err := proto.Unmarshal(raw, o.answer); err != nil {
				o.broken = "the answer is no " + string(a.method.Output().FullName())
			}
		}
		return o
	}
	return refusalOf(status.Convert(err))
}

// stream hears the first message of a stream; quiet says that none came while it was listened to.
func (s *sender) stream(ctx context.Context, cancel func(), a *attempt, raw *[]byte) (quiet bool, err error) {
	stream, err := s.county.Suite.Conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, a.method.Call, grpc.ForceCodec(bare{}))
	if err == nil {
		err = stream.SendMsg(bytesOf(a))
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = stream.CloseSend()
	}
	if err != nil {
		return false, err
	}
	timer := time.AfterFunc(streaming, cancel)
	defer timer.Stop()
	err = stream.RecvMsg(raw)
	if status.Code(err) == codes.Canceled || errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, err
}

func refusalOf(st *status.Status) outcome {
	o := outcome{code: st.Code().String(), text: st.Message()}
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			o.reason = d.GetReason()
			o.text += fmt.Sprint(d.GetMetadata())
		case *errdetails.LocalizedMessage:
			o.polish = d.GetMessage()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				o.text += v.GetField() + v.GetDescription()
			}
		}
	}
	o.text += o.polish
	return o
}

// httpRequest is the attempt as the handler gets it.
func (a *attempt) httpRequest(ctx context.Context, token string) *http.Request {
	r := &http.Request{
		Method: a.rest.verb, URL: &url.URL{Path: a.rest.path, RawQuery: a.rest.query}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Host: "127.0.0.1", RemoteAddr: "127.0.0.1:1", Body: http.NoBody,
	}
	if a.rest.body != nil {
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(a.rest.body)), int64(len(a.rest.body))
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for _, h := range a.rest.header {
		r.Header.Add(h[0], h[1])
	}
	r.RequestURI = r.URL.RequestURI()
	return r.WithContext(ctx)
}

func (s *sender) overREST(ctx context.Context, a *attempt, token string) (o outcome) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &listening{ResponseRecorder: httptest.NewRecorder()}
	if strings.HasSuffix(a.rest.path, ":syncPlans") {
		w.heard = cancel
		defer time.AfterFunc(streaming, cancel).Stop()
	}
	defer func() {
		if p := recover(); p != nil {
			o.broken = fmt.Sprintf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	s.county.Suite.Gateway.ServeHTTP(w, a.httpRequest(ctx, token))
	if w.heard != nil && (w.Body.Len() == 0 || ctx.Err() != nil && w.Code == http.StatusOK) || w.heard != nil && bytes.Contains(w.Body.Bytes(), []byte("CANCELED")) {
		return outcome{ok: true, code: "OK", http: http.StatusOK}
	}
	return answerOf(a, w.Code, w.Header(), w.Body.Bytes())
}

// listening ends a stream when it has said something.
type listening struct {
	*httptest.ResponseRecorder
	heard func()
}

// Write implements http.ResponseWriter.
func (l *listening) Write(b []byte) (int, error) {
	n, err := l.ResponseRecorder.Write(b)
	if l.heard != nil && bytes.Contains(b, []byte("\n")) {
		l.heard()
	}
	return n, err
}

// answerOf reads an HTTP answer.
func answerOf(a *attempt, code int, header http.Header, body []byte) outcome {
	o := outcome{http: code, ok: code < 300}
	if o.ok {
		o.code = "OK"
		if code == http.StatusOK && a.rest.verb == a.method.Verb && !a.method.IsStreamingServer() && a.kind != "path" {
			o.answer = a.method.Out.New().Interface()
			if strings.HasPrefix(header.Get("Content-Type"), "application/json") {
				if err := protojson.Unmarshal(body, o.answer); err != nil && a.kind == "valid" { // other paths may be of other methods
					o.broken = "the answer is no JSON of " + string(a.method.Output().FullName())
				}
			}
		}
		return o
	}
	if code < 400 {
		return outcome{http: code, code: "REDIRECT"}
	}
	var problem struct {
		Error struct {
			Status, Reason, Message string
			Fields                  []struct{ Field, Message string }
		}
	}
	o.text = string(body)
	if err := json.Unmarshal(body, &problem); err == nil {
		o.code, o.reason, o.polish = problem.Error.Status, problem.Error.Reason, problem.Error.Message
	}
	return o
}

// overWire writes a request that no client library would write, byte by byte.
func (s *sender) overWire(ctx context.Context, a *attempt, token string) outcome {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.county.Suite.Address())
	if err != nil {
		return outcome{broken: err.Error()}
	}
	defer func() { _ = conn.Close() }()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n", a.rest.verb, a.rest.path)
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	if a.rest.body != nil {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(a.rest.body))
	}
	for _, h := range a.rest.header {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	b.Write(a.rest.body)
	_, _ = conn.Write(b.Bytes()) // a server that has read enough closes before all is written
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		var late net.Error
		if errors.As(err, &late) && late.Timeout() {
			return outcome{code: codes.DeadlineExceeded.String()}
		}
		return outcome{code: "CLOSED"} // what is no HTTP may be hung up on
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return outcome{code: "CLOSED"}
	}
	return answerOf(a, res.StatusCode, res.Header, body)
}
