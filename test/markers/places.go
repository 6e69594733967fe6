package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
)

// places are where nobody may find a marker, by name.
var places = []string{"log", "errors", "metrics", "traces", "urls"}

// place collects what was written in one place. It is safe for concurrent use.
type place struct {
	mu  sync.Mutex
	buf bytes.Buffer
	n   int
}

// Write implements io.Writer; each call is one thing written there.
func (p *place) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	p.buf.WriteByte('\n')
	return p.buf.Write(b)
}

func (p *place) text() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.buf.Bytes())
}

func (p *place) size() (n, length int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n, p.buf.Len()
}

// watching keeps the addresses of requests and the answers of errors that pass through it.
type watching struct {
	http.RoundTripper
	urls, errors *place
}

// RoundTrip implements http.RoundTripper.
func (w watching) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = w.urls.Write([]byte(r.Method + " " + r.URL.RequestURI() + " " + unescaped(r)))
	res, err := w.RoundTripper.RoundTrip(r)
	if err != nil || res.StatusCode < http.StatusBadRequest {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	var head bytes.Buffer
	_ = res.Header.Write(&head)
	_, _ = w.errors.Write(append(head.Bytes(), body...))
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, err
}

func unescaped(r *http.Request) string {
	var b strings.Builder
	b.WriteString(r.URL.Path)
	for key, values := range r.URL.Query() {
		b.WriteString(" " + key + "=" + strings.Join(values, ","))
	}
	return b.String()
}

// overhearing keeps the errors of a connection.
type overhearing struct {
	grpc.ClientConnInterface
	errors *place
}

func (o overhearing) keep(err error) error {
	if s, ok := status.FromError(err); ok && err != nil {
		_, _ = o.errors.Write([]byte(s.Message() + " " + prototext.Format(s.Proto())))
		for _, d := range s.Details() {
			if m, ok := d.(interface{ String() string }); ok {
				_, _ = o.errors.Write([]byte(m.String()))
			}
		}
	}
	return err
}

// Invoke implements grpc.ClientConnInterface.
func (o overhearing) Invoke(ctx context.Context, method string, req, reply any, opts ...grpc.CallOption) error {
	return o.keep(o.ClientConnInterface.Invoke(ctx, method, req, reply, opts...))
}

// NewStream implements grpc.ClientConnInterface.
func (o overhearing) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := o.ClientConnInterface.NewStream(ctx, desc, method, opts...)
	if err != nil {
		return nil, o.keep(err)
	}
	return overheard{s, o}, nil
}

type overheard struct {
	grpc.ClientStream
	o overhearing
}

// RecvMsg implements grpc.ClientStream.
func (s overheard) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err == nil || err == io.EOF { //nolint:errorlint // a stream gives the bare end
		return err
	}
	return s.o.keep(err)
}

// collector takes traces as OpenTelemetry's protocol has them.
func collector(into *place) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, _ = into.Write(body)
		}
	}))
}

// files gives what stands in the files below a folder whose name has one of the parts.
func files(folder string, parts ...string) ([]byte, error) {
	var all []byte
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(filepath.Base(path), p) }) {
			return err
		}
		raw, err := os.ReadFile(path) //nolint:gosec // files that the harness's own processes have made
		all = append(all, raw...)
		return err
	})
	return all, err
}
