// Package deploy holds what runs Asysta: compose (one host, three nodes of MongoDB), kubernetes, systemd (one small server), and demo, the county to look at. The
// container image is built by tools/deploy/image.
//
// The package has no code of its own. Its tests read the files as an operator's tools will and hold them against the program: every setting that they name is one
// that the command takes, with a value that it accepts; ports, probes, certificates, secrets and callers fit one another; nothing runs with more rights than it
// needs. That the files are what Kubernetes and compose understand is checked by tools/deploy/check.
package deploy
