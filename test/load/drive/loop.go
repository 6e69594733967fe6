package drive

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Load is how hard an operation is driven.
type Load struct {
	Clients  int
	Warm     time.Duration // before anything is counted
	For      time.Duration
	Requests int     // ends earlier, after so many; 0: no bound
	Rate     float64 // requests per second of all clients together; 0: the closed loop
	Sample   int     // every so manieth answer is checked in full
	// Counting is called when the warm-up is over and again at the end.
	Counting func()
}

// Result is what a run of one operation came to.
type Result struct {
	Operation Operation
	Requests  int
	Took      time.Duration
	Latency   *hdrhistogram.Histogram // in microseconds
	Sampled   int
	Bytes     int64 // of answers
	Failed    int
	First     error // of what failed
	Sources   []Source
}

// PerSecond is the rate that was reached.
func (r Result) PerSecond() float64 { return float64(r.Requests) / r.Took.Seconds() }

// Quantile gives a latency.
func (r Result) Quantile(q float64) time.Duration {
	return time.Duration(r.Latency.ValueAtQuantile(q)) * time.Microsecond
}

// newHistogram holds latencies from a microsecond to a minute, to three digits.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, 60_000_000, 3) }

// driver is one client at work.
type driver struct {
	load    Load
	conn    *Conn
	source  Source
	result  Result
	claimed *atomic.Int64
}

// Drive runs an operation against the server at address.
func Drive(ctx context.Context, w *World, address string, op Operation, load Load) (Result, error) {
	if load.Sample <= 0 {
		load.Sample = 64
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var claimed atomic.Int64
	drivers := make([]*driver, load.Clients)
	for i := range drivers {
		drivers[i] = &driver{load: load, conn: NewConn(address), source: op.Client(w, i, load.Clients), claimed: &claimed}
	}
	run := func(d time.Duration, counted bool) time.Duration {
		var running sync.WaitGroup
		began := time.Now()
		for i, c := range drivers {
			c.result = Result{Latency: newHistogram()}
			running.Go(func() { c.loop(ctx, began, d, i, counted) })
		}
		running.Wait()
		return time.Since(began)
	}
	if load.Warm > 0 {
		run(load.Warm, false)
	}
	if load.Counting != nil {
		load.Counting()
	}
	took := run(load.For, true)
	if load.Counting != nil {
		load.Counting()
	}
	total := Result{Operation: op, Took: took, Latency: newHistogram()}
	for _, c := range drivers {
		c.conn.Close()
		total.add(c.result)
		total.Sources = append(total.Sources, c.source)
	}
	if total.Requests == 0 && total.First == nil {
		total.First = errors.New("drive: no request was answered")
	}
	if total.First != nil {
		return total, fmt.Errorf("%s: %d of %d requests failed, the first: %w", op.Name, total.Failed, total.Failed+total.Requests, total.First)
	}
	return total, ctx.Err()
}

func (r *Result) add(o Result) {
	r.Requests += o.Requests
	r.Sampled += o.Sampled
	r.Failed += o.Failed
	r.Bytes += o.Bytes
	r.Latency.Merge(o.Latency)
	if r.First == nil {
		r.First = o.First
	}
}

// loop sends requests until the time is over.
func (c *driver) loop(ctx context.Context, began time.Time, d time.Duration, client int, counted bool) {
	interval := time.Duration(0)
	if c.load.Rate > 0 {
		interval = time.Duration(float64(c.load.Clients) / c.load.Rate * float64(time.Second))
	}
	due := began.Add(interval * time.Duration(client) / time.Duration(c.load.Clients))
	for n := 0; ctx.Err() == nil; n++ {
		if counted && c.load.Requests > 0 && c.claimed.Add(1) > int64(c.load.Requests) {
			return
		}
		now := time.Now()
		if interval > 0 {
			time.Sleep(due.Sub(now))
			now, due = due, due.Add(interval)
		}
		if now.Sub(began) >= d {
			return
		}
		c.one(now, n%c.load.Sample == 0)
	}
}

// one sends a request that was due at an instant.
func (c *driver) one(due time.Time, sampled bool) {
	status, body, err := c.conn.Do(c.source.Next())
	took := time.Since(due)
	if err == nil && status != 200 {
		err = fmt.Errorf("status %d: %.300s", status, body)
	}
	if err == nil {
		err = c.source.Check(body, sampled)
	}
	if err != nil {
		c.result.Failed++
		if c.result.First == nil {
			c.result.First = err
		}
		return
	}
	c.result.Requests++
	c.result.Bytes += int64(len(body))
	if sampled {
		c.result.Sampled++
	}
	_ = c.result.Latency.RecordValue(max(1, took.Microseconds())) // longer than a minute is not possible: see patience
}
