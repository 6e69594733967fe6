package suite_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"asysta.example/cmd/asysta/suite"
)

func TestSettings(t *testing.T) {
	for label, tt := range map[string]struct {
		into  any
		env   []string
		wants []string // in the error; none: accepted
	}{
		"all, empty":     {&suite.AllConfig{}, nil, []string{"ASYSTA_OIDC_ISSUER"}},
		"all, trial":     {&suite.AllConfig{}, []string{"ASYSTA_TRIAL=true"}, nil},
		"tools, empty":   {&suite.ToolConfig{}, nil, nil},
		"gateway, empty": {&suite.GatewayConfig{}, nil, nil},
		"token, empty":   {&suite.TokenConfig{}, nil, nil},
		"others' settings": {&suite.ToolConfig{}, []string{"ASYSTA_GATEWAY_LISTEN=:80", "ASYSTA_TEST_MONGODB_URI=x", "PATH=/bin", "ASYSTA_TRIAL=",
			"ASYSTA_CASEFILE_SERVICE_HOST=10.0.0.1", "ASYSTA_CASEFILE_PORT_9102_TCP_ADDR=10.0.0.1", "ASYSTA_CASEFILE_PORT=tcp://10.0.0.1:9102"}, nil},
		"service, empty": {&suite.ServiceConfig{}, nil, []string{"ASYSTA_OIDC_ISSUER", "ASYSTA_SYSTEM_KEY_FILE", "ASYSTA_MASTER_KEY_FILE"}},
		"service, trial": {&suite.ServiceConfig{}, []string{"ASYSTA_TRIAL=true", "ASYSTA_OIDC_ISSUER=https://i", "ASYSTA_SYSTEM_KEY_FILE=s", "ASYSTA_MASTER_KEY_FILE=m"},
			[]string{"ASYSTA_TRIAL"}},
		"every fault at once": {&suite.AllConfig{}, []string{"ASYSTA_TRIAL=perhaps", "ASYSTA_DRAIN=soon", "ASYSTA_STORE=redis://pass@x", "ASYSTA_STOER=x", "ASYSTA_LISTEN=here"},
			[]string{"ASYSTA_TRIAL", "ASYSTA_DRAIN", "ASYSTA_STORE", "ASYSTA_STOER", "ASYSTA_LISTEN"}},
		"trial for the world":       {&suite.AllConfig{}, []string{"ASYSTA_TRIAL=true", "ASYSTA_GATEWAY_LISTEN=0.0.0.0:8080"}, []string{"ASYSTA_GATEWAY_LISTEN", "127.0.0.1"}},
		"trial for the world, gRPC": {&suite.AllConfig{}, []string{"ASYSTA_TRIAL=true", "ASYSTA_LISTEN=:9000"}, []string{"ASYSTA_LISTEN"}},
		"trial and issuer":          {&suite.AllConfig{}, []string{"ASYSTA_TRIAL=true", "ASYSTA_OIDC_ISSUER=https://i"}, []string{"ASYSTA_TRIAL"}},
		"values of the wrong kind":  {&suite.AllConfig{}, []string{"ASYSTA_TRIAL=tak", "ASYSTA_DRAIN=soon", "ASYSTA_LOG_LEVEL=x"}, []string{"ASYSTA_TRIAL: takes true or false", "ASYSTA_DRAIN: takes a time", "ASYSTA_LOG_LEVEL: takes a level"}},
		"issuer in the clear":       {&suite.AllConfig{}, []string{"ASYSTA_OIDC_ISSUER=http://login.example"}, []string{"ASYSTA_OIDC_ISSUER", "https://"}},
		"issuer that is no address": {&suite.AllConfig{}, []string{"ASYSTA_OIDC_ISSUER=login"}, []string{"ASYSTA_OIDC_ISSUER", "https://"}},
		"issuer on this machine":    {&suite.AllConfig{}, []string{"ASYSTA_OIDC_ISSUER=http://127.0.0.1:9000"}, nil},
		"provider in detail": {&suite.AllConfig{}, []string{"ASYSTA_OIDC_ISSUER=https://i", "ASYSTA_OIDC_AUDIENCE=a, b", "ASYSTA_OIDC_SUBJECT_CLAIM=preferred_username", "ASYSTA_OIDC_CLIENTS=web",
			"ASYSTA_OIDC_REQUIRED_CLAIMS=acr=substantial|high,realm_access.roles=asysta", "ASYSTA_OIDC_ALGORITHMS=RS256", "ASYSTA_OIDC_TOKENS=id", "ASYSTA_OIDC_LEEWAY=30s",
			"ASYSTA_OIDC_KEYS_KEPT=1h", "ASYSTA_TRUSTED_PROXIES=10.0.0.1,fd00::/8", "ASYSTA_FAILED_LOGINS_PER_SECOND=0"}, nil},
		"provider, every fault": {&suite.AllConfig{}, []string{"ASYSTA_OIDC_ISSUER=https://i", "ASYSTA_OIDC_AUDIENCE= ,", "ASYSTA_OIDC_ALGORITHMS=HS256,none", "ASYSTA_OIDC_TOKENS=refresh",
			"ASYSTA_OIDC_LEEWAY=1h", "ASYSTA_OIDC_KEYS_KEPT=1s", "ASYSTA_TRUSTED_PROXIES=proxy", "ASYSTA_FAILED_LOGINS_PER_SECOND=-1"},
			[]string{"ASYSTA_OIDC_AUDIENCE", `"HS256"`, `"none"`, "ASYSTA_OIDC_TOKENS", "ASYSTA_OIDC_LEEWAY", "ASYSTA_OIDC_KEYS_KEPT", "ASYSTA_TRUSTED_PROXIES", "ASYSTA_FAILED_LOGINS_PER_SECOND"}},
		"claim without a value": {&suite.AllConfig{}, []string{"ASYSTA_OIDC_ISSUER=https://i", "ASYSTA_OIDC_REQUIRED_CLAIMS=acr"}, []string{"ASYSTA_OIDC_REQUIRED_CLAIMS"}},
		"mongo without a key":   {&suite.AllConfig{}, []string{"ASYSTA_TRIAL=true", "ASYSTA_STORE=mongodb://h"}, []string{"ASYSTA_MASTER_KEY_FILE"}},
		"services by name": {&suite.GatewayConfig{}, []string{"ASYSTA_REFERRAL_ADDRESS=referral:9101", "ASYSTA_CASEFILE_ADDRESS=dns:///casefile.asysta.svc:9102", "ASYSTA_PLANNING_ADDRESS=dns:///127.0.0.1:9103",
			"ASYSTA_REPORTING_ADDRESS=[::1]:9104"}, nil},
		"services nowhere": {&suite.GatewayConfig{}, []string{"ASYSTA_REFERRAL_ADDRESS=referral", "ASYSTA_CASEFILE_ADDRESS=dns:///", "ASYSTA_PLANNING_ADDRESS=dns:///planning", "ASYSTA_REPORTING_ADDRESS=xds:///reporting:9104"},
			[]string{"ASYSTA_REFERRAL_ADDRESS", "ASYSTA_CASEFILE_ADDRESS", "ASYSTA_PLANNING_ADDRESS", "ASYSTA_REPORTING_ADDRESS", "dns:///host:port"}},
		"casefile nowhere": {&suite.ServiceConfig{}, []string{"ASYSTA_OIDC_ISSUER=https://i", "ASYSTA_SYSTEM_KEY_FILE=s", "ASYSTA_MASTER_KEY_FILE=m", "ASYSTA_CASEFILE_ADDRESS=casefile"},
			[]string{"ASYSTA_CASEFILE_ADDRESS"}},
		"listening by name":  {&suite.GatewayConfig{}, []string{"ASYSTA_GATEWAY_LISTEN=dns:///127.0.0.1:8080"}, []string{"ASYSTA_GATEWAY_LISTEN"}},
		"half a certificate": {&suite.GatewayConfig{}, []string{"ASYSTA_TLS_CERT_FILE=c"}, []string{"ASYSTA_TLS_KEY_FILE"}},
		"a CA and no certificate, service": {&suite.ServiceConfig{}, []string{"ASYSTA_OIDC_ISSUER=https://i", "ASYSTA_SYSTEM_KEY_FILE=s", "ASYSTA_MASTER_KEY_FILE=m", "ASYSTA_TLS_CA_FILE=c"},
			[]string{"ASYSTA_TLS_CA_FILE", "ASYSTA_TLS_CERT_FILE", "in the clear"}},
		"a CA and no certificate, all":     {&suite.AllConfig{}, []string{"ASYSTA_OIDC_ISSUER=https://i", "ASYSTA_LISTEN=:9100", "ASYSTA_TLS_CA_FILE=c"}, []string{"ASYSTA_TLS_CA_FILE", "ASYSTA_TLS_CERT_FILE"}},
		"a CA and no certificate, gateway": {&suite.GatewayConfig{}, []string{"ASYSTA_TLS_CA_FILE=c"}, nil}, // it calls and is not called
		"an end in the past":               {&suite.AllConfig{}, []string{"ASYSTA_OIDC_ISSUER=https://i", "ASYSTA_DRAIN=-5s"}, []string{"ASYSTA_DRAIN: 0s to 1h0m0s"}},
		"an end next week":                 {&suite.GatewayConfig{}, []string{"ASYSTA_DRAIN=200h"}, []string{"ASYSTA_DRAIN: 0s to 1h0m0s"}},
		"an end that takes long":           {&suite.GatewayConfig{}, []string{"ASYSTA_DRAIN=1h"}, nil},
		"origins":                          {&suite.GatewayConfig{}, []string{"ASYSTA_ALLOWED_ORIGINS=https://opieka.example, http://127.0.0.1:3000"}, nil},
		"origins of nobody": {&suite.GatewayConfig{}, []string{"ASYSTA_ALLOWED_ORIGINS=https://a.example/,*,b.example,https://C.example,https://d.example/app"},
			[]string{`"https://a.example/"`, `"*"`, `"b.example"`, `"https://C.example"`, `"https://d.example/app"`}},
		"peers of no CA": {&suite.GatewayConfig{}, []string{"ASYSTA_TLS_PEERS=a,b"}, []string{"ASYSTA_TLS_CA_FILE"}},
	} {
		t.Run(label, func(t *testing.T) {
			err := suite.Load(t.Context(), tt.into, tt.env)
			if len(tt.wants) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tt.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not name %s", err, want)
				}
			}
			if strings.Contains(err.Error(), "pass@") {
				t.Errorf("a password in %q", err)
			}
		})
	}
}

