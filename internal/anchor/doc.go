// Package anchor keeps, outside the database, signed witnesses of what the journal and the access log held: whoever can rewrite the whole database, hashes and all, cannot make
// it agree with them.
//
// # What holds
//
//   - A round of anchoring writes one file with one line for every tenant: a gmina (TERYT) or, for what is the county's, a county (four digits). A line witnesses the commits that the
//     tenant's feed has placed since the line before: their positions, their number, and a SHA-256 over the heads of the files that they changed (the last
//     version and hash of each, in the order of the files' keys). Every commit has one position in its tenant's feed, so every commit is witnessed once.
//   - Lines are chained: each holds the SHA-256 of the line before it, over all files in the order of their numbers. Each is signed with an Ed25519 key that lies elsewhere than the database.
//   - Files are numbered and made whole or not at all; of processes that anchor at the same time one wins, the others leave it at that.
//   - The first line of a file also witnesses the access log, where its lines are numbered (SQLite): the number of the last line, that of the last segment, and a SHA-256 over that
//     segment's digest, which holds those of all before it, and the lines behind it. Such a line is of format 2, the others are of format 1, as all were once.
//   - A line holds no personal data and no name of a file.
//   - What is committed or read after the newest line is witnessed by nothing yet.
//
// The package must not import drivers, gRPC or services.
package anchor
