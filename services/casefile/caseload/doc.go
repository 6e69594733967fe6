// Package caseload counts the families an assistant works with at one time and keeps their number under the cap of the act on supporting
// the family (art. 15(4)), across gminas and employers.
//
// # What holds
//
//   - A caseload is one aggregate per person in the county, so that two heads who assign the last place at the same moment get one
//     success and one refusal.
//   - A place is reserved before the family file is committed and confirmed after. Reserved and held places count alike.
//   - Every command is idempotent by file: a repeated reservation takes no second place, a repeated release frees nothing else.
//   - Hold alone goes beyond the cap: it puts right a caseload that lacks a place of a family which is served already, because it was lost or because the county
//     has decided since that monitored families count.
//   - Which families have a place is not decided here: those worked with, and those monitored where the county's setting says so (DOMAIN 6).
//   - Resume alone lets a family that has a place be refused: one that is monitored beyond the cap is not worked with again beyond it.
//   - Lowering the cap takes no place away; it refuses new ones.
//
// This is the pure core: it imports calendar and fault alone, and has no clock and no I/O. Package keeper is its shell.
package caseload
