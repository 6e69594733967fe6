// Package ferret runs FerretDB, a server that speaks MongoDB's wire protocol and keeps its data in SQLite, inside the test process.
//
// It is how the MongoDB engine is tested on a machine without a MongoDB server: over real TCP, with the real driver. Measured on v1.24.2: unique inserts hold
// under concurrency, updates and findAndModify are not atomic, there are no transactions, change streams, partial indexes or $elemMatch over documents, and
// every lookup scans its collection. So it proves behaviour on small data and says nothing about speed.
//
// Only tests may import this package: FerretDB must not be linked into the binary that ships.
package ferret
