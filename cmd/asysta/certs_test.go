package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func certificateOf(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	block, _ := pem.Decode(content)
	cert, err := x509.ParseCertificate(block.Bytes)
	must(t, err)
	return cert
}

func TestCerts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	out, err := run(t, nil, "certs", "-dir", dir, "-host", "casefile=casefile.asysta.svc", "-host", "gateway=10.0.0.7")
	must(t, err)
	if !strings.Contains(out, "ASYSTA_TLS_PEERS=gateway,casefile,referral,planning,reporting") || strings.Count(out, "ASYSTA_TLS_PEERS=") != 4 {
		t.Errorf("%s", out)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificateOf(t, filepath.Join(dir, "ca.crt")))
	for _, name := range certNames {
		cert := certificateOf(t, filepath.Join(dir, name+".crt"))
		for _, host := range []string{name, "localhost", "127.0.0.1"} {
			if _, err := cert.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err != nil {
				t.Errorf("%s as %s: %v", name, host, err)
			}
		}
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
			t.Errorf("%s as a caller: %v", name, err)
		}
		for _, other := range certNames { // peers are told apart by their names
			if other != name && slices.Contains(cert.DNSNames, other) {
				t.Errorf("%s goes by the name of %s", name, other)
			}
		}
	}
	if got := certificateOf(t, filepath.Join(dir, "casefile.crt")); got.VerifyHostname("casefile.asysta.svc") != nil {
		t.Error("a name that was asked for is missing")
	}
	files, err := os.ReadDir(dir)
	must(t, err)
	if len(files) != 12 {
		t.Errorf("%d files", len(files))
	}
	before := map[string]string{}
	for _, f := range files {
		info, err := f.Info()
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		must(t, err)
		before[f.Name()] = string(content)
	}
	must(t, os.Remove(filepath.Join(dir, "planning.crt")))
	must(t, os.Remove(filepath.Join(dir, "planning.key")))
	out, err = run(t, nil, "certs", "-dir", dir)
	if err != nil || strings.Count(out, "is there and is left") != 4 {
		t.Errorf("%s, %v", out, err)
	}
	for name, content := range before {
		now, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		if same := string(now) == content; same == strings.HasPrefix(name, "planning") {
			t.Errorf("%s: the same %v", name, same)
		}
	}
	if _, err := certificateOf(t, filepath.Join(dir, "planning.crt")).Verify(x509.VerifyOptions{DNSName: "planning", Roots: roots}); err != nil {
		t.Errorf("the new one is of another CA: %v", err)
	}
	must(t, os.Remove(filepath.Join(dir, "ca.key")))
	for _, args := range [][]string{{"-dir", dir}, {}, {"-dir", dir, "-host", "referral=gateway"}, {"-dir", dir, "-host", "someone=x"}, {"-dir", dir, "-days", "0"}} {
		if _, err := run(t, nil, append([]string{"certs"}, args...)...); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "ca.key")); err == nil {
		t.Error("another CA was begun beside the one that is there")
	}
}
