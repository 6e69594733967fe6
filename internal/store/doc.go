// Package store keeps the county's aggregates: an append-only journal of commits, which is the truth, and one document
// per aggregate, which is what its journal adds up to.
//
// # What holds
//
//   - A commit is one insert of "<kind>/<id>@<version>" into the journal. Whoever inserts version n+1 first has won; everybody
//     else gets ErrConflict, reloads and, where the command still holds, tries again. Nothing else decides: documents, records, feed
//     entries and deadlines follow from the journal, each by an idempotent step that anybody may repeat.
//   - Readers see their own writes. A reader that finds the journal ahead of a document rolls the document forward first; a
//     sweep does the same for aggregates that nobody reads.
//   - Data is reached through a scope (For, ForCoordinator, ForCounty, System). A scope puts its tenant into every filter, so that a read or
//     write across tenants cannot be expressed; absent and foreign are the same error, ErrNotFound.
//   - A commit without an actor, a method or an instant of recording is refused (ErrActor). There is no way to write past the journal.
//   - Every document of family data that a scope hands out is noted in the read set of the context, which the shell writes to the
//     access log before the answer leaves.
//   - Over an engine with transactions documents are kept in memory by their versions, and an answer is made of one only when the database has just said that this is its
//     version still. What is decoded of them is shared between calls and is never changed (CheckShared).
//
// The package knows BSON, the form of what is stored, and no database: engines live in the packages below it.
package store
