// Package planning is the pure core of the plan of work with a family (step 12), of its coordination with the help plan of a child in foster
// care (step 13) and of the periodic assessment (step 15).
//
// What holds: a plan is adopted only complete (art. 15(3)), consulted, signed or refused by the family and agreed by each coordinator of a child in care,
// all over one content; an edit of the content voids every mark on it, and a void mark never counts again. Versions are never changed, a change is
// a new version with its reason. An assessment answers the n-th half year after day 0. Apply is total and pure: it gets the file's cover and the
// section that planning owns and gives both back with what becomes a record.
//
// The package has no clock and no I/O and knows neither contract nor store. It imports access, calendar, catalogue, deadline, familyfile and fault alone.
package planning
