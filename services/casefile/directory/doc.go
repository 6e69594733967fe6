// Package directory has the commands on the county's directory: gminas and their settings, people and their logins, staff, absences and
// deputies, partner institutions. The state they work on is that of asysta.example/internal/directory.
//
// # What holds
//
//   - Nobody changes their own roles, and nobody but the county administrator makes a head.
//   - A person has one employment in a gmina at a time, and none in which an assistant is a social worker of the same gmina (art. 17).
//   - Rights never begin in the past: a deputy is appointed from today on. Taking rights away works at once.
//   - What has been is not rewritten: an absence that lasted is shortened, not removed; an ended employment is not changed.
//
// This is the pure core: total functions of state, command, facts and today. It has no clock and no I/O, and knows no wire format; package server
// is its shell.
package directory
