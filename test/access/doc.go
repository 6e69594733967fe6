// Package access proves what docs/ACCESS.md and docs/THREATS.md promise about people and processes as a whole: that whoever is revoked is out with the next call wherever it goes, that no answer leaves without
// its line in the access log, and that "who read this file" leaves nobody out. It has tests alone; each starts its own county on loopback.
package access
