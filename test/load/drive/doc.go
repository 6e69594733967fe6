// Package drive loads a running Asysta over REST as its users do, checks the answers and says how long they took.
//
// # What holds
//
//   - Every answer's status is looked at, the content of every sample-th answer, and afterwards what the load has written: the entries are there, and the
//     access log has its lines.
//   - In the closed loop each client sends its next request when the last one is answered. In the open loop requests are due at fixed instants, whatever the
//     server does, and are timed from the instant they were due, so that a stall is seen by every request that it held up.
//   - The generator shares the machine with the server: it speaks HTTP/1.1 by itself and makes no more of an answer than it checks.
package drive
