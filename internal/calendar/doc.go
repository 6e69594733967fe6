// Package calendar has civil dates, month arithmetic and Polish working days.
//
// All terms of the procedure are civil dates in Europe/Warsaw, never instants. The package has no clock: today comes from the shell.
// It imports nothing of Asysta.
package calendar
