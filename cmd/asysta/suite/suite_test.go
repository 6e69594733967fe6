package suite_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc/metadata"

	referralv1 "asysta.example/proto/gen/asysta/referral/v1"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var now = time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

func trialConfig(t *testing.T) suite.AllConfig {
	t.Helper()
	var cfg suite.AllConfig
	must(t, suite.Load(t.Context(), &cfg, []string{
		"ASYSTA_TRIAL=true", "ASYSTA_STORE=sqlite:" + filepath.Join(t.TempDir(), "asysta.db"), "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0", "ASYSTA_LISTEN=127.0.0.1:0",
	}))
	return cfg
}

// fill founds a county with an administrator and a head.
func fill(ctx context.Context, d rpc.Deps) error {
	if _, err := suite.Bootstrap(ctx, d, first); err != nil {
		return err
	}
	for _, doc := range []struct {
		scope store.Scope
		ref   store.Ref
		cover any
	}{
		{d.Store.ForCounty("3024"), store.Ref{Kind: store.People, ID: "head"}, directory.Person{DisplayName: "Hanna Próbna", Subjects: []string{"hanna"}, ActiveFrom: calendar.MustOf(2020, 1, 1)}},
		{d.Store.For("3024035"), store.Ref{Kind: store.Staff, ID: "s1"}, directory.Staff{
			Person: "head", DisplayName: "Hanna Próbna", Roles: []access.Role{access.Head}, Contract: "EMPLOYMENT", FTE: 100, ActiveFrom: calendar.MustOf(2020, 1, 1)}},
	} {
		_, _, err := doc.scope.Commit(ctx, doc.scope.New(doc.ref), store.Change{Actor: store.Actor{System: "test"}, Method: "test", RecordedAt: now, Cover: doc.cover})
		if err != nil {
			return err
		}
	}
	return nil
}

var first = suite.First{Gmina: "3024035", GminaName: "gmina Próbna", CountyName: "powiat próbny", Person: "Adam Próbny", Subject: "adam",
	Office: directory.Office{Name: "GOPS w Próbnej"}}

func start(t *testing.T, cfg suite.AllConfig, fill func(context.Context, rpc.Deps) error) *suite.Suite {
	t.Helper()
	s, err := suite.Start(t.Context(), cfg, suite.Options{Clock: clock, Log: slog.New(slog.DiscardHandler), Fill: fill})
	must(t, err)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		must(t, s.Close())
	})
	return s
}

