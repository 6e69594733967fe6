// Package gateway is the REST face of Asysta: it translates HTTP and JSON into calls of the contract and answers back.
//
// # What holds
//
//   - It always asks the services over a connection, in one process over one without a wire, and so passes through their interceptors; it decides nothing about
//     access itself.
//   - Of a request's headers only those on the allow-list become gRPC metadata. Method override and form fallback are off.
//   - A body is JSON of at most Config.MaxBody bytes; unknown fields and unknown query parameters are refused, nothing is dropped in silence.
//   - Every error is one JSON object with a stable reason, the violated fields and a message in Polish.
//   - Answers are not cached, not sniffed and not framed; other origins are allowed only where the configuration names them.
//
// It knows the contract alone and must not import a service, the store or the domain.
package gateway
