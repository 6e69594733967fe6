package keyfile

import (
	"io/fs"
	"os"
	"syscall"
)

// Exposed tells whether others than whoever runs this process may read or change a file of keys: its mode gives the group or others anything. One form is
// different: a file of root's that the group may read, and nobody else anything, where this process is not root. So Kubernetes (a mounted secret with
// fsGroup) and systemd (LoadCredential) hand a key to an account that is not root and cannot change it.
func Exposed(info fs.FileInfo) bool {
	owner := os.Geteuid()
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		owner = int(stat.Uid)
	}
	return exposed(info.Mode().Perm(), owner, os.Geteuid())
}

func exposed(mode fs.FileMode, owner, self int) bool {
	if owner == 0 && self != 0 {
		return mode&0o037 != 0
	}
	return mode&0o077 != 0
}
