package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/cmd/asysta/suite"
	"asysta.example/deploy/demo"

	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/rpc"
	"asysta.example/internal/scenario"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
	"asysta.example/internal/telemetry"
	"asysta.example/test/crash/rig"
)

// world is a county that is listened to.
type world struct {
	m          *markers
	every      int // of so many attacks one is carried out
	at         map[string]*place
	unanswered place // methods that gave no answer in time
	kept       map[protoreflect.FullName]sent
	conn       func(service string) grpc.ClientConnInterface
	base       string // of the REST interface
	open       *http.Client
	quiet      *http.Client // listens to errors alone
	token      scenario.Token
	today      func() calendar.Date
	ways       []failure
	last       []failure // after which nothing works any more
	folder     string    // of the data files
	names      []string  // parts of the names of data files
	log        string    // file of the processes' log, "" in process
	read       int       // of it, in bytes
	ends       func() error
}

func newWorld(m *markers) *world {
	w := &world{m: m, every: 1, at: map[string]*place{}, kept: map[protoreflect.FullName]sent{}}
	for _, name := range places {
		w.at[name] = &place{}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // as the library documents it
	w.open = &http.Client{Transport: watching{transport, w.at["urls"], w.at["errors"]}, Timeout: answerWithin}
	w.quiet = &http.Client{Transport: watching{transport, &place{}, w.at["errors"]}, Timeout: answerWithin}
	return w
}

// spans writes every span down as it leaves the process.
type spans struct{ *place }

// ExportSpans implements sdktrace.SpanExporter.
func (s spans) ExportSpans(_ context.Context, list []sdktrace.ReadOnlySpan) error {
	for _, span := range list {
		raw, err := json.Marshal(tracetest.SpanStubFromReadOnlySpan(span))
		if err != nil {
			return err
		}
		if _, err := s.Write(raw); err != nil {
			return err
		}
	}
	return nil
}

// Shutdown implements sdktrace.SpanExporter.
func (s spans) Shutdown(context.Context) error { return nil }

// inProcess serves the county in this process on SQLite, where the store can be made to fail and to panic.
func inProcess(ctx context.Context, dir string, m *markers, now time.Time) (_ *world, err error) {
	w := newWorld(m)
	tracing, err := telemetry.To(spans{w.at["traces"]}, "all")
	if err != nil {
		return nil, err
	}
	cfg := suite.AllConfig{}
	if err := suite.Load(ctx, &cfg, []string{"ASYSTA_TRIAL=true", "ASYSTA_STORE=sqlite:" + filepath.Join(dir, "county.db"), "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0", "ASYSTA_METRICS_LISTEN=127.0.0.1:0",
		"ASYSTA_DRAIN=1s", "ASYSTA_CALLS_PER_SECOND=0"}); err != nil {
		return nil, err
	}
	master, err := seal.NewMaster()
	if err != nil {
		return nil, err
	}
	var failing atomic.Pointer[func() error]
	hook := store.WithFailPoint(func(p store.FailPoint) error {
		if f := failing.Load(); f != nil && (p == store.PointAccess || p == store.PointJournal) {
			return (*f)()
		}
		return nil
	})
	clock := func() time.Time { return now }
	log := rpc.NewLogger(w.at["log"], slog.LevelDebug)
	s, err := suite.Start(ctx, cfg, suite.Options{Clock: clock, Log: log, Master: master, Tracing: tracing, Engine: []store.EngineOption{sqlite.WithoutSync(), hook}, Fill: func(ctx context.Context, d rpc.Deps) error {
		_, err := suite.Bootstrap(ctx, d, suite.First{Gmina: demo.FirstGmina, GminaName: "gmina Września", CountyName: "powiat wrzesiński", Person: "Ada Administratorska",
			Subject: demo.Administrator, Office: directory.Office{Name: "Ośrodek Pomocy Społecznej we Wrześni", Place: "62-300 Września"}})
		return err
	}})
	if err != nil {
		return nil, err
	}
	w.conn = func(string) grpc.ClientConnInterface { return s.Conn }
	w.base, w.ends = "http://"+s.Address(), s.Close
	w.token = func(_ context.Context, as string) (string, error) { return s.Trial.Token(as) }
	w.today = func() calendar.Date { return calendar.In(now) }
	w.folder, w.names = dir, []string{"county.db"}
	fail := func(how func(text string) error) failure {
		return failure{
			begin: func(text string) { f := func() error { return how(text) }; failing.Store(&f) },
			end:   func() { failing.Store(nil) },
		}
	}
	w.ways = []failure{
		fail(func(text string) error {
			return fmt.Errorf("E11000 duplicate key error collection: asysta.journal index: by_name dup key: { name: \"%s\", pesel: \"44051401458\" }", text)
		}),
		fail(func(text string) error { return fmt.Errorf("sqlite: cannot bind %q at parameter 2", text) }),
		fail(func(text string) error { return errors.New("unable to parse " + text) }),
		fail(func(text string) error { panic(text) }),
		fail(func(text string) error { panic(errors.New(text)) }),
		fail(func(text string) error { panic(map[string]string{text: text}) }),
	}
	return w, nil
}

// processes serves the county by the real binary: in one process on SQLite, or in five on the MongoDB engine, whose server then fails.
func processes(ctx context.Context, programs rig.Programs, dir string, m *markers, mongo bool) (_ *world, err error) {
	w := newWorld(m)
	var opened []func() error
	w.ends = func() error {
		var errs []error
		for _, end := range slices.Backward(opened) {
			errs = append(errs, end())
		}
		return errors.Join(errs...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.ends())
		}
	}()
	traces := collector(w.at["traces"])
	opened = append(opened, ends("the collector of traces", traces.Close))
	issuer, err := rig.NewIssuer()
	if err != nil {
		return nil, err
	}
	opened = append(opened, ends("the issuer", issuer.Close))
	cfg := rig.Config{Programs: programs, Issuer: issuer, Dir: dir, Env: []string{
		"ASYSTA_LOG_LEVEL=DEBUG", "ASYSTA_METRICS_LISTEN=127.0.0.1:0", "OTEL_EXPORTER_OTLP_ENDPOINT=" + traces.URL, "OTEL_TRACES_SAMPLER=always_on", "OTEL_BSP_SCHEDULE_DELAY=200",
	}}
	w.folder, w.names = filepath.Join(dir, "data"), []string{"county.db"}
	if mongo {
		at := filepath.Join(dir, "server")
		if err := os.MkdirAll(at, 0o700); err != nil {
			return nil, err
		}
		server, err := rig.StartServer(ctx, programs, at)
		if err != nil {
			return nil, err
		}
		closed := sync.OnceValue(server.Close)
		opened = append(opened, closed)
		cfg.Mongo, cfg.Database = server.URI, "markers"
		w.folder, w.names = at, []string{"sqlite", "markers"}
		w.last = []failure{{begin: func(string) { _ = closed() }, end: func() {}, most: 8}} // how it ended is told at the end
	}
	c, err := rig.New(cfg)
	if err != nil {
		return nil, err
	}
	for _, args := range [][]string{{"migrate"}, {"bootstrap", "-gmina", demo.FirstGmina, "-gmina-name", "gmina Września", "-county-name", "powiat wrzesiński", "-office", "Ośrodek Pomocy Społecznej we Wrześni",
		"-office-place", "62-300 Września", "-person", "Ada Administratorska", "-subject", demo.Administrator}} {
		if _, err := c.Tool(ctx, args...); err != nil {
			return nil, err
		}
	}
	w.log = c.Log()
	opened = append(opened, func() error { return w.readLog(w.log) }, c.Stop)
	if err := c.Start(ctx); err != nil {
		return nil, err
	}
	calls, ok := c.Transport(rig.GRPC).(scenario.GRPC)
	rest, also := c.Transport(rig.REST).(scenario.REST)
	if !ok || !also {
		return nil, errors.New("markers: the rig has other transports")
	}
	w.conn, w.base, w.token = calls.Conn, rest.Base, issuer.Token
	w.today = func() calendar.Date { return calendar.In(time.Now()) }
	return w, nil
}

