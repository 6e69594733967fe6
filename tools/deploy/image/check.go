package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// belongs are all entries of the image with mode and owner, in the order of their names.
var belongs = []string{
	"-rw-r--r-- 0 /etc/group",
	"-rw-r--r-- 0 /etc/passwd",
	"-rw-r--r-- 0 /etc/ssl/certs/ca-certificates.crt",
	"-rw-r--r-- 0 /usr/share/doc/asysta/LICENSE",
	"-rw-r--r-- 0 /usr/share/sbom/asysta.cdx.json",
	"-rwxr-xr-x 0 /asysta",
	"drwx------ 65532 /var/lib/asysta/",
	"drwxr-xr-x 0 /etc/",
	"drwxr-xr-x 0 /etc/ssl/",
	"drwxr-xr-x 0 /etc/ssl/certs/",
	"drwxr-xr-x 0 /usr/",
	"drwxr-xr-x 0 /usr/share/",
	"drwxr-xr-x 0 /usr/share/doc/",
	"drwxr-xr-x 0 /usr/share/doc/asysta/",
	"drwxr-xr-x 0 /usr/share/sbom/",
	"drwxr-xr-x 0 /var/",
	"drwxr-xr-x 0 /var/lib/",
}

// secrets has the forms of what must not be in an image: a private key with its content, a Tink keyset, a connection with a password, a token.
var secrets = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}|"primaryKeyId"\s*:\s*\d|mongodb(\+srv)?://[A-Za-z0-9._%-]+:[^@/\s"{}<>…*$]{3,}@|eyJhbGciOi[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.`)

// check opens a written layout and compares it with what belongs there; with start it also runs the program of the image. The report says what is in it.
func check(ctx context.Context, dir string, from origin, arch string, start bool) (string, error) {
	img, err := written(dir)
	if err != nil {
		return "", err
	}
	c, err := img.ConfigFile()
	if err != nil {
		return "", err
	}
	var faults []error
	want := config(from)
	for what, pair := range map[string][2]string{
		"platform":   {c.OS + "/" + c.Architecture, "linux/" + arch},
		"user":       {c.Config.User, "65532:65532"},
		"entrypoint": {strings.Join(c.Config.Entrypoint, " "), "/asysta"},
		"command":    {strings.Join(c.Config.Cmd, " "), "help"},
		"folder":     {c.Config.WorkingDir, "/var/lib/asysta"},
		"env":        {strings.Join(c.Config.Env, " "), "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
		"labels":     {fmt.Sprint(c.Config.Labels), fmt.Sprint(want.Labels)},
		"ports":      {fmt.Sprint(len(c.Config.ExposedPorts), len(c.Config.Volumes)), "0 0"},
		"created":    {c.Created.UTC().String(), from.created.String()},
	} {
		if pair[0] != pair[1] {
			faults = append(faults, fmt.Errorf("%s is %q, not %q", what, pair[0], pair[1]))
		}
	}
	root, err := os.MkdirTemp("", "asysta-root-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(root) }()
	entries, suspicious, err := unpack(img, root, from.root)
	if err != nil {
		return "", err
	}
	faults = append(faults, suspicious...)
	if strings.Join(entries, "\n") != strings.Join(belongs, "\n") {
		faults = append(faults, fmt.Errorf("files are\n  %s\nnot\n  %s", strings.Join(entries, "\n  "), strings.Join(belongs, "\n  ")))
	}
	report := fmt.Sprintf("%d files and folders, user %s, entrypoint %v, labels %d\n  %s\n", len(entries), c.Config.User, c.Config.Entrypoint, len(c.Config.Labels), strings.Join(entries, "\n  "))
	if start && len(faults) == 0 {
		how, err := started(ctx, root)
		report += how
		faults = append(faults, err)
	}
	return report, errors.Join(faults...)
}

// written opens the one image of a layout and checks every digest and size in it.
func written(dir string) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, err
	}
	m, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	if len(m.Manifests) != 1 {
		return nil, fmt.Errorf("%d images instead of one", len(m.Manifests))
	}
	img, err := index.Image(m.Manifests[0].Digest)
	if err != nil {
		return nil, err
	}
	return img, validate.Image(img)
}

// unpack lays the files of an image below a folder, lists them, and finds what must not be in them: secrets, and the path of the sources.
func unpack(img v1.Image, root, sources string) (entries []string, faults []error, err error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, nil, err
	}
	for _, l := range layers {
		from, err := l.Uncompressed()
		if err != nil {
			return nil, nil, err
		}
		for r := tar.NewReader(from); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, nil, err
			}
			content, err := io.ReadAll(r)
			if err != nil {
				return nil, nil, err
			}
			if found := secrets.Find(content); found != nil {
				faults = append(faults, fmt.Errorf("/%s has the form of a secret: %.24q…", h.Name, found))
			}
			if bytes.Contains(content, []byte(sources+"/")) {
				faults = append(faults, fmt.Errorf("/%s names the folder of the sources", h.Name))
			}
			entries = append(entries, fmt.Sprintf("%s %d /%s", h.FileInfo().Mode(), h.Uid, h.Name))
			if err := place(root, h, content); err != nil {
				return nil, nil, err
			}
		}
	}
	slices.Sort(entries)
	return slices.Compact(entries), faults, nil
}

func place(root string, h *tar.Header, content []byte) error {
	if !fs.ValidPath(strings.TrimSuffix(h.Name, "/")) {
		return fmt.Errorf("path %q", h.Name)
	}
	to := filepath.Join(root, h.Name)
	if h.Typeflag == tar.TypeDir {
		if err := os.MkdirAll(to, h.FileInfo().Mode().Perm()); err != nil {
			return err
		}
	} else if err := os.WriteFile(to, content, h.FileInfo().Mode().Perm()); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		return os.Chown(to, h.Uid, h.Gid)
	}
	return nil
}
