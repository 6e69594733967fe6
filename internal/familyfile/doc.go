// Package familyfile has the cover of the family file: the small set of facts that lists, clocks and reports of all services run on,
// and the one pure function that computes the file's deadlines from it.
//
// Each fact has one owning service, named in its comment; that service alone changes it, all read it. Facts that a newer program has added are kept in Extra
// when an older one writes. The package has no clock and no I/O; it imports calendar, deadline and access (for the parties of a file) alone.
package familyfile
