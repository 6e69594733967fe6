// Package backup writes and reads encrypted backups of a database file.
//
// # What holds
//
//   - A backup is one file, encrypted as a stream with age (X25519) to one or more recipients. The machine that makes it needs no secret: who steals that machine's
//     keys opens no older backup.
//   - Inside is a manifest and the database, compressed. The manifest says when it was made, how large the database is and its SHA-256, so that a restored file is known to
//     be what was saved; age itself refuses a stream that was altered or cut off.
//   - Nothing is written over a file that is there, and a file that was not written to its end never has its name.
//   - A backup holds neither the master key nor the anchors: both are kept elsewhere, the key because with it the backup opens what it seals.
//
// The package knows no database and must not import drivers, gRPC or services.
package backup
