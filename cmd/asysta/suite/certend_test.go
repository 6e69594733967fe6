package suite

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// The end of each certificate that a process has is told, of a renewed one the new end; what is no certificate, and what is not set, tells nothing.
func TestTheEndsOfCertificatesAreTold(t *testing.T) {
	first, second := newAuthority(t).transport("gateway"), newAuthority(t).transport("gateway")
	w := &watch{registry: prometheus.NewPedanticRegistry()}
	broken := t.TempDir() + "/web.crt"
	write := func(path string, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(broken, []byte("no certificate"))
	if err := w.certificates(Transport{Cert: first.Cert, CA: first.CA}, broken); err != nil {
		t.Fatal(err)
	}
	read := func(path string) []byte {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	told := func() string {
		n, err := testutil.GatherAndCount(w.registry, "asysta_certificate_end_timestamp_seconds")
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(n)
	}
	if got := told(); got != "2" {
		t.Errorf("%s ends are told, want those of the own certificate and of the CA", got)
	}
	write(broken, read(second.Cert))
	if got := told(); got != "3" {
		t.Errorf("%s ends are told after the third file was mended", got)
	}
	chain := append(read(first.Cert), read(first.CA)...)
	if got, want := endOf(chain, false), endOf(read(first.Cert), false); got.IsZero() || !got.Equal(want) {
		t.Errorf("of a chain the end is %s, not that of its first certificate, %s", got, want)
	}
	ca := endOf(read(first.CA), true)
	if got := endOf(append(read(first.CA), read(first.Cert)...), true); got.Before(ca) || got.IsZero() {
		t.Errorf("of the CAs of a file the last end is %s, and one holds until %s", got, ca)
	}
	if text := strings.Repeat("x", 10); !endOf([]byte(text), true).IsZero() {
		t.Error("what is no certificate has an end")
	}
}
