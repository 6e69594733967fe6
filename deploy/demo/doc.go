// Package demo is the county that Asysta is shown with: the scenario that lives the whole procedure, and a loader that fills powiat wrzesiński with
// invented people and some sixty families in every state.
//
// Everything but the first administrator is made through the contract, by the person who would do it, in the order of its days: caps, clocks and feeds come
// out as in an office. The same seed and day make the same county, by names. All people, numbers and events are invented. The package must not import a
// service or the store's insides, and nothing but tests and the demo command may import it.
package demo
