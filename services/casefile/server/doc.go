// Package server is the gRPC shell of the family file's lifecycle: CasefileService for people, CaseworkInternalService for the referral service.
//
// # What holds
//
//   - Every change of a family file goes through rpc.Deps.Mutate with the whole cover, this service's section, all deadlines and the audience.
//   - A place with an assistant is reserved before the file is committed and settled after it; settling can be repeated by a retry of the request, by the sweep and by
//     Reconcile, so that a crash between the steps leaves no assistant without a place and no place without a family for long.
//   - A PESEL is claimed in the gmina's register before a file that holds it is committed. The register is one aggregate, so that of two openings for the same person
//     one sees the other. A claim whose file never came is dropped only after the file was fenced.
//   - PESEL numbers and references to Blue Cards are sealed before the core sees them and opened by the two methods that reveal them, nowhere else.
//
// It imports the core, the caseload's keeper and internal packages; no engine and no other service.
package server
