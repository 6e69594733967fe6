// Package ledger keeps the record of what the proof harnesses have shown: one line per run of a long form, in docs/proofs.csv of the repository, with the commit
// it was taken at. docs/PROOFS.md shows the latest line of every proof.
//
// Lines are only ever added: a run that found something stands in the file too. It must not import what it is the record of.
package ledger
