// Package mongo is the store engine for production: MongoDB, a replica set or sharded by the hashed _id.
//
// # What holds
//
//   - Every write waits for a majority and its journal, every read is a majority read from the primary: what was acknowledged is seen by every later
//     read of any process and survives the loss of a node.
//   - Nothing here is atomic but the insert of one document, which decides. A Write is a sequence of single writes; a crash leaves a prefix.
//   - A Replace never lets a lower version win on a server whose updates are atomic. On one whose updates are not (FerretDB) it may, so nothing above
//     may trust a document without having asked the journal whether it is ahead.
//   - Entries of an index are exactly those of store.IndexKeys, in the order of store.CompareKeys. Where the index leads through no array the
//     server selects, sorts and limits; where it does, the server selects candidates by the index and this package takes their matching elements.
//     A field is an array in all documents of a collection that have it, or in none.
//
// The package must not be imported by anything but what wires a program together, and by tests.
package mongo