func get(t *testing.T, method, url, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	must(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	raw, err := io.ReadAll(resp.Body)
	must(t, err)
	must(t, resp.Body.Close())
	return resp.StatusCode, string(raw)
}

func TestTrialServesGRPCAndREST(t *testing.T) {
	s := start(t, trialConfig(t), fill)
	base := "http://" + s.Address()
	if code, body := get(t, "GET", base+suite.TrialPath+"/people", "", ""); code != 200 || !strings.Contains(body, "hanna\tHanna Próbna\tkierownik ośrodka, gmina Próbna\n") {
		t.Errorf("people: %d %s", code, body)
	}
	for word, want := range map[string]string{"kierowniczka GOPS": "kierowniczka GOPS, gmina Próbna", "kierowniczka, gmina Próbna": "kierowniczka, gmina Próbna"} {
		s.Introduce(map[string]string{"hanna": word})
		if _, body := get(t, "GET", base+suite.TrialPath+"/people", "", ""); !strings.Contains(body, "hanna\tHanna Próbna\t"+want+"\n") || !strings.Contains(body, "administrator powiatu") {
			t.Errorf("introduced as %q: %s", word, body)
		}
	}
	code, token := get(t, "POST", base+suite.TrialPath+"/token", "", url.Values{"subject": {"hanna"}}.Encode())
	if token = strings.TrimSpace(token); code != 200 {
		t.Fatalf("token: %d %s", code, token)
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
	_, err := referralv1.NewReferralServiceClient(s.Conn).ListReferrals(ctx, &referralv1.ListReferralsRequest{Parent: "gminas/3024035"})
	must(t, err)
	code, body := get(t, "GET", base+"/v1/gminas/3024035/referrals", token, "")
	if code != 200 || !json.Valid([]byte(body)) {
		t.Errorf("REST: %d %s", code, body)
	}
	if code, body := get(t, "GET", base+"/v1/gminas/3024044/referrals", token, ""); code != 403 || !strings.Contains(body, "DENIED") {
		t.Errorf("a foreign gmina: %d %s", code, body)
	}
	if code, _ := get(t, "GET", base+"/v1/gminas/3024035/referrals", "", ""); code != 401 {
		t.Errorf("without a token: %d", code)
	}
	if code, body := get(t, "GET", base+"/readyz", "", ""); code != 200 {
		t.Errorf("ready: %d %s", code, body)
	}
}

func TestPlayCallsBeforeAnybodyElseCan(t *testing.T) {
	cfg := trialConfig(t)
	played := false
	s, err := suite.Start(t.Context(), cfg, suite.Options{Clock: clock, Log: slog.New(slog.DiscardHandler), Fill: fill, Play: func(ctx context.Context, s *suite.Suite) error {
		token, err := s.Trial.Token("hanna")
		if err != nil {
			return err
		}
		client := &http.Client{Timeout: 100 * time.Millisecond}
		if resp, err := client.Get("http://" + s.Address() + "/healthz"); err == nil {
			must(t, resp.Body.Close())
			t.Error("the gateway answered while the past was played")
		}
		client.CloseIdleConnections()
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
		_, err = referralv1.NewReferralServiceClient(s.Conn).ListReferrals(ctx, &referralv1.ListReferralsRequest{Parent: "gminas/3024035"})
		played = err == nil
		return err
	}})
	must(t, err)
	if must(t, s.Close()); !played {
		t.Error("nothing was played")
	}
	if _, err := suite.Start(t.Context(), cfg, suite.Options{Clock: clock, Log: slog.New(slog.DiscardHandler), Play: func(context.Context, *suite.Suite) error { return errPlay }}); !errors.Is(err, errPlay) {
		t.Errorf("a play that fails: %v", err)
	}
}

var errPlay = errors.New("step 3 did not come out")

func TestStartCleansUpWhereItFails(t *testing.T) {
	cfg := trialConfig(t)
	s := start(t, cfg, nil)
	cfg.Web.Listen = s.Address() // taken
	if other, err := suite.Start(t.Context(), cfg, suite.Options{Clock: clock, Log: slog.New(slog.DiscardHandler)}); err == nil {
		_ = other.Close()
		t.Error("two gateways on one address")
	}
}

func TestDataAndKeysOutliveTheProcess(t *testing.T) {
	cfg := trialConfig(t)
	s, err := suite.Start(t.Context(), cfg, suite.Options{Clock: clock, Log: slog.New(slog.DiscardHandler), Fill: fill})
	must(t, err)
	sealed, err := s.Deps.Vault.Seal(t.Context(), "3024035", "file", "44051401359")
	must(t, err)
	must(t, s.Close())
	again := start(t, cfg, nil)
	open, err := again.Deps.Vault.Open(t.Context(), "3024035", "file", sealed)
	if err != nil || open != "44051401359" {
		t.Errorf("%q, %v", open, err)
	}
	if _, err := again.Deps.Directory.Principal(t.Context(), "adam", again.Deps.Today()); err != nil {
		t.Error(err)
	}
}

func TestBootstrapHappensOnce(t *testing.T) {
	s := start(t, trialConfig(t), nil)
	if _, err := suite.Bootstrap(t.Context(), s.Deps, suite.First{Gmina: "302"}); err == nil || strings.Count(err.Error(), "\n") != 5 {
		t.Errorf("faults of an empty bootstrap: %v", err)
	}
	admin, err := suite.Bootstrap(t.Context(), s.Deps, first)
	must(t, err)
	p, err := s.Deps.Directory.Principal(t.Context(), "adam", s.Deps.Today())
	must(t, err)
	if "powiaty/3024/people/"+p.Person != admin || !p.Has(access.CountyAdministrator) {
		t.Errorf("%s: %+v", admin, p)
	}
	other := first
	other.Subject = "intruder"
	if _, err := suite.Bootstrap(t.Context(), s.Deps, other); !fault.IsReason(err, "BOOTSTRAPPED") {
		t.Errorf("a second bootstrap: %v", err)
	}
	report, err := s.Deps.Store.System().Verify(t.Context())
	if err != nil || len(report.Faults) > 0 || report.Commits < 3 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestLostMasterKeyIsNotReplaced(t *testing.T) {
	cfg := trialConfig(t)
	s, err := suite.Start(t.Context(), cfg, suite.Options{Clock: clock, Log: slog.New(slog.DiscardHandler), Fill: fill})
	must(t, err)
	must(t, s.Close())
	cfg.MasterKey = filepath.Join(t.TempDir(), "elsewhere.json")
	if s, err = suite.Start(t.Context(), cfg, suite.Options{Clock: clock, Log: slog.New(slog.DiscardHandler)}); err == nil {
		_ = s.Close()
		t.Error("a store with a county was opened with a new master key")
	}
	if _, err := os.Stat(cfg.MasterKey); err == nil {
		t.Error("a new master key was written")
	}
	if _, err := suite.OpenTool(t.Context(), suite.ToolConfig{Storage: cfg.Storage}, clock, slog.New(slog.DiscardHandler), true, true); err == nil {
		t.Error("bootstrap replaces a lost key")
	}
}

func TestDataIsItsOwnersAlone(t *testing.T) {
	cfg := trialConfig(t)
	start(t, cfg, nil)
	files, err := filepath.Glob(strings.TrimPrefix(cfg.Store, "sqlite:") + "*")
	must(t, err)
	if len(files) < 3 {
		t.Fatalf("only %v", files)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		must(t, err)
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %04o", filepath.Base(f), info.Mode().Perm())
		}
	}
}

func TestToolMakesNoStoreBySearching(t *testing.T) {
	path := filepath.Join(t.TempDir(), "asysta.db")
	cfg := suite.ToolConfig{Storage: suite.Storage{Store: "sqlite:" + path}}
	if _, err := suite.OpenTool(t.Context(), cfg, clock, slog.New(slog.DiscardHandler), false, false); err == nil {
		t.Error("a store that is not there was opened")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("an empty store was left behind")
	}
}
