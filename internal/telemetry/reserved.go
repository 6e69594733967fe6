package telemetry

import (
	"context"
	"regexp"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Attributes of spans that this program makes itself.
const (
	StoreKind   = attribute.Key("asysta.store.kind")
	StoreIndex  = attribute.Key("asysta.store.index")
	StoreCount  = attribute.Key("asysta.store.count")
	StoreResult = attribute.Key("asysta.store.result")
	HTTPMethod  = attribute.Key("http.request.method")
	HTTPRoute   = attribute.Key("http.route")
	HTTPStatus  = attribute.Key("http.response.status_code")
)

// told are the attributes that leave with a span.
var told = map[attribute.Key]bool{
	StoreKind: true, StoreIndex: true, StoreCount: true, StoreResult: true, HTTPMethod: true, HTTPRoute: true, HTTPStatus: true,
	"rpc.system": true, "rpc.system.name": true, "rpc.service": true, "rpc.method": true, "rpc.grpc.status_code": true, "rpc.response.status_code": true,
	"error.type": true,
}

// words are what names of spans and texts of attributes are made of: names of the contract, routes, codes.
var words = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./{}=*: -]{0,200}$`)

// reserved is an exporter of what may be told of each span.
type reserved struct{ sdktrace.SpanExporter }

// ExportSpans implements sdktrace.SpanExporter.
func (r reserved) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	out := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		out[i] = span{s}
	}
	return r.SpanExporter.ExportSpans(ctx, out)
}

// span is a span without whatever is not on the list.
type span struct{ sdktrace.ReadOnlySpan }

// Name implements sdktrace.ReadOnlySpan.
func (s span) Name() string {
	if name := s.ReadOnlySpan.Name(); words.MatchString(name) {
		return name
	}
	return "call"
}

// Attributes implements sdktrace.ReadOnlySpan.
func (s span) Attributes() []attribute.KeyValue {
	var out []attribute.KeyValue
	for _, a := range s.ReadOnlySpan.Attributes() {
		if !told[a.Key] {
			continue
		}
		switch a.Value.Type() {
		case attribute.INT64, attribute.BOOL:
			out = append(out, a)
		case attribute.STRING:
			if words.MatchString(a.Value.AsString()) {
				out = append(out, a)
			}
		}
	}
	return out
}

// Events implements sdktrace.ReadOnlySpan: none, errors would tell their text in them.
func (s span) Events() []sdktrace.Event { return nil }

// Links implements sdktrace.ReadOnlySpan.
func (s span) Links() []sdktrace.Link { return nil }

// Status implements sdktrace.ReadOnlySpan: its code alone.
func (s span) Status() sdktrace.Status { return sdktrace.Status{Code: s.ReadOnlySpan.Status().Code} }
