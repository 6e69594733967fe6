// Package rpc is the one shell around every service: it builds the server, decides who may call what before a handler runs, and turns what
// handlers return into statuses.
//
// # What holds
//
//   - A handler runs only for a caller who was authenticated, holds a role that the method's permission accepts in the tenant of the
//     resource, and sent a request that the contract's rules accept. A method without a permission keeps the server from starting.
//   - A call from within the process (Direct) passes the same chain as one over a wire, with the same bounds and the same answers.
//   - Foreign, forbidden, malformed and absent tenants answer with the same bytes.
//   - What a call read of family data is in the access log before its answer leaves; where the log cannot be written, the answer does not leave.
//   - A change goes through Deps.Mutate: load, authorize the object, meet an earlier self, compare the etag, apply the pure core, commit.
//   - Logs hold method, code, reason, duration, tenant, person id and opaque ids; never a field of a request or an answer.
//
// It is the only package that knows gRPC statuses. It must not import a service, the gateway or an engine of the store.
package rpc
