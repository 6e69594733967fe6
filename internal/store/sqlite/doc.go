// Package sqlite keeps a store in one SQLite file: the embedded engine of `asysta all` for a trial, for tests and for one small office.
//
// # What holds
//
//   - A Write is done whole or not at all, and concurrent Writes share a transaction, and so an fsync; each gets its own answer. A crash leaves all of a Write or nothing.
//   - Documents are kept as BSON, their index entries beside them in keys whose byte order is the order of the values (see encodeKey), changed in the same
//     transaction.
//   - What a document has that lists do without (store.Step.Apart) stands in a row of its own; whoever reads a document gets the two together.
//   - What lists show of a document (store.OutlineOf) stands in another row, written in the same transaction; it is used where its version is the document's.
//   - Calls use the driver's own interface; database/sql serves what is rare.
//   - The file is in WAL mode with synchronous=FULL: what was acknowledged survives loss of power. Readers never wait for the writer.
//   - One process writes at a time; a second one waits for the lock. Each asks in its transaction whether collections or indexes are new.
//
// The package imports the store contract and the driver, nothing else of the project.
package sqlite
