package suite

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"asysta.example/internal/rpc"
)

// heard is the log and the metrics of background work.
type heard struct {
	mu sync.Mutex
	b  bytes.Buffer
	r  *prometheus.Registry
}

func (l *heard) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *heard) deps() rpc.Deps { return rpc.Deps{Log: rpc.NewLogger(l, slog.LevelDebug)} }

func (l *heard) metrics(t *testing.T) *workMetrics {
	t.Helper()
	l.r = prometheus.NewPedanticRegistry()
	m, err := newWorkMetrics(l.r)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// check compares what three rounds have told: a panic, an error, a success, each of which mended two things.
func (l *heard) check(t *testing.T) {
	t.Helper()
	want := `# HELP asysta_work_mended_total What sweeps had to finish because a crash or a failure had cut it short.
# TYPE asysta_work_mended_total counter
asysta_work_mended_total{work="test/work"} 6
# HELP asysta_work_rounds_total Rounds of the work that runs by itself, by work and result (ok, error, panic).
# TYPE asysta_work_rounds_total counter
asysta_work_rounds_total{result="error",work="test/work"} 1
asysta_work_rounds_total{result="ok",work="test/work"} 1
asysta_work_rounds_total{result="panic",work="test/work"} 1
`
	if err := testutil.GatherAndCompare(l.r, strings.NewReader(want), "asysta_work_mended_total", "asysta_work_rounds_total"); err != nil {
		t.Error(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	text := l.b.String()
	if strings.Contains(text, "Kowalska") || !strings.Contains(text, `"cause":"panic: string"`) || !strings.Contains(text, "TestWorkThatPanics") || !strings.Contains(text, `"cause":"cause"`) {
		t.Errorf("the log: %s", text)
	}
}

// A work of which no round ends well has a time from its beginning on, which an alert on its age can see.
func TestWorkThatNeverEndsWellHasATime(t *testing.T) {
	log := &heard{}
	work := start(t.Context(), log.deps(), []Work{{Name: "test/work", Every: time.Hour, Round: func(context.Context) error { return errors.New("cause") }}}, log.metrics(t))
	defer work.end()
	if n, err := testutil.GatherAndCount(log.r, "asysta_work_last_success_timestamp_seconds"); n != 1 || err != nil {
		t.Errorf("%d works have a time: %v", n, err)
	}
}
