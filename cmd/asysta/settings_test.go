package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSettingsShowWhatHolds(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "store")
	if err := os.WriteFile(secret, []byte("mongodb://asysta:Geheimnis@db1,db2/?replicaSet=a&tlsCertificateKeyFilePassword=Geheimnis&tls=true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"ASYSTA_STORE_FILE=" + secret, "ASYSTA_DRAIN=3s", "ASYSTA_LOG_LEVEL=", "PATH=/bin"}
	for label, tt := range map[string]struct {
		args  []string
		wants []string // words of one line each
		fails string
	}{
		"all of them": {nil, []string{
			"ASYSTA_STORE mongodb://asysta:•••@db1,db2/?replicaSet=a&tlsCertificateKeyFilePassword=•••&tls=true file " + secret,
			"ASYSTA_DRAIN 3s environment", "ASYSTA_LOG_LEVEL INFO default", "ASYSTA_OIDC_ISSUER – not set", "ASYSTA_ALLOWED_ORIGINS – not set",
		}, ""},
		"those of a command":   {[]string{"gateway"}, []string{"ASYSTA_DRAIN 3s environment", "ASYSTA_ALLOWED_ORIGINS – not set"}, ""},
		"with what is wrong":   {[]string{"casefile"}, []string{"ASYSTA_DRAIN 3s environment"}, "ASYSTA_OIDC_ISSUER"},
		"of no such command":   {[]string{"casefiles"}, nil, "casefiles"},
		"of a tool's settings": {[]string{"migrate"}, []string{"ASYSTA_DATABASE asysta default"}, ""},
	} {
		t.Run(label, func(t *testing.T) {
			out, err := run(t, env, append([]string{"settings"}, tt.args...)...)
			if (err == nil) != (tt.fails == "") || (err != nil && !strings.Contains(err.Error(), tt.fails)) {
				t.Errorf("error %v, want one of %q", err, tt.fails)
			}
			if strings.Contains(out, "Geheimnis") {
				t.Errorf("a password is shown:\n%s", out)
			}
			said := strings.Join(strings.Fields(out), " ")
			for _, want := range tt.wants {
				if !strings.Contains(said, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
			if len(tt.args) > 0 && tt.args[0] == "gateway" && strings.Contains(out, "ASYSTA_STORE") {
				t.Errorf("the gateway reads no store:\n%s", out)
			}
		})
	}
	if _, err := run(t, append(env, "ASYSTA_STORE=sqlite:x"), "settings", "migrate"); err == nil || !strings.Contains(err.Error(), "ASYSTA_STORE_FILE") {
		t.Errorf("two stores: %v", err)
	}
	if _, err := run(t, []string{"ASYSTA_STORE_FILE=" + secret + "x"}, "settings", "migrate"); err == nil {
		t.Error("a file that is not there is accepted")
	}
}
