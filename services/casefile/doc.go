// Package casefile is the law of the family file's lifecycle: steps 8 to 10 and 19 to 21 of the procedure, consents, members, orders of courts,
// corrections and the taking over of paper cases.
//
// # What holds
//
//   - Apply is total and pure: the same file, command, actor and day give the same outcome, and the file handed in is never changed.
//   - Transitions is the only place that says which command is allowed in which state, in which role, and where it may lead; refusals, allowed actions, tests and
//     the state diagram derive from it.
//   - Day 0 is set exactly while or after the family and the assistant work together. An assistant is named exactly in the states that have one, and the last
//     assignment is open exactly while the file is active with an assistant.
//   - Withdrawn consent stops voluntary work (Cover.StoppedOn), never a safety action, and erases nothing.
//   - Secrets (PESEL, reference to a Blue Card) are seen here sealed only.
//   - Facts of the cover that other services own are changed at two points alone: a new spell empties those "of the present spell", a paper case taken over
//     sets them from paper.
//
// The package imports access, calendar, catalogue, fault, familyfile and seal (for the sealed value); no wire format, no store, no clock.
package casefile