// endWithin is how long something that was told to end may take.
const endWithin = 30 * time.Second

// ends gives the end of something, whose waiting is bounded.
func ends(what string, end func()) func() error {
	return func() error {
		over := make(chan struct{})
		go func() {
			defer close(over)
			end()
		}()
		select {
		case <-over:
			return nil
		case <-time.After(endWithin):
			return fmt.Errorf("markers: %s did not end within %s", what, endWithin)
		}
	}
}

// readLog takes over what processes have written to their log.
func (w *world) readLog(path string) error {
	raw, err := os.ReadFile(path)
	if err == nil {
		_, err = w.at["log"].Write(raw[w.read:])
		w.read = len(raw)
	}
	return err
}

// play lets the county live through the scenario, over gRPC or REST, "every call the other way" being mixed.
func (w *world) play(ctx context.Context, f *scenario.File, way string) error {
	grpc := scenario.GRPC{Conn: w.overheard, Token: w.token}
	rest := scenario.REST{Base: w.base, Client: w.open, Token: w.token}
	var through scenario.Transport
	switch way {
	case "grpc":
		through = grpc
	case "rest":
		through = rest
	default:
		through = &turns{ways: []scenario.Transport{grpc, rest}}
	}
	_, err := scenario.Play(ctx, f, scenario.Env{Transport: marking{through, w.m, w.kept}, Start: w.today().AddDays(-f.Days), Today: w.today, Seed: "markery"})
	return err
}

// address is where a process tells its metrics, as its log says.
var address = regexp.MustCompile(`"msg":"telling metrics","address":"([^"]+)"`)

// scrape reads the metrics of every process.
func (w *world) scrape(ctx context.Context) error {
	if w.log != "" {
		if err := w.readLog(w.log); err != nil {
			return err
		}
	}
	for _, found := range address.FindAllStringSubmatch(string(w.at["log"].text()), -1) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+found[1]+"/metrics", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			return err
		}
		if _, err := w.at["metrics"].Write(body); err != nil {
			return err
		}
	}
	return nil
}
