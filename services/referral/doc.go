// Package referral is the law of steps 1 to 7 of the procedure: from the information about a family to the assignment of an assistant and the answer
// to the institution that gave notice.
//
// # What holds
//
//   - One table (Transitions) says which act leads from which state to which and in what role; code, tests and the state diagram come from it.
//   - No referral is approved without interview, analysis, request and opinion, and without the consent of an adult with parental authority or a
//     court order in force. Who requests, or held the interview, neither opines nor decides.
//   - Under a court order in force a request is never refused, and a referral is closed only because the family is served already.
//   - While a family file is being opened (APPROVING) nothing but going on is possible.
//   - The cover, and the terms that follow from it, are pure functions of the state.
//
// The package is pure: no clock, no I/O, no wire format, no store. Secrets reach it sealed.
package referral
