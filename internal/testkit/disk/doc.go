// Package disk stands between SQLite and the files of this process: it records every write, truncation and sync that SQLite asks for, so that a test can rebuild
// what a loss of power would have left, and it refuses writes as a full or a read-only disk does.
//
// It works on SQLite's table of file operations, which is one for the whole process, so that the engine under test is the one that ships. What goes past SQLite (keys,
// logs) it does not see. It is for tests and proof harnesses alone; programs that ship must not import it.
package disk
