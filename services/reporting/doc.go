// Package reporting counts the work indicators of a gmina or county for a period, from the covers of family files and the facts of visits.
//
// # What holds
//
//   - Periods are inclusive at both ends. Families in the period (flow) and on its last day (stock) are rows of their own.
//   - A family with two spells or two assistants counts once among families; acceptances and endings count spells, so that
//     opening + accepted − ended = closing.
//   - Every row prints, zeros too. Relations between rows are data: they are checked, and suppression keeps to them.
//   - What leaves for the county has no cell of 1 to 4 and none from which one could be computed.
//
// It is pure: no clock, no store, no contract.
package reporting
