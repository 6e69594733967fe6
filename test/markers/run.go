package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"asysta.example/deploy/demo"
)

// report is what a run has found.
type report struct {
	way                 string
	sent, secret, plain int            // markers, those of secret fields, texts that none could be put to
	found               map[string]int // by place
	where               []string
	things              map[string]int // written in each place
	bytes               map[string]int
	stored              int    // markers of personal fields in the data files, which shows that the search finds what is there
	unanswered          string // methods of calls that had no answer in time, a line each
}

// total is how often a marker stood where it must not.
func (r report) total() (n int) {
	for _, found := range r.found {
		n += found
	}
	return n
}

// String gives the figures by place.
func (r report) String() string {
	parts := []string{fmt.Sprintf("%d markers (%d of secret fields)", r.sent, r.secret)}
	for _, place := range append(places, "data") {
		parts = append(parts, fmt.Sprintf("%s %d in %d KB", place, r.found[place], r.bytes[place]>>10))
	}
	return strings.Join(parts, ", ") + fmt.Sprintf("; control: %d of personal fields in the data", r.stored)
}

// faults are what is wrong with a run: a marker found, or a place that nothing was written to, where finding none says nothing.
func (r report) faults() error {
	var errs []error
	for _, place := range append(places, "data") {
		if r.found[place] > 0 {
			errs = append(errs, fmt.Errorf("%d markers in %s", r.found[place], place))
		}
		if r.bytes[place] == 0 && (place != "urls" || r.way != "grpc") { // gRPC has no addresses
			errs = append(errs, fmt.Errorf("nothing was written to %s", place))
		}
	}
	if r.stored == 0 || r.secret == 0 {
		errs = append(errs, fmt.Errorf("%d markers of personal fields in the data, %d secret ones sent: the run shows nothing", r.stored, r.secret))
	}
	if r.unanswered != "" {
		errs = append(errs, fmt.Errorf("not answered within %s:%s", answerWithin, r.unanswered))
	}
	for _, where := range r.where {
		errs = append(errs, errors.New(where))
	}
	return errors.Join(errs...)
}

// listenWithin bounds one county, so that one that hangs is broken off and told of, and leaves their time to those after it.
const listenWithin = 6 * time.Minute

// listen plays the scenario and the attack, lets the store fail, ends the county and searches.
func listen(ctx context.Context, w *world, way string) (r report, err error) {
	ctx, cancel := context.WithTimeout(ctx, listenWithin)
	defer cancel()
	f, err := demo.Scenario()
	if err != nil {
		return r, errors.Join(err, w.ends())
	}
	err = w.play(ctx, f, way)
	if err == nil {
		err = w.attack(ctx)
	}
	if err == nil {
		err = w.fail(ctx, w.ways...)
	}
	if err == nil {
		err = w.scrape(ctx)
	}
	running, filesErr := files(w.folder, w.names...) // with what is still in the write-ahead log
	if err == nil {
		err = w.fail(ctx, w.last...)
	}
	if err = errors.Join(err, filesErr, w.ends()); err != nil {
		return r, err
	}
	ended, err := files(w.folder, w.names...)
	r = w.search(append(running, ended...))
	r.way = way
	return r, err
}

func (w *world) search(data []byte) report {
	r := report{sent: len(w.m.all(false)), secret: len(w.m.all(true)), plain: w.m.plain, found: map[string]int{}, things: map[string]int{}, bytes: map[string]int{"data": len(data)}, unanswered: string(w.unanswered.text())}
	for _, name := range places {
		n, where := w.m.found(w.at[name].text(), false)
		r.found[name] = n
		r.things[name], r.bytes[name] = w.at[name].size()
		for _, s := range where {
			r.where = append(r.where, name+": "+s)
		}
	}
	all, _ := w.m.found(data, false)
	n, where := w.m.found(data, true)
	r.found["data"], r.stored = n, all-n
	for _, s := range where {
		r.where = append(r.where, "data: "+s)
	}
	return r
}
