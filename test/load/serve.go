package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	_ "net/http/pprof" //nolint:gosec // on a loopback address, for whoever started the measurement
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/rpc"
	"asysta.example/internal/testkit/loopback"
	"asysta.example/test/load/drive"
)

// profiled names, in the environment of this program, the address on which it serves its profiles while it is the server instead of the generator.
const profiled = "LOAD_SERVES_WITH_PROFILES_ON"

// serve is `asysta all` with profiles.
func serve(address string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var cfg suite.AllConfig
	if err := suite.Load(ctx, &cfg, os.Environ()); err != nil {
		return err
	}
	lis, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	profiles := &http.Server{Handler: http.DefaultServeMux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = profiles.Serve(lis) }() // ends with the process
	s, err := suite.Start(ctx, cfg, suite.Options{Clock: time.Now, Log: rpc.NewLogger(os.Stderr, slog.LevelInfo)})
	if err != nil {
		return err
	}
	return errors.Join(s.Wait(ctx), s.Close())
}

// server is the process that is measured.
type server struct {
	cmd      *exec.Cmd
	address  string
	metrics  string
	profiles string        // "" where it serves none
	start    time.Duration // until it was ready
	rest     time.Duration // from then until what it does by itself after a start was done
	ended    chan error
}

// startServer starts binary as a process on a data file and waits until it is ready. With profiles it is this program itself. Documents is its memory
// for documents at hand in MB, 0: as shipped.
func startServer(ctx context.Context, binary, data string, issuer *drive.Issuer, documents int, profiles bool) (*server, error) {
	ports, err := loopback.Free(3)
	if err != nil {
		return nil, err
	}
	s := &server{address: ports[0], metrics: ports[1], ended: make(chan error, 1)}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "ASYSTA_STORE=sqlite:" + data, "ASYSTA_OIDC_ISSUER=" + issuer.URL, "ASYSTA_OIDC_AUDIENCE=" + drive.Audience,
		"ASYSTA_GATEWAY_LISTEN=" + s.address, "ASYSTA_METRICS_LISTEN=" + s.metrics}
	if documents > 0 {
		env = append(env, fmt.Sprintf("ASYSTA_DOCUMENTS_MB=%d", documents))
	}
	args := []string{"all"}
	if profiles {
		if binary, err = os.Executable(); err != nil {
			return nil, err
		}
		s.profiles, args = ports[2], nil
		env = append(env, profiled+"="+s.profiles)
	}
	log, err := os.Create(filepath.Join(filepath.Dir(data), "server.log"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	s.cmd = exec.CommandContext(ctx, binary, args...)
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = env, log, log
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 30 * time.Second
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.ended <- s.cmd.Wait() }()
	if err := s.ready(ctx, began, log.Name()); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// ready waits until the server answers that all its services serve.
func (s *server) ready(ctx context.Context, began time.Time, log string) error {
	conn := drive.NewConn(s.address)
	defer conn.Close()
	for ctx.Err() == nil && time.Since(began) < 2*time.Minute {
		if status, _, err := conn.Do(drive.Request{Method: "GET", Path: "/readyz"}); err == nil && status == 200 {
			s.start = time.Since(began)
			return nil
		}
		select {
		case err := <-s.ended:
			s.ended <- err
			text, _ := os.ReadFile(log)
			return fmt.Errorf("the server ended: %w\n%.2000s", errors.Join(err, errors.New("before it was ready")), text)
		case <-time.After(2 * time.Millisecond):
		}
	}
	return errors.New("the server did not become ready")
}

// longestRest bounds the wait for a server to come to rest: its rounds of background work are bounded by less.
const longestRest = 3 * time.Minute

// settle waits until the server does next to nothing: after a start it compares caseloads with files, once a day, which is no part of what is measured.
func (s *server) settle(ctx context.Context) error {
	began := time.Now()
	for quiet := 0; quiet < 3 && time.Since(began) < longestRest && ctx.Err() == nil; {
		before, err := s.used()
		if err != nil {
			return err
		}
		time.Sleep(250 * time.Millisecond)
		after, err := s.used()
		if err != nil {
			return err
		}
		quiet++
		if after.cpu-before.cpu > 20*time.Millisecond {
			quiet = 0
		}
	}
	s.rest = time.Since(began)
	return ctx.Err()
}

// stop ends the server as an operator does.
func (s *server) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case err := <-s.ended:
		return err
	case <-time.After(40 * time.Second):
		return errors.Join(errors.New("the server did not end"), s.cmd.Process.Kill())
	}
}

// usage is what a process has used so far.
type usage struct {
	cpu      time.Duration
	resident int64 // bytes
	files    int   // open handles
}

// ticks of the kernel's clock in a second, which Linux has fixed for programs.
const ticks = 100

// used reads what a process has used from /proc.
func used(pid int) (usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return usage{}, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 22 {
		return usage{}, errors.New("/proc: another form than known")
	}
	number := func(i int) int64 { n, _ := strconv.ParseInt(fields[i], 10, 64); return n }
	u := usage{cpu: time.Duration(number(11)+number(12)) * time.Second / ticks, resident: number(21) * int64(os.Getpagesize())}
	handles, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	u.files = len(handles)
	return u, err
}

func (s *server) used() (usage, error) { return used(s.cmd.Process.Pid) }

// goroutines asks the server's metrics.
func (s *server) goroutines() (int, error) {
	conn := drive.NewConn(s.metrics)
	defer conn.Close()
	status, body, err := conn.Do(drive.Request{Method: "GET", Path: "/metrics"})
	if err != nil || status != 200 {
		return 0, fmt.Errorf("metrics: status %d: %w", status, err)
	}
	for line := range strings.Lines(string(body)) {
		if v, ok := strings.CutPrefix(line, "go_goroutines "); ok {
			return strconv.Atoi(strings.TrimSpace(v))
		}
	}
	return 0, errors.New("metrics: no go_goroutines")
}

// profile takes a CPU profile of some seconds into a file.
func (s *server) profile(ctx context.Context, d time.Duration, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.profiles, max(1, int(d.Seconds()))), nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = out.ReadFrom(res.Body)
	return errors.Join(err, out.Close())
}
