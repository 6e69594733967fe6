// Package keyfile writes and reads files that hold keys: their owner's alone, all or nothing, never in place of another file.
//
// The package imports nothing of the project.
package keyfile
