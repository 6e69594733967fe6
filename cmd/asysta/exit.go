package main

import "errors"

// Exit codes of the program, for whoever runs it out of a script.
const (
	exitFailed  = 1 // the command could not do what it was asked to
	exitAltered = 3 // it could, and found the county's data altered, shortened or unreadable
)

// altered marks an error that says so.
type altered struct{ error }

func (a altered) Unwrap() error { return a.error }

// exitCode is the code for an error of a command.
func exitCode(err error) int {
	var a altered
	if errors.As(err, &a) {
		return exitAltered
	}
	return exitFailed
}
