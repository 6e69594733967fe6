package observability_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/directory"
	"asysta.example/internal/rpc"
)

// rules is a file of Prometheus rules, as far as alerts use it.
type rules struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []rule `yaml:"rules"`
	} `yaml:"groups"`
}

type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

func alerts(t *testing.T) []rule {
	t.Helper()
	raw, err := os.ReadFile("alerts.yaml")
	must(t, err)
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	var r rules
	must(t, d.Decode(&r))
	var all []rule
	for _, g := range r.Groups {
		if g.Name == "" || len(g.Rules) == 0 {
			t.Errorf("group %q has no name or no rules", g.Name)
		}
		all = append(all, g.Rules...)
	}
	if len(all) < 15 {
		t.Fatalf("only %d alerts", len(all))
	}
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lockedLog is where the process says where it tells its metrics.
type lockedLog struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var (
	toldAt = regexp.MustCompile(`"msg":"telling metrics","address":"([^"]+)"`)
	sample = regexp.MustCompile(`^([a-z_0-9]+)(?:\{(.*)\})? \S+$`)
	label  = regexp.MustCompile(`([a-z_]+)=~?"`)
)

// told gives what a running process tells: each metric with the labels that it has.
var told = sync.OnceValues(func() (map[string]map[string]bool, error) {
	dir, err := os.MkdirTemp("", "asysta-observability-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := certified(dir); err != nil {
		return nil, err
	}
	ctx, log, cfg := context.Background(), &lockedLog{}, suite.AllConfig{}
	if err := suite.Load(ctx, &cfg, []string{"ASYSTA_TRIAL=true", "ASYSTA_TLS_CERT_FILE=" + filepath.Join(dir, "own.crt"), "ASYSTA_TLS_KEY_FILE=" + filepath.Join(dir, "own.key"), "ASYSTA_STORE=sqlite:" + filepath.Join(dir, "t.db"), "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0", "ASYSTA_METRICS_LISTEN=127.0.0.1:0"}); err != nil {
		return nil, err
	}
	s, err := suite.Start(ctx, cfg, suite.Options{Clock: time.Now, Log: rpc.NewLogger(log, slog.LevelInfo), Fill: func(ctx context.Context, d rpc.Deps) error {
		_, err := suite.Bootstrap(ctx, d, suite.First{Gmina: "3024035", GminaName: "gmina", CountyName: "powiat", Person: "Ada", Subject: "ada", Office: directory.Office{Name: "GOPS"}})
		return err
	}})
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close() }()
	if _, err := read(ctx, "http://"+s.Address()+"/v1/gminas/3024035/referrals"); err != nil {
		return nil, err
	}
	// The first rounds of the background work are under way; the relay's ends within moments.
	for range 200 {
		page, err := read(ctx, "http://"+toldAt.FindStringSubmatch(log.text())[1]+"/metrics")
		if err != nil {
			return nil, err
		}
		if strings.Contains(page, "asysta_work_rounds_total{") {
			return parse(page), nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil, errors.New("no round of background work ended well within ten seconds")
})

func read(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return string(raw), err
}

func parse(page string) map[string]map[string]bool {
	metrics := map[string]map[string]bool{}
	for line := range strings.Lines(page) {
		m := sample.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		if metrics[m[1]] == nil {
			metrics[m[1]] = map[string]bool{}
		}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			metrics[m[1]][l[1]] = true
		}
	}
	return metrics
}

var (
	named    = regexp.MustCompile(`\b((?:asysta|go|process)_[a-z0-9_]+)(\{[^}]*\})?`)
	grouping = regexp.MustCompile(`\b(?:by|without) ?\(([^)]*)\)`)
	asked    = regexp.MustCompile(`([a-z_]+) ?(?:=~|!~|!=|=) ?"`)
)

// holds checks that an expression names metrics that are told, by labels that they have.
func holds(t *testing.T, where, expr string) {
	t.Helper()
	metrics, err := told()
	must(t, err)
	for _, pair := range []string{"()", "{}", "[]"} {
		if strings.Count(expr, pair[:1]) != strings.Count(expr, pair[1:]) {
			t.Errorf("%s: %s is not closed in %s", where, pair, expr)
		}
	}
	labels := map[string]bool{"instance": true, "job": true} // Prometheus puts them to every metric
	found := named.FindAllStringSubmatch(expr, -1)
	if len(found) == 0 && !strings.HasPrefix(expr, "up{") {
		t.Errorf("%s: %s names no metric", where, expr)
	}
	for _, m := range found {
		has, ok := metrics[m[1]]
		if !ok {
			t.Errorf("%s: %s is not told", where, m[1])
		}
		for l := range has {
			labels[l] = true
		}
		for _, l := range asked.FindAllStringSubmatch(m[2], -1) {
			if !has[l[1]] && l[1] != "instance" && l[1] != "job" {
				t.Errorf("%s: %s has no label %s", where, m[1], l[1])
			}
		}
	}
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		for _, l := range strings.Split(g[1], ",") {
			if !labels[strings.TrimSpace(l)] {
				t.Errorf("%s: nothing in %s has the label %s", where, expr, l)
			}
		}
	}
}

