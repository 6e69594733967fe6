// Package apidoc completes the OpenAPI document that the contract's generator writes: examples of requests and answers, the error document that the
// gateway sends, and an order of services that readers can follow.
//
// The examples come from the scenario, the same that the demo county lives through, written down instead of played: what a step refers to is an invented
// id, its days are counted from a fixed one. A method that no step calls gets the least that the contract's rules ask for. The same contract and the same
// scenario give the same document, byte for byte. The package knows the contract by descriptors read from a file, so that it runs before the generated Go
// code exists; it must not import that code, a service, the store or the gateway.
package apidoc
