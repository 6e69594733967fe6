// Package county makes the large counties that Asysta is measured with: a SQLite data file of thousands of family files with their work cards, the offices that
// keep them and the people who work there.
//
// # What holds
//
//   - Every family lives through the services' own cores (services/casefile, services/planning, services/casefile/workcard): what the file says is what the
//     commands of the procedure make of it, so that every method of the contract works on it.
//   - Everything is committed through the store (store.Scope.Commit): journal, chain, index entries and records are those of any other county, and
//     `asysta audit verify` passes.
//   - The same seed, day and size make the same county, but for the ciphers of sealed numbers, whose keys and nonces are fresh.
//   - Nobody in it exists: names, addresses and numbers are drawn.
//
// It is for measurements alone: nothing that ships imports it.
package county
