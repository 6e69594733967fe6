// Package rig runs counties for the proof harnesses: the real binary, as it ships, in one process on SQLite or in five on the MongoDB engine, with an issuer of
// tokens that outlives every crash of theirs, and clients that call over gRPC and over REST.
//
// What holds: a process is ended by its own pid alone; everything listens on the loopback interface; nothing of a county outlives its folder. The package reaches
// the contract by its descriptors and the store only to check it from beside the program. Programs that ship must not import it.
package rig