func TestDefaultsAndValues(t *testing.T) {
	var cfg suite.AllConfig
	must(t, suite.Load(t.Context(), &cfg, []string{"ASYSTA_TRIAL=true", "ASYSTA_LOG_LEVEL=warn", "ASYSTA_ALLOWED_ORIGINS=https://a,https://b"}))
	if cfg.Web.Listen != suite.DefaultGateway || cfg.Listen != "" || cfg.Store != "sqlite:asysta.db" || cfg.Drain != 20*time.Second || cfg.Level != slog.LevelWarn ||
		len(cfg.Origins) != 2 || !slices.Equal(cfg.Audience, []string{"asysta"}) || cfg.Leeway != time.Minute {
		t.Errorf("%+v", cfg)
	}
}

// TestOneFaultIsOneLine: a value that cannot be read must not make others of its section, which are set or have a default, look as if they were missing or wrong.
func TestOneFaultIsOneLine(t *testing.T) {
	for setting, wants := range map[string]string{
		"ASYSTA_OIDC_LEEWAY=soon":            "ASYSTA_OIDC_LEEWAY: takes a time such as 20s or 2m (how far the issuer's clock may be from ours, at most 5m)",
		"ASYSTA_TRUSTED_PROXIES=10.0.0.0/40": `ASYSTA_TRUSTED_PROXIES: "10.0.0.0/40" is no address and no network such as 10.1.0.0/16`,
	} {
		for _, cfg := range []any{&suite.AllConfig{}, &suite.ServiceConfig{}} {
			err := suite.Load(t.Context(), cfg, []string{"ASYSTA_OIDC_ISSUER=https://i", "ASYSTA_SYSTEM_KEY_FILE=s", "ASYSTA_MASTER_KEY_FILE=m", setting})
			if err == nil || err.Error() != wants {
				t.Errorf("%T with %s: %v", cfg, setting, err)
			}
		}
	}
}

