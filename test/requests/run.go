package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/internal/testkit/contract"
	"asysta.example/internal/testkit/county"
)

// plan says what a run asks.
type plan struct {
	seed     uint64
	from     int           // number of the first county
	counties int           // how many at most
	each     int           // requests of each county
	lanes    int           // counties that live at once
	within   time.Duration // nothing is asked after
	until    time.Time     // the same as an instant, set by run
	patience time.Duration // how long an answer may take
	dir      string        // where the counties' data files lie
}

// enough findings to stop for.
const enough = 20

// figures are what came of a run.
type figures struct {
	mu                   sync.Mutex
	next                 int // first county that was not lived through
	requests, carriedOut int
	ways, kinds, codes   map[string]int
	wrote                int             // requests that changed something
	noted                int             // refusals that the machine had no time to note in the access log
	asked, answered      map[string]bool // methods that were asked, and carried out, at least once
	begins               map[int]uint64  // what the first requests of a county were, as a hash
	methods, counties    int
	aggregates, commits  int
	findings             []string
	say                  func(string) // findings are told at once
}

func newFigures() *figures {
	return &figures{ways: map[string]int{}, kinds: map[string]int{}, codes: map[string]int{}, answered: map[string]bool{}, asked: map[string]bool{}, begins: map[int]uint64{}}
}

// String is the line for the record.
func (f *figures) String() string {
	return fmt.Sprintf("%d requests to %d methods (%d over gRPC, %d over REST; %d carried out, of %d methods; %d changed something) in %d counties: Internal, Unknown, panics, hangs, writes of refused ones, leaks and faults of audit verify together %d; %d chains with %d commits verified; denials not noted in the access log within a second %d",
		f.requests, len(f.asked), f.ways["gRPC"], f.ways["REST"], f.carriedOut, len(f.answered), f.wrote, f.counties, len(f.findings), f.aggregates, f.commits, f.noted)
}

// run lives through counties until the plan's end.
func run(ctx context.Context, p plan, say func(string)) (*figures, error) {
	f := newFigures()
	f.say = say
	methods, err := contract.Methods()
	if err != nil {
		return nil, err
	}
	f.methods = len(methods)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	began := time.Now()
	p.until = began.Add(p.within)
	numbers := make(chan int)
	var lanes sync.WaitGroup
	failures := make([]error, p.lanes)
	for lane := range p.lanes {
		lanes.Go(func() {
			for n := range numbers {
				if err := live(ctx, p, n, methods, f); err != nil && ctx.Err() == nil {
					failures[lane] = fmt.Errorf("county %d: %w", n, err)
					cancel()
					return
				}
				say(fmt.Sprintf("county %d: %d requests so far, %d findings, %s", n, f.count(), f.found(), time.Since(began).Round(time.Second)))
				if f.found() >= enough {
					cancel()
				}
			}
		})
	}
	f.next = p.from
	for n := p.from; n < p.from+p.counties && ctx.Err() == nil && (n == p.from || time.Since(began) < p.within); n++ {
		select {
		case numbers <- n:
			f.next = n + 1
		case <-ctx.Done():
		}
	}
	close(numbers)
	lanes.Wait()
	return f, errors.Join(failures...)
}

func (f *figures) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

func (f *figures) found() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.findings)
}