func TestAlertsNameWhatIsTold(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range alerts(t) {
		if a.Alert == "" || seen[a.Alert] {
			t.Errorf("alert %q has no name of its own", a.Alert)
		}
		seen[a.Alert] = true
		holds(t, a.Alert, a.Expr)
		if a.For != "" {
			if _, err := time.ParseDuration(a.For); err != nil {
				t.Errorf("%s: %v", a.Alert, err)
			}
		}
		if s := a.Labels["severity"]; s != "page" && s != "ticket" {
			t.Errorf("%s: severity %q", a.Alert, s)
		}
		if a.Annotations["summary"] == "" {
			t.Errorf("%s: no summary", a.Alert)
		}
	}
}

func TestDashboardNamesWhatIsTold(t *testing.T) {
	raw, err := os.ReadFile("dashboard.json")
	must(t, err)
	var d struct {
		Title, UID string
		Panels     []struct {
			ID      int
			Type    string
			Title   string
			GridPos struct{ H, W, X, Y int }
			Targets []struct{ Expr, RefID string }
		}
		Templating struct {
			List []struct{ Name, Definition string }
		}
	}
	must(t, json.Unmarshal(raw, &d))
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.Title == "" || p.GridPos.W == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %d %q: its id is taken, it has no title or no place", p.ID, p.Title)
		}
		ids[p.ID] = true
		if len(p.Targets) == 0 && p.Type != "row" {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			holds(t, p.Title, target.Expr)
		}
	}
	if len(d.Panels) < 20 || d.UID == "" {
		t.Errorf("%d panels, uid %q", len(d.Panels), d.UID)
	}
}

const playbooks = "../../docs/playbooks"

// headings are what a page has, in this order.
var headings = []string{"# ", "## What it means\n", "## First look\n", "## What to do\n", "## What not to do\n"}

func TestEachAlertHasItsPage(t *testing.T) {
	pages := map[string]bool{}
	for _, a := range alerts(t) {
		path := a.Annotations["playbook"]
		raw, err := os.ReadFile(filepath.Join("../..", path))
		if err != nil {
			t.Errorf("%s: %v", a.Alert, err)
			continue
		}
		pages[filepath.Base(path)] = true
		text, at := string(raw), 0
		if !strings.Contains(text, "`"+a.Alert+"`") {
			t.Errorf("%s does not name the alert %s", path, a.Alert)
		}
		for _, h := range headings {
			i := strings.Index(text[at:], h)
			if i < 0 {
				t.Errorf("%s has no %q in its place", path, h)
				break
			}
			at += i + len(h)
		}
	}
	entries, err := os.ReadDir(playbooks)
	must(t, err)
	for _, e := range entries {
		if !pages[e.Name()] {
			t.Errorf("no alert leads to %s", e.Name())
		}
	}
}

var (
	link   = regexp.MustCompile(`\]\(([a-z-]+\.md)\)`)
	reason = regexp.MustCompile("`([A-Z]{2,}[A-Z_]*)`")
)

// TestPagesNameWhatThereIs follows the links between pages and looks every reason that they name up in the sources.
func TestPagesNameWhatThereIs(t *testing.T) {
	var sources strings.Builder
	for _, folder := range []string{"internal", "gateway", "cmd", "services"} {
		must(t, filepath.WalkDir(filepath.Join("../..", folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			raw, err := os.ReadFile(path)
			sources.Write(raw)
			return err
		}))
	}
	settings := []string{"GOMEMLIMIT"}
	for _, s := range suite.Settings() {
		settings = append(settings, suite.Prefix+s.Name)
	}
	pages, err := filepath.Glob(playbooks + "/*.md")
	must(t, err)
	for _, page := range pages {
		raw, err := os.ReadFile(page)
		must(t, err)
		for _, m := range link.FindAllStringSubmatch(string(raw), -1) {
			if !slices.ContainsFunc(pages, func(p string) bool { return filepath.Base(p) == m[1] }) {
				t.Errorf("%s leads to %s, which is not there", page, m[1])
			}
		}
		for _, m := range reason.FindAllStringSubmatch(string(raw), -1) {
			if !strings.Contains(sources.String(), `"`+m[1]+`"`) && !slices.Contains(settings, m[1]) {
				t.Errorf("%s names %s, which nothing says", page, m[1])
			}
		}
	}
}
