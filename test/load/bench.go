package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"asysta.example/internal/testkit/ledger"
	"asysta.example/test/load/county"
	"asysta.example/test/load/drive"
	"asysta.example/test/longform"
)

// row is one operation at one size of the county.
type row struct {
	files  int
	closed drive.Result
	open   drive.Result  // zero where none was driven
	server time.Duration // CPU of the server in the closed loop, for each request
	client time.Duration // CPU of the generator, likewise
	checks int
}

// world is a county under a running server.
type world struct {
	o      options
	county *county.County
	server *server
	issuer *drive.Issuer
	drive  *drive.World
	dir    string
	held   *holding // nil: not asked for
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "load: "+format+"\n", args...) }

// begin makes the county, copies it and starts the server on the copy.
func begin(ctx context.Context, o options, nth int) (_ *world, err error) {
	w := &world{o: o}
	if w.county, err = county.Open(ctx, o.data, county.Default(o.files[nth], o.seed, o.day), say); err != nil {
		return nil, err
	}
	if w.dir, err = os.MkdirTemp(o.data, "run-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.end())
		}
	}()
	data := filepath.Join(w.dir, "asysta.db")
	if err := errors.Join(copyFile(w.county.Data(), data), copyFile(w.county.Master(), data+".master.json")); err != nil {
		return nil, err
	}
	if w.issuer, err = drive.NewIssuer(); err != nil {
		return nil, err
	}
	binary := ""
	if o.profile == "" {
		if binary, err = build(ctx, o.data); err != nil {
			return nil, err
		}
	}
	if w.server, err = startServer(ctx, binary, data, w.issuer, o.documents(nth), o.profile != ""); err != nil {
		return nil, err
	}
	if o.hold {
		if w.held, err = hold(ctx, data); err != nil {
			return nil, err
		}
	}
	if err := w.server.settle(ctx); err != nil {
		return nil, err
	}
	w.drive = &drive.World{County: w.county, Token: w.issuer.Token, Today: o.day, Run: strconv.FormatInt(time.Now().UnixNano(), 36)}
	return w, nil
}

// end stops the server and removes the copy.
func (w *world) end() error {
	var errs []error
	if w.server != nil {
		errs = append(errs, w.server.stop())
	}
	if w.issuer != nil {
		errs = append(errs, w.issuer.Close())
	}
	if w.held != nil {
		errs = append(errs, w.held.end())
	}
	return errors.Join(append(errs, os.RemoveAll(w.dir))...)
}

// build builds the binary that is measured.
func build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "asysta")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "asysta.example/cmd/asysta")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	return binary, nil
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// own is the CPU time of this process.
func own() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure drives one operation in the closed loop and, where asked for, in the open one.
func (w *world) measure(ctx context.Context, op drive.Operation) (row, error) {
	r := row{files: w.county.Spec.Files}
	var servers, clients []time.Duration
	counting := func() {
		u, err := w.server.used()
		if err == nil {
			servers = append(servers, u.cpu)
		}
		clients = append(clients, own())
	}
	load := drive.Load{Clients: w.o.clients, Warm: w.o.length / 5, For: w.o.length, Counting: counting}
	var profile chan error
	if w.o.profile != "" {
		profile = make(chan error, 1)
		load.Counting = func() {
			counting()
			if len(servers) == 1 {
				go func() {
					profile <- w.server.profile(ctx, w.o.length-time.Second/2, filepath.Join(w.o.profile, op.Name+".pprof"))
				}()
			}
		}
	}
	var err error
	if r.closed, err = drive.Drive(ctx, w.drive, w.server.address, op, load); err != nil {
		return r, err
	}
	if profile != nil {
		if err := <-profile; err != nil {
			return r, err
		}
	}
	if len(servers) == 2 && r.closed.Requests > 0 {
		n := time.Duration(r.closed.Requests)
		r.server, r.client = (servers[1]-servers[0])/n, (clients[1]-clients[0])/n
	}
	if r.checks, err = drive.After(w.drive, w.server.address, r.closed); err != nil {
		return r, err
	}
	if w.o.open > 0 {
		load := drive.Load{Clients: w.o.clients, Warm: w.o.length / 10, For: w.o.length, Rate: r.closed.PerSecond() * w.o.open}
		w.drive.Run += "o"
		if r.open, err = drive.Drive(ctx, w.drive, w.server.address, op, load); err != nil {
			return r, err
		}
	}
	w.drive.Run += "n"
	return r, nil
}

// run is the whole of the command.
func run(ctx context.Context, c *longform.Command) error {
	o, err := parse(c)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.data, 0o700); err != nil {
		return err
	}
	if o.soak > 0 {
		s, err := soak(ctx, o)
		if err != nil {
			return err
		}
		s.markdown(os.Stdout)
		return c.Record(ledger.Run{Proof: "soak", Command: command(), Figures: s.figures(), Seed: o.seed})
	}
	r, err := bench(ctx, o)
	if err != nil {
		return err
	}
	r.markdown(os.Stdout)
	return c.Record(ledger.Run{Proof: "bench", Command: command(), Figures: r.figures(), Seed: o.seed})
}

// bench measures all operations at all sizes.
func bench(ctx context.Context, o options) (r report, err error) {
	r.o = o
	ops, err := chosen(o.only)
	if err != nil {
		return r, err
	}
	if o.profile != "" {
		if err := os.MkdirAll(o.profile, 0o700); err != nil {
			return r, err
		}
	}
	for nth := range o.files {
		s, err := atSize(ctx, o, nth, ops)
		if err != nil {
			return r, err
		}
		r.sizes = append(r.sizes, s)
	}
	if len(o.only) == 0 {
		c := r.sizes[0].county
		r.raw, err = measureRaw(ctx, o.data, c.Entry, c.Bytes, o.clients, o.length)
	}
	return r, err
}

// atSize measures operations at one size of the county.
func atSize(ctx context.Context, o options, nth int, ops []drive.Operation) (s size, err error) {
	w, err := begin(ctx, o, nth)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, w.end()) }()
	s.county, s.start, s.memory = w.county, w.server.start, o.documents(nth)
	say("%d files: ready after %s, at rest after %s more", w.county.Spec.Files, ms(s.start), w.server.rest.Round(time.Second/10))
	for _, op := range ops {
		r, err := w.measure(ctx, op)
		if err != nil {
			return s, err
		}
		u, err := w.server.used()
		if err != nil {
			return s, err
		}
		s.resident = max(s.resident, u.resident)
		s.rows = append(s.rows, r)
		say("%-10s %6.0f/s p50 %s p99 %s | CPU: server %s, generator %s | resident %d MB | checked in full: %d answers, %d facts afterwards | %d B an answer", op.Name, r.closed.PerSecond(),
			ms(r.closed.Quantile(50)), ms(r.closed.Quantile(99)), r.server.Round(time.Microsecond), r.client.Round(time.Microsecond), u.resident>>20, r.closed.Sampled, r.checks,
			r.closed.Bytes/int64(max(1, r.closed.Requests)))
	}
	return s, nil
}

func chosen(names []string) ([]drive.Operation, error) {
	if len(names) == 0 {
		return drive.Operations(), nil
	}
	var ops []drive.Operation
	for _, n := range names {
		op, err := drive.Find(n)
		if err != nil {
			return nil, err
		}
		ops = append(ops, op)
	}
	return ops, nil
}
