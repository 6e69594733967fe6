// Package scenario plays a file of steps against a running suite: who does what, with which request, and what must come of it.
//
// One file has many uses: the demo county lives through it, the end-to-end tests play it over gRPC and over REST, the docs print it. A step names its
// method, its person and its request as in REST's JSON; answers of earlier steps are referred to as ${step.path}, dates as $date(n), n days after the
// scenario's start. The package knows the contract by its descriptors alone and must not import a service or the store.
package scenario
