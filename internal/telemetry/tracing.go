package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/stats"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Scope names what makes the spans.
const Scope = "asysta.example"

// usualRatio is the part of all traces that is recorded where OTEL_TRACES_SAMPLER says nothing.
const usualRatio = 0.05

// Bounds of the spans that wait for the collector.
const (
	waitingSpans = 2048
	batchOfSpans = 512
	exportWithin = 10 * time.Second
)

// Tracing makes the spans of a process. A nil Tracing makes none.
type Tracing struct {
	provider *sdktrace.TracerProvider
}

// FromEnvironment gives the tracing that the standard settings of OpenTelemetry ask for, nil where they name no endpoint:
// OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) and its companions, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
// OTEL_SDK_DISABLED. The protocol is http/protobuf; another one is refused. Service is the name of the process, as the command line has it.
func FromEnvironment(ctx context.Context, service string, log *slog.Logger) (*Tracing, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return nil, nil
	}
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") || strings.EqualFold(os.Getenv("OTEL_TRACES_EXPORTER"), "none") {
		return nil, nil
	}
	for _, key := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if p := os.Getenv(key); p != "" && p != "http/protobuf" {
			return nil, fmt.Errorf("telemetry: %s: only http/protobuf is spoken", key)
		}
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, errors.New("telemetry: the settings OTEL_EXPORTER_OTLP_… cannot be used") // not shown: headers may hold a token
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.WarnContext(context.WithoutCancel(ctx), "traces are not told", slog.String("cause", err.Error()))
	}))
	batches := sdktrace.WithBatcher(reserved{exporter}, sdktrace.WithMaxQueueSize(waitingSpans), sdktrace.WithMaxExportBatchSize(batchOfSpans), sdktrace.WithExportTimeout(exportWithin))
	return newTracing(service, batches)
}

// To gives a tracing that records every trace and tells each span at once, for tests.
func To(exporter sdktrace.SpanExporter, service string) (*Tracing, error) {
	return newTracing(service, sdktrace.WithSyncer(reserved{exporter}), sdktrace.WithSampler(sdktrace.AlwaysSample()))
}

func newTracing(service string, opts ...sdktrace.TracerProviderOption) (*Tracing, error) {
	about, err := resource.Merge(resource.NewSchemaless(semconv.ServiceName("asysta-"+service)), resource.Environment())
	if err != nil {
		return nil, fmt.Errorf("telemetry: OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	if os.Getenv("OTEL_TRACES_SAMPLER") == "" {
		ratio := sdktrace.TraceIDRatioBased(usualRatio)
		opts = append([]sdktrace.TracerProviderOption{sdktrace.WithSampler(sdktrace.ParentBased(ratio, sdktrace.WithRemoteParentSampled(ratio)))}, opts...)
	}
	return &Tracing{provider: sdktrace.NewTracerProvider(append([]sdktrace.TracerProviderOption{sdktrace.WithResource(about)}, opts...)...)}, nil
}

// Tracer makes spans; nil where there is no tracing.
func (t *Tracing) Tracer() trace.Tracer {
	if t == nil {
		return nil
	}
	return t.provider.Tracer(Scope)
}

// Server makes a span of each call that a server answers; nil where there is no tracing.
func (t *Tracing) Server() stats.Handler {
	if t == nil {
		return nil
	}
	return otelgrpc.NewServerHandler(t.options()...)
}

// Client makes a span of each call that is made and lets it travel on; nil where there is no tracing.
func (t *Tracing) Client() stats.Handler {
	if t == nil {
		return nil
	}
	return otelgrpc.NewClientHandler(t.options()...)
}

func (t *Tracing) options() []otelgrpc.Option {
	methods := contractMethods()
	return []otelgrpc.Option{
		otelgrpc.WithTracerProvider(t.provider), otelgrpc.WithMeterProvider(noop.NewMeterProvider()), otelgrpc.WithPropagators(Propagator{}),
		// A method that nobody serves has the name that its caller made up.
		otelgrpc.WithFilter(func(info *stats.RPCTagInfo) bool { return methods[info.FullMethodName] }),
	}
}

// Close tells what still waits and ends the tracing.
func (t *Tracing) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return errors.New("telemetry: some spans were not told")
	}
	return nil
}

// contractMethods are the full names of all methods of the contract that the program links.
func contractMethods() map[string]bool {
	methods := map[string]bool{}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			s := f.Services().Get(i)
			for j := range s.Methods().Len() {
				if strings.HasPrefix(string(f.Package()), "asysta.") {
					methods["/"+string(s.FullName())+"/"+string(s.Methods().Get(j).Name())] = true
				}
			}
		}
		return true
	})
	return methods
}

// Propagator carries a trace from process to process as W3C's traceparent has it. What a client puts beside it (trace state, baggage) goes no further.
type Propagator struct{ w3c propagation.TraceContext }

// Inject implements propagation.TextMapPropagator.
func (p Propagator) Inject(ctx context.Context, to propagation.TextMapCarrier) { p.w3c.Inject(ctx, to) }

// Extract implements propagation.TextMapPropagator.
func (p Propagator) Extract(ctx context.Context, from propagation.TextMapCarrier) context.Context {
	sc := trace.SpanContextFromContext(p.w3c.Extract(context.Background(), from))
	if !sc.IsValid() {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, sc.WithTraceState(trace.TraceState{}))
}

// Fields implements propagation.TextMapPropagator.
func (p Propagator) Fields() []string { return []string{"traceparent"} }
