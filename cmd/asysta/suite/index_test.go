package suite_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

// TestAnOperatorSeesThatTheAccessLogIsNotIndexed: those who write lines keep silent where indexing them fails, so the round must not.
func TestAnOperatorSeesThatTheAccessLogIsNotIndexed(t *testing.T) {
	log, cfg := &lockedLog{}, trialConfig(t)
	cfg.Metrics = "127.0.0.1:0"
	failing := store.WithFailPoint(func(p store.FailPoint) error {
		if p == store.PointSegment {
			return errors.New("the disk is full")
		}
		return nil
	})
	lines := func(ctx context.Context, d rpc.Deps) error {
		err := fill(ctx, d)
		for n := 0; n < 4096 && err == nil; n++ { // as long as a stretch that is indexed at once
			err = d.Store.LogAccess(ctx, store.Access{At: now, Actor: store.Actor{System: "test"}, Method: "test", Refs: []string{"familyFiles/a"}})
		}
		return err
	}
	s, err := suite.Start(t.Context(), cfg, suite.Options{Clock: clock, Log: rpc.NewLogger(log, slog.LevelInfo), Fill: lines, Engine: []store.EngineOption{sqlite.WithoutSync(), failing}})
	must(t, err)
	defer func() {
		http.DefaultClient.CloseIdleConnections()
		must(t, s.Close())
	}()
	at := toldAt.FindStringSubmatch(log.String())
	if at == nil {
		t.Fatalf("the log does not say where: %s", log)
	}
	text := ""
	for range 200 { // the first round is under way
		if _, text = get(t, http.MethodGet, "http://"+at[1]+"/metrics", "", ""); strings.Contains(text, `asysta_work_rounds_total{result="error",work="store/index"}`) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	for _, metric := range []string{`asysta_work_rounds_total{result="error",work="store/index"} 1`, "asysta_access_log_unindexed_lines 4096"} {
		if !strings.Contains(text, "\n"+metric) {
			t.Errorf("%s is not told", metric)
		}
	}
	if !strings.Contains(log.String(), `"work":"store/index","cause":"store: index the access log: the disk is full"`) {
		t.Errorf("the log does not say that the index fails")
	}
}
