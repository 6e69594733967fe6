// Package workcard is the pure core of the work card (karta pracy z rodziną): entries on visits, contacts, interventions and court matters of a family file
// (procedure, steps 11, 14 and 16 to 18).
//
// Invariants:
//   - An entry never changes. A correction is an entry of its own that names the one it supersedes; an entry is superseded at most once, so corrections form a chain.
//   - Cover.LastVisitOn is the latest day of the entries that count as visits and are not superseded, or the one that the papers of a case taken over name.
//   - Cover.CourtReports has one line for each opinion a court asked for, met on the day it was sent. What was sent for an order under which the court wants
//     reports is in the order's ReportedOn as well.
//   - An intervention can be recorded in every state of an opened file, with consent or without.
//
// Apply is total and has no clock, no I/O and no wire format. It must not import the store, rpc or the contract.
package workcard
