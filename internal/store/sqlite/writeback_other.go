//go:build !linux

package sqlite

// writeBack leaves the database file to SQLite's own sync where the system has no call for a slice of it.
func (*Engine) writeBack() {}
