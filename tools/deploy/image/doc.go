// Command image builds Asysta's container image without a container engine: an OCI layout and the same as one tar file, which Docker, Podman, containerd and
// skopeo load.
//
// The image is the statically linked program, the certificate authorities of the web (from the pinned module golang.org/x/crypto/x509roots), an account that is
// not root, an empty folder for data, the licence, and a list of what the program is made of (CycloneDX). No shell, no package manager, nothing else, and
// nothing that depends on the machine that builds: the same sources give the same digest.
//
// Before the command ends it opens what it wrote, compares every file, mode, owner and setting with what belongs there, looks for whatever has the form of a
// secret, takes the program out of the image, starts it and waits until its health answers. It fails where anything differs.
//
// Usage: image [-out DIR] [-arch amd64|arm64] [-tag NAME] [-twice], from any folder below the repository. -twice builds the program a second time from a copy
// of the sources at another path with an empty build cache and fails unless the digest is the same; that takes minutes.
package main
