// Package storetest is the conformance suite of the store: one body of cases that every engine passes, with writers that race, crashes at every fail point
// and tampering.
//
// An engine's own test calls Run with a Factory. What an engine cannot show it declares by the name of the case and the reason (Factory.Omissions); an omission
// is logged, and one that names no case fails.
//
// The package may import the store, not its engines.
package storetest
