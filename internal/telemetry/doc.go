// Package telemetry tells how the processes fare: traces of calls through gateway, services and store, and the metrics of a process.
//
// # What holds
//
//   - Nothing that is told names a person, a family or what was written: spans leave with attributes of an allow-list alone, without events, descriptions and
//     trace state; labels of metrics have few values, all of them from the contract or from this program.
//   - Tracing is off unless an endpoint is named (OTEL_EXPORTER_OTLP_ENDPOINT); then no handler is installed and a call costs nothing more.
//   - Spans wait in a bounded queue; what does not fit is dropped, and no call ever waits for the collector.
//   - A caller can join a trace but not have it recorded: the ratio of this deployment decides by the trace's id.
//
// It must not import a service, the gateway, internal/rpc or an engine of the store.
package telemetry