// TestFilesThatCannotBeReadNameTheirSetting starts processes with one file missing each, and listens where nobody can.
func TestFilesThatCannotBeReadNameTheirSetting(t *testing.T) {
	dir := t.TempDir()
	common := []string{"ASYSTA_OIDC_ISSUER=https://i", "ASYSTA_STORE=sqlite:" + dir + "/a.db", "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0"}
	for want, more := range map[string][]string{
		"ASYSTA_SYSTEM_KEY_FILE: ":       {"ASYSTA_SYSTEM_KEY_FILE=" + dir + "/none"},
		"ASYSTA_MASTER_KEY_FILE: ":       {"ASYSTA_MASTER_KEY_FILE=" + dir},
		"ASYSTA_ANCHOR_KEY_FILE: ":       {"ASYSTA_ANCHOR_DIR=" + dir, "ASYSTA_ANCHOR_KEY_FILE=" + dir + "/none"},
		"ASYSTA_TLS_CERT_FILE, ":         {"ASYSTA_LISTEN=127.0.0.1:0", "ASYSTA_TLS_CERT_FILE=" + dir + "/none", "ASYSTA_TLS_KEY_FILE=" + dir + "/none"},
		"ASYSTA_GATEWAY_TLS_CERT_FILE, ": {"ASYSTA_GATEWAY_TLS_CERT_FILE=" + dir + "/none", "ASYSTA_GATEWAY_TLS_KEY_FILE=" + dir + "/none"},
		"ASYSTA_METRICS_LISTEN: ":        {"ASYSTA_METRICS_LISTEN=127.0.0.1:99999"},
	} {
		var cfg suite.AllConfig
		must(t, suite.Load(t.Context(), &cfg, append(slices.Clone(common), more...)))
		s, err := suite.Start(t.Context(), cfg, suite.Options{Clock: clock, Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			must(t, s.Close())
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v\nwant %s…", err, want)
		}
	}
}
