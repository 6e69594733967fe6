// Package seal keeps secret fields (PESEL first) so that whoever holds the database alone can neither read nor search them.
//
// # Keys
//
//   - The master (one file per deployment, never in the database) wraps the key of each gmina and derives the keys of the search hashes.
//   - The key of a gmina wraps the data keys of its family files. It says nothing of another gmina's.
//   - The data key of a file seals its values. A move of the file to another gmina rewraps that one key; destroying it makes every sealed value of the file
//     unreadable, in every journal entry and backup of the documents, and leaves a tombstone so that no late writer can give the file a new one.
//
// # What holds
//
//   - A value is bound to its file and field, a data key to its gmina and file, a gmina's key to the gmina: moved elsewhere, none opens.
//   - Search hashes are keyed twice: one per gmina (the same person twice in a gmina), one per county (does somebody know this child). They cannot be
//     compared across gminas or counties, nor be worked out without the master.
//   - Racing creations of one key are decided by the insert; the loser uses the winner's.
//   - Nothing is sealed with a data key before it was found wrapped with the newest key of its gmina, read from the store after it: no rotation, whoever sleeps or ends beside
//     it, takes away what opens a value.
//   - Unwrapped keys are cached for at most CacheTime, which is how long another process may still open values of a destroyed or moved file.
//   - No error and no printed form carries plaintext or key material.
//
// The package must not import drivers, gRPC or services.
package seal
