// Package e2e holds the tests of Asysta as a whole: everything goes through the contract, over gRPC and over REST.
//
//   - The refusal table: what must not be done is refused with the right code, reason and a Polish sentence, and leaves nothing behind in the store.
//   - The order cells: from every state that can be reached, every command that the services' tables do not allow there.
//   - The gate: every method of every service against callers without a token, without a place in the county, and of another gmina.
//   - The scenario of the demo county, played in one process on SQLite and in five processes on the MongoDB engine.
//
// It has no code of its own outside of tests but its fixture, and must not reach past the contract except to read what the store holds.
package e2e
