// Command matrix asks every method of the contract in the name of everybody about everything, and compares what happens with what the contract and the rules of
// access say must happen.
//
// The cells are enumerated from the descriptors: method × caller × object, over gRPC and over REST. Callers have every role, in the gmina, in another gmina, in
// another county, or no more, are services or strangers. Objects are a caller's own, a colleague's, locked away by name, another gmina's, another county's, another's under
// the own gmina's name, and absent. What must happen is said by an oracle of this package (oracle.go), written from the rules alone; it must not import the code that decides.
//
// Every refusal of lack of rights has the same bytes, whatever is asked about; every "not there" has those of the kind that the request names; and what is refused writes nothing, which the data file is asked after every cell.
package main
