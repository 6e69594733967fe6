// Package suite puts Asysta together: storage, keys, login, the services on their servers, the gateway, and the work that runs by itself.
//
// It is the only place that knows every package. What it starts it ends, in this order: gateway, servers, background work, store. In one process
// (Suite) the services and the gateway meet on a listener in memory and still speak gRPC, so that no interceptor is left out.
package suite
