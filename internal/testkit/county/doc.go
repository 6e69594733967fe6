// Package county serves two small counties in one process, for harnesses that ask questions of all of Asysta at once: powiat 2004 with the fixture of test/e2e,
// powiat 3030 with the scenario of the demo. Everything in it was made through the contract; every request that was sent is kept, so that a harness has valid
// requests to begin from. It also counts what the store is made to write, from beside the program.
//
// It is for tests and harnesses alone.
package county
