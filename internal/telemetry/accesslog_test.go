package telemetry_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/internal/telemetry"
)

func TestLinesThatNoIndexLeadsToAreTold(t *testing.T) {
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), sqlite.WithoutSync())
	must(t, err)
	s := store.Open(engine)
	t.Cleanup(func() { must(t, s.Close()) })
	r := prometheus.NewPedanticRegistry()
	must(t, telemetry.WatchAccessLog(r, engine))
	tells := func(want int) {
		t.Helper()
		told := `# HELP asysta_access_log_unindexed_lines Lines of the access log behind the last stretch of it that is indexed.
# TYPE asysta_access_log_unindexed_lines gauge
asysta_access_log_unindexed_lines ` + strconv.Itoa(want) + "\n"
		if err := testutil.GatherAndCompare(r, strings.NewReader(told)); err != nil {
			t.Error(err)
		}
	}
	tells(0)
	must(t, s.System().Migrate(t.Context()))
	tells(0)
	log := func(lines int) {
		for range lines {
			must(t, s.LogAccess(t.Context(), store.Access{At: now, Actor: store.Actor{Person: marker}, Method: "test", Refs: []string{"familyFiles/a"}}))
		}
	}
	log(3)
	tells(3)
	log(4096) // a stretch is as long
	if _, err := s.System().IndexAccess(t.Context()); err != nil {
		t.Fatal(err)
	}
	tells(3)
}

// TestAnEngineThatIndexesEachLineTellsNoLines: there are none that wait, and none that are told as 0.
func TestAnEngineThatIndexesEachLineTellsNoLines(t *testing.T) {
	_, engine := opened(t, nil, nil, &atomic.Bool{})
	r := prometheus.NewPedanticRegistry()
	must(t, telemetry.WatchAccessLog(r, engine))
	if n, err := testutil.GatherAndCount(r); n != 0 || err != nil {
		t.Errorf("%d metrics, %v", n, err)
	}
}
