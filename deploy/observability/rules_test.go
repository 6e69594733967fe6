package observability_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	increase = regexp.MustCompile(`increase\(([a-z_]+)(\{[^}]*\})?\[([0-9]+[mh])\]\)`)
	firsts   = []string{"asysta_calls_total", "asysta_rest_requests_total", "asysta_work_rounds_total"} // begin to exist with their first event
)

// TestTheFirstEventIsSeen: increase() sees no step in a counter that begins at 1, so each rule counts what was not there before its window whole.
func TestTheFirstEventIsSeen(t *testing.T) {
	seen := 0
	for _, a := range alerts(t) {
		for _, m := range increase.FindAllStringSubmatch(a.Expr, -1) {
			if !slices.Contains(firsts, m[1]) {
				continue
			}
			seen++
			series, window := m[1]+m[2], m[3]
			if form := "((" + series + " unless " + series + " offset " + window + ") or " + m[0] + ")"; !strings.Contains(a.Expr, form) {
				t.Errorf("%s does not see the first event of %s; write %s", a.Alert, series, form)
			}
		}
	}
	if seen < 5 {
		t.Errorf("%d rules count events", seen)
	}
}

// TestRulesKnowOfLimits: a process with GOMEMLIMIT is killed long before it holds what one without may, and what is worked out from /proc/stat is hidden by the unit of systemd.
func TestRulesKnowOfLimits(t *testing.T) {
	for _, a := range alerts(t) {
		if a.Alert == "AsystaMemory" && !strings.Contains(a.Expr, "go_gc_gomemlimit_bytes") {
			t.Errorf("%s does not ask what the process may hold: %s", a.Alert, a.Expr)
		}
		if strings.Contains(a.Expr, "process_start_time_seconds") {
			t.Errorf("%s asks for what a process under ProcSubset=pid cannot tell; asysta_start_time_seconds can", a.Alert)
		}
	}
}

// TestRulesByPromtool lets Prometheus' own tool, where it is, play through what the rules do.
func TestRulesByPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Log("there is no promtool on this machine; the tests above have read the rules")
		return
	}
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml"}} {
		if out, err := exec.CommandContext(t.Context(), promtool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}

var italic = regexp.MustCompile(`(?:^|[^*])\*([A-Za-z][^*]+)\*(?:[^*]|$)`)

// TestPagesNamePanels: what a page sets in italics is a panel of the dashboard.
func TestPagesNamePanels(t *testing.T) {
	raw, err := os.ReadFile("dashboard.json")
	must(t, err)
	var d struct{ Panels []struct{ Title string } }
	must(t, json.Unmarshal(raw, &d))
	pages, err := filepath.Glob(playbooks + "/*.md")
	must(t, err)
	named := 0
	for _, page := range pages {
		raw, err := os.ReadFile(page)
		must(t, err)
		for _, m := range italic.FindAllStringSubmatch(string(raw), -1) {
			named++
			there := func(p struct{ Title string }) bool {
				return strings.Contains(strings.ToLower(p.Title), strings.ToLower(m[1]))
			}
			if !slices.ContainsFunc(d.Panels, there) {
				t.Errorf("%s sends to %q, which is no panel", filepath.Base(page), m[1])
			}
		}
	}
	if named < 15 {
		t.Errorf("%d panels are named", named)
	}
}

// ends is the last second of the certificate that certified makes.
var ends = time.Date(2040, 5, 6, 7, 8, 9, 0, time.UTC)

// certified puts a certificate that vouches for itself, and its key, into a folder.
func certified(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"own"}, NotBefore: ends.AddDate(-20, 0, 0), NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "own.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(filepath.Join(dir, "own.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
}
