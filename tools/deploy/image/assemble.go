package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// account is the user and group that the program runs as. It is the number that "nonroot" images commonly have; Kubernetes wants a number to see that it
// is not root.
const account = 65532

// home is the only folder that the program may write to, and where its data are mounted.
const home = "/var/lib/asysta"

// file is one entry of the image.
type file struct {
	name    string // without the leading slash; a folder ends with one
	mode    fs.FileMode
	owner   int
	content []byte
}

// base are the files beside the program.
func base(root string) ([]file, error) {
	licence, err := os.ReadFile(filepath.Join(root, "LICENSE"))
	if err != nil {
		return nil, err
	}
	return []file{
		{name: "etc/", mode: 0o755},
		{name: "etc/group", mode: 0o644, content: fmt.Appendf(nil, "root:x:0:\nasysta:x:%d:\n", account)},
		{name: "etc/passwd", mode: 0o644, content: fmt.Appendf(nil, "root:x:0:0:root:/:/sbin/nologin\nasysta:x:%d:%d:asysta:%s:/sbin/nologin\n", account, account, home)},
		{name: "etc/ssl/", mode: 0o755},
		{name: "etc/ssl/certs/", mode: 0o755},
		{name: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, content: authorities()},
		{name: "usr/", mode: 0o755},
		{name: "usr/share/", mode: 0o755},
		{name: "usr/share/doc/", mode: 0o755},
		{name: "usr/share/doc/asysta/", mode: 0o755},
		{name: "usr/share/doc/asysta/LICENSE", mode: 0o644, content: licence},
		{name: "var/", mode: 0o755},
		{name: "var/lib/", mode: 0o755},
		{name: home[1:] + "/", mode: 0o700, owner: account},
	}, nil
}

// authorities are the certificates by which the program knows the issuer of tokens. Roots with conditions beyond the certificate are left out, because a
// file cannot say them.
func authorities() []byte {
	var b bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // to memory
		}
	}
	return b.Bytes()
}

// own are the program and what it is made of.
func own(program, arch string) ([]file, error) {
	binary, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	parts, err := components(program, arch)
	if err != nil {
		return nil, err
	}
	return []file{
		{name: "asysta", mode: 0o755, content: binary},
		{name: "usr/", mode: 0o755},
		{name: "usr/share/", mode: 0o755},
		{name: "usr/share/sbom/", mode: 0o755},
		{name: "usr/share/sbom/asysta.cdx.json", mode: 0o644, content: parts},
	}, nil
}

// layer makes a layer of files, all of the commit's time.
func layer(files []file, at time.Time) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: int64(f.mode), Uid: f.owner, Gid: f.owner, ModTime: at, Size: int64(len(f.content)), Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
		if f.name[len(f.name)-1] == '/' {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer))
}

// config is how an engine starts the image.
func config(from origin) v1.Config {
	return v1.Config{
		User:       fmt.Sprintf("%d:%d", account, account),
		Entrypoint: []string{"/asysta"},
		Cmd:        []string{"help"},
		WorkingDir: home,
		Env:        []string{"SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
		StopSignal: "SIGTERM",
		Labels: map[string]string{
			"org.opencontainers.image.title":       "Asysta",
			"org.opencontainers.image.description": "county register of family assistance: four gRPC services and a REST gateway",
			"org.opencontainers.image.licenses":    "EUPL-1.2",
			"org.opencontainers.image.version":     from.version,
			"org.opencontainers.image.revision":    from.revision,
			"org.opencontainers.image.created":     from.created.Format(time.RFC3339),
		},
	}
}

// assemble makes the image of a program: first what seldom changes, then the program.
func assemble(from origin, program, arch string) (v1.Image, error) {
	img := mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1)
	shared, err := base(from.root)
	if err != nil {
		return nil, err
	}
	ours, err := own(program, arch)
	if err != nil {
		return nil, err
	}
	for i, files := range [][]file{shared, ours} {
		l, err := layer(files, from.created)
		if err != nil {
			return nil, err
		}
		by := []string{"certificate authorities, account, folder for data", "the program"}[i]
		if img, err = mutate.Append(img, mutate.Addendum{Layer: l, History: v1.History{Created: v1.Time{Time: from.created}, CreatedBy: "asysta image", Comment: by}}); err != nil {
			return nil, err
		}
	}
	c, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	c = c.DeepCopy()
	c.OS, c.Architecture, c.Created, c.Config = "linux", arch, v1.Time{Time: from.created}, config(from)
	return mutate.ConfigFile(img, c)
}

// write puts the image down as an OCI layout and as one tar file of it, whose entries are in order and of the commit's time. What lay there is replaced.
func write(img v1.Image, dir, file, name, arch string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	if err := to.AppendImage(img, layout.WithPlatform(v1.Platform{OS: "linux", Architecture: arch}), layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": name, "io.containerd.image.name": "docker.io/library/" + name,
	})); err != nil {
		return err
	}
	c, err := img.ConfigFile()
	if err != nil {
		return err
	}
	return pack(dir, file, c.Created.Time)
}

func pack(dir, to string, at time.Time) error {
	var files []file
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			files = append(files, file{name: name + "/", mode: 0o755})
			return nil
		}
		content, err := os.ReadFile(path)
		files = append(files, file{name: name, mode: 0o644, content: content})
		return err
	})
	if err != nil {
		return err
	}
	l, err := layer(files, at)
	if err != nil {
		return err
	}
	from, err := l.Uncompressed()
	if err != nil {
		return err
	}
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, from); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}
