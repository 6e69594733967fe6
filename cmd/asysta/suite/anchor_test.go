package suite_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/anchor"
	"asysta.example/internal/seal"
)

// TestTheDayIsAnchoredByItself: where a folder is configured, the running process makes the day's anchor, once.
func TestTheDayIsAnchoredByItself(t *testing.T) {
	dir := t.TempDir()
	folder, key := filepath.Join(dir, "anchors"), filepath.Join(dir, "anchor.key")
	for _, err := range []error{os.Mkdir(folder, 0o700), anchor.CreateKey(key)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var cfg suite.AllConfig
	if err := suite.Load(t.Context(), &cfg, []string{
		"ASYSTA_TRIAL=true", "ASYSTA_STORE=sqlite:" + filepath.Join(dir, "a.db"), "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0", "ASYSTA_ANCHOR_DIR=" + folder, "ASYSTA_ANCHOR_KEY_FILE=" + key,
	}); err != nil {
		t.Fatal(err)
	}
	master, err := seal.NewMaster()
	if err != nil {
		t.Fatal(err)
	}
	s, err := suite.Start(t.Context(), cfg, suite.Options{Clock: time.Now, Log: slog.New(slog.DiscardHandler), Master: master, Fill: fill})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	first := filepath.Join(folder, "anchors-000001.jsonl")
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(first); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("no anchor was made")
		}
	}
	again, err := suite.Anchor(t.Context(), s.Deps, cfg.Anchoring, true)
	if err != nil || (again.File != "" && again.File != "anchors-000002.jsonl") { // the second only where midnight passed in between
		t.Errorf("%+v, %v", again, err)
	}
	public, err := anchor.LoadPublic(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	r, err := anchor.Check(t.Context(), s.Deps.Store.System(), folder, public)
	if err != nil || len(r.Faults) > 0 || r.Lines < 2 || r.Commits == 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
