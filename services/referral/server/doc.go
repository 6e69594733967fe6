// Package server is the gRPC shell of the referral service: it looks things up, seals, asks the pure core, commits and converts.
//
// What holds: every change goes through rpc.Deps.Mutate; PESEL numbers are sealed before the core sees them and leave masked, but for the
// internal channel to the casefile service; an approval first commits its intent with the derived id of the family file (APPROVING) and then
// opens the file, both repeatable, so that Sweep can finish what a crash left.
//
// It must not import another service or an engine of the store.
package server
