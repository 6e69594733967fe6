package access_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"asysta.example/internal/identity"
)

// ask makes one call over REST with a token, as a client that a proxy of this machine names.
func (d *deployment) ask(t *testing.T, token, from string) (code int, reason, message, retry string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+d.processes[0].Address()+"/v1/me", nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	if from != "" {
		req.Header.Set("X-Forwarded-For", from)
	}
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	var body struct {
		Error struct{ Reason, Message string }
	}
	must(t, json.NewDecoder(resp.Body).Decode(&body))
	return resp.StatusCode, body.Error.Reason, body.Error.Message, resp.Header.Get("Retry-After")
}

// TestWhoAsksTooOftenIsToldWhenToComeAgain: over REST a person's rate and the failed logins of an address are bounded, each with 429, a sentence in Polish and Retry-After,
// and neither touches anybody else.
func TestWhoAsksTooOftenIsToldWhenToComeAgain(t *testing.T) {
	t.Parallel()
	d := deploy(t, 1, "ASYSTA_STORE=sqlite:"+filepath.Join(t.TempDir(), "county.db"), "ASYSTA_CALLS_PER_SECOND=1", "ASYSTA_FAILED_LOGINS_PER_SECOND=1", "ASYSTA_TRUSTED_PROXIES=10.9.0.0/16")
	admin, err := d.issuer.Token("admin")
	must(t, err)
	elsewhere, err := identity.NewTrialIssuer("http://127.0.0.1:1/elsewhere", "asysta", clock, nil)
	must(t, err)
	bad := 0
	const attacker, behindProxy = "192.0.2.7", "192.0.2.7, 10.9.0.3"
	for i := range 100 {
		forged, err := elsewhere.Token("admin" + strconv.Itoa(i))
		must(t, err)
		code, reason, message, retry := d.ask(t, forged, map[bool]string{true: attacker, false: behindProxy}[i%2 == 0])
		switch {
		case code == http.StatusUnauthorized && reason == "TOKEN_INVALID":
			bad++
		case code == http.StatusTooManyRequests && reason == "LOGIN_RATE":
			if retry != "60" || !strings.Contains(message, "nieudanych prób logowania") {
				t.Fatalf("too many bad tokens: Retry-After %q, %s", retry, message)
			}
		default:
			t.Fatalf("a forged token: %d %s", code, reason)
		}
	}
	if bad != 7 { // at once; then one a second by the county's clock, which stands still
		t.Errorf("%d bad tokens of one address were verified, want 7", bad)
	}
	if code, reason, _, _ := d.ask(t, admin, attacker); code != http.StatusTooManyRequests || reason != "LOGIN_RATE" {
		t.Errorf("a new token from the address of the flood: %d %s", code, reason)
	}
	if code, reason, _, _ := d.ask(t, admin, "192.0.2.8"); code != http.StatusOK {
		t.Errorf("somebody else's address: %d %s", code, reason)
	}
	if code, reason, _, _ := d.ask(t, admin, attacker); code != http.StatusOK {
		t.Errorf("a token known to be good, from the address of the flood: %d %s", code, reason)
	}
	limited := 0
	for range 200 {
		code, reason, message, retry := d.ask(t, admin, "")
		if code != http.StatusTooManyRequests {
			continue
		}
		limited++
		if seconds, err := strconv.Atoi(retry); reason != "RATE" || err != nil || seconds < 1 || !strings.Contains(message, "Zbyt wiele żądań") {
			t.Fatalf("too many calls: %s, Retry-After %q, %s", reason, retry, message)
		}
	}
	if limited == 0 {
		t.Error("200 calls of one person in a row are not too many where one a second is allowed")
	}
}