// live is the life of one county.
func live(ctx context.Context, p plan, n int, methods []*contract.Method, f *figures) (err error) {
	dir, err := os.MkdirTemp(p.dir, "requests-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	log := &watchedLog{}
	c, err := begin(ctx, dir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	rng := rand.New(rand.NewPCG(p.seed, uint64(n))) //nolint:gosec // a run must be repeatable
	g := &generator{rng: rng, pool: newPool(), methods: methods, seeds: map[string][]county.Sent{}, lane: fmt.Sprintf("r%d-%d", p.seed, n)}
	for _, s := range c.Sent {
		g.pool.learn(rng, s.Request)
		if call := contract.CallOf(s.Method); !s.Refused {
			g.seeds[call] = append(g.seeds[call], s)
		}
	}
	g.pool.remember(rng, c.Answers)
	l := &life{county: c, plan: p, number: n, generator: g, sender: &sender{county: c, patience: p.patience}, figures: f, personal: personalOf(c.Sent)}
	if err := l.ask(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	if said := log.said(); said != "" {
		f.find(fmt.Sprintf("county %d: in the log: %s", n, said))
	}
	aggregates, commits, err := c.Verify(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		f.find(fmt.Sprintf("county %d: %v", n, err))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counties++
	f.noted += log.late
	f.aggregates, f.commits = f.aggregates+aggregates, f.commits+commits
	return nil
}

// begin starts a county. On a machine that is too busy, an approval may be answered before its second step is done, and the past cannot be lived to its end: that is
// no finding, and the county begins anew.
func begin(ctx context.Context, dir string, log *watchedLog) (c *county.County, err error) {
	for try := range 5 {
		sub := filepath.Join(dir, strconv.Itoa(try))
		if err := os.Mkdir(sub, 0o700); err != nil {
			return nil, err
		}
		if c, err = county.Start(ctx, sub, log); err == nil || ctx.Err() != nil {
			return c, err
		}
	}
	return nil, err
}

// life is one county and what it is asked.
type life struct {
	county    *county.County
	plan      plan
	number    int
	generator *generator
	sender    *sender
	figures   *figures
	personal  []string
	writes    int64
}

func (l *life) ask(ctx context.Context) (err error) {
	if l.writes, err = l.county.Writes(ctx); err != nil {
		return err
	}
	for i := range l.plan.each {
		if ctx.Err() != nil || time.Now().After(l.plan.until) || i%500 == 499 && l.figures.found() >= enough {
			return nil
		}
		a, err := l.generator.next()
		if err != nil {
			return err
		}
		if i < beginning {
			l.figures.begin(l.number, a)
		}
		o := l.sender.send(ctx, a)
		if ctx.Err() != nil {
			return nil
		}
		before := l.writes
		if l.writes, err = l.county.Writes(ctx); err != nil {
			return err
		}
		wrote := l.writes != before
		if wrote && !mayWrite(a, o) { // as it seems
			own, err := l.county.OwnWork(ctx, before)
			if err != nil {
				return err
			}
			wrote = !own
		}
		l.figures.add(a, o, wrote)
		if wrong := judge(a, o, wrote, l.personal); wrong != "" {
			l.figures.find(l.describe(ctx, i, a, o, wrong, before))
		}
		if o.answer != nil {
			l.generator.pool.learn(l.generator.rng, o.answer)
		}
	}
	return nil
}

func (l *life) describe(ctx context.Context, i int, a *attempt, o outcome, wrong string, before int64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "county %d, request %d: %s\n  %s as %s over %s (%s)\n  %d %s %s %q", l.number, i, wrong, a.method.Call, a.as, a.way, a.kind, o.http, o.code, o.reason, cut(o.text))
	if a.rest != nil {
		fmt.Fprintf(&b, "\n  %s %q ?%q %q\n  %q", a.rest.verb, cut(a.rest.path), cut(a.rest.query), a.rest.header, cut(string(a.rest.body)))
	} else {
		fmt.Fprintf(&b, "\n  %q\n  %x", cut(fmt.Sprint(a.msg)), cut(string(bytesOf(a))))
	}
	if names, err := l.county.Written(ctx, before); err == nil && len(names) > 0 {
		fmt.Fprintf(&b, "\n  wrote %v", names)
	}
	return b.String()
}

// beginning is how many requests of a county are remembered as its begin.
const beginning = 200

// begin remembers a request without its tokens: they are signed with a key that each county has of its own.
func (f *figures) begin(county int, a *attempt) {
	h := fnv.New64a()
	fmt.Fprint(h, a.method.Call, a.as, a.way, a.kind)
	msg := proto.Clone(a.msg)
	for _, token := range []protoreflect.Name{"token", "page_token"} {
		setText(msg.ProtoReflect(), token, "")
	}
	_, _ = h.Write(bytesOf(&attempt{msg: msg}))
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begins[county] = f.begins[county]*31 + h.Sum64()
}

func cut(s string) string { return s[:min(len(s), 500)] }

func (f *figures) add(a *attempt, o outcome, wrote bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	f.asked[a.method.Call] = true
	f.ways[a.way]++
	f.kinds[a.kind]++
	f.codes[strings.ToUpper(strings.ReplaceAll(o.code, "_", ""))]++
	if o.ok {
		f.carriedOut++
		f.answered[a.method.Call] = true
	}
	if wrote {
		f.wrote++
	}
}

func (f *figures) find(s string) {
	f.say(s)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.findings = append(f.findings, s)
}

// details are the counts by kind and by code.
func (f *figures) details() string {
	var b strings.Builder
	for _, counts := range []map[string]int{f.codes, f.kinds} {
		for _, k := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(&b, "%10d  %s\n", counts[k], k)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// watchedLog looks at what a county's process logs.
type watchedLog struct {
	mu   sync.Mutex
	odd  []string
	late int // refusals that could not be noted within the second that a refusal waits for it
}

// Write implements io.Writer; the logger writes one line at a time.
func (w *watchedLog) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(`"ERROR"`)) || bytes.Contains(line, []byte("panic")) || bytes.Contains(line, []byte(marker)) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if bytes.Contains(line, []byte("denial not audited")) && bytes.Contains(line, []byte("deadline exceeded")) {
			w.late++
			return len(line), nil
		}
		if len(w.odd) < 5 {
			w.odd = append(w.odd, string(line))
		}
	}
	return len(line), nil
}

func (w *watchedLog) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.odd, "")
}
