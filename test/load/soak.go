package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"asysta.example/test/load/drive"
)

// windows is into how many parts a soak is divided; each has its own latencies.
const windows = 10

// Aims of a soak.
const (
	aimDrift = 1.2 // p99 of the last part beside that of the first
	aimFlat  = 1.1 // goroutines, handles and, after the first half, memory
)

// sample is what the server held at an instant.
type sample struct {
	at         time.Duration
	resident   int64
	files      int
	goroutines int
	requests   int
	p50, p99   time.Duration
	cpu        time.Duration // of a request
}

// soaked is a soak's result.
type soaked struct {
	full, rate float64 // requests per second: reached in the closed loop, driven
	samples    []sample
}

// soak drives the mix of operations at half the rate that the server can do, and looks at what it holds.
func soak(ctx context.Context, o options) (s soaked, err error) {
	w, err := begin(ctx, o, 0)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, w.end()) }()
	mix := drive.Mix()
	closed, err := drive.Drive(ctx, w.drive, w.server.address, mix, drive.Load{Clients: o.clients, Warm: 5 * time.Second, For: 15 * time.Second})
	if err != nil {
		return s, err
	}
	s.full, s.rate = closed.PerSecond(), closed.PerSecond()/2
	say("soak: %.0f requests/s in the closed loop, going on at %.0f/s for %s", s.full, s.rate, o.soak)
	began, run := time.Now(), w.drive.Run
	for i := range windows {
		before, err := w.server.used()
		if err != nil {
			return s, err
		}
		w.drive.Run = run + "s" + strconv.Itoa(i)
		r, err := drive.Drive(ctx, w.drive, w.server.address, mix, drive.Load{Clients: o.clients, For: o.soak / windows, Rate: s.rate})
		if err != nil {
			return s, err
		}
		u, err := w.server.used()
		if err != nil {
			return s, err
		}
		n, err := w.server.goroutines()
		if err != nil {
			return s, err
		}
		x := sample{at: time.Since(began), resident: u.resident, files: u.files, goroutines: n, requests: r.Requests, p50: r.Quantile(50), p99: r.Quantile(99),
			cpu: (u.cpu - before.cpu) / time.Duration(max(1, r.Requests))}
		s.samples = append(s.samples, x)
		say("soak: %s: %d requests, p50 %s, p99 %s, %d MB, %d goroutines, %d handles, %d µs of CPU a request", x.at.Round(time.Second), x.requests, ms(x.p50), ms(x.p99), x.resident>>20, x.goroutines, x.files, x.cpu.Microseconds())
	}
	return s, nil
}

// drift compares the last part with the first, memory with the middle: caches fill up before.
func (s soaked) drift() (p99, memory, goroutines, files float64) {
	first, middle, last := s.samples[0], s.samples[len(s.samples)/2], s.samples[len(s.samples)-1]
	return float64(last.p99) / float64(first.p99), float64(last.resident) / float64(middle.resident), float64(last.goroutines) / float64(first.goroutines), float64(last.files) / float64(first.files)
}

func (s soaked) markdown(w io.Writer) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) } // standard output
	p("Closed loop %.0f requests/s; driven at %.0f/s; commit %s.\n", s.full, s.rate, commit())
	p("| after | requests | p50 | p99 | resident | goroutines | handles | server CPU |\n|---|---|---|---|---|---|---|---|")
	for _, x := range s.samples {
		p("| %s | %d | %s | %s | %d MB | %d | %d | %d µs |", x.at.Round(time.Second), x.requests, ms(x.p50), ms(x.p99), x.resident>>20, x.goroutines, x.files, x.cpu.Microseconds())
	}
	p("\n%s", s.figures())
}

func (s soaked) figures() string {
	p99, memory, goroutines, files := s.drift()
	return fmt.Sprintf("%.0f requests/s; p99 of the last part %.2f times the first (aim %.1f: %s); memory %.2f times that of the middle (aim %.1f: %s); goroutines %.2f times (%s); handles %.2f times (%s)", s.rate,
		p99, aimDrift, met(p99 <= aimDrift), memory, aimFlat, met(memory <= aimFlat), goroutines, met(goroutines <= aimFlat), files, met(files <= aimFlat))
}
