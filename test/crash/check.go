package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"

	"asysta.example/test/crash/rig"
)

// findings is what the checks of a run have counted. Every figure but those of what was done must be zero.
type findings struct {
	cycles, writes, reads, retried int
	lost, half, missing, twice     int
	chain, unclear                 int
	notes                          []string
	kinds                          [kinds]int // acknowledged calls of each kind
}

func (f *findings) note(format string, args ...any) {
	if len(f.notes) < 50 {
		f.notes = append(f.notes, fmt.Sprintf("cycle %d: ", f.cycles)+fmt.Sprintf(format, args...))
	}
}

// bad counts what must not be.
func (f *findings) bad() int { return f.lost + f.half + f.missing + f.twice + f.chain + f.unclear }

// String gives the figures as they are recorded.
func (f *findings) String() string {
	return fmt.Sprintf("%d cycles, %d acknowledged writes lost %d, half-applied %d, audit entries missing %d (of %d acknowledged reads and all writes), chains broken %d, retried after the crash %d with another effect %d, unclear answers %d (visits, changes, referrals, new files, handovers, reads: %v)",
		f.cycles, f.writes, f.lost, f.half, f.missing, f.reads, f.chain, f.retried, f.twice, f.unclear, f.kinds)
}

// checker compares what a county has with what its clients were told.
type checker struct {
	county *rig.County
	load   *workload
	found  *findings
	acked  []*call // acknowledged writes of this county, oldest first
}

// after sees a restarted county: repeats what was not answered, and compares everything.
func (k *checker) after(ctx context.Context, made []*call) error {
	var open []*call
	var fresh []*call
	for _, c := range made {
		switch {
		case c.acknowledged:
			fresh = append(fresh, c)
		case c.refused == nil:
			open = append(open, c)
		}
	}
	for _, c := range open {
		if err := k.repeat(ctx, c); err != nil {
			return err
		}
		if c.acknowledged {
			fresh = append(fresh, c)
		}
	}
	for _, c := range fresh {
		k.found.kinds[c.kind]++
		if c.kind == read {
			k.found.reads++
			continue
		}
		k.found.writes++
		k.acked = append(k.acked, c)
	}
	k.again(ctx, fresh)
	if err := k.visible(ctx); err != nil {
		return err
	}
	return k.stored(ctx, fresh)
}

// repeat sends a call again that was never answered, as a client does that does not know.
func (k *checker) repeat(ctx context.Context, c *call) error {
	k.found.retried++
	for attempt := 0; ; attempt++ {
		err := k.load.make(ctx, c)
		if err != nil {
			k.found.unclear++
			k.found.note("the repeated call: %v", err)
			return nil
		}
		if c.acknowledged || c.refused != nil {
			break
		}
		if attempt == 20 {
			return fmt.Errorf("%s is not answered after the restart: %w", c.method, c.last)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if c.refused != nil && c.kind != rename && c.kind != handover {
		k.found.lost++
		k.found.note("%s %s was refused when repeated: %v", c.method, c.token, c.refused)
	}
	return nil
}

// remembered is how far back a call may lie, in acknowledged calls about the same resource, to be sent again: well within store.RememberedRequests.
const remembered = 25

// again sends every fifth of the newest acknowledged calls once more under the same request id; the answer must name the same.
func (k *checker) again(ctx context.Context, fresh []*call) {
	about := map[string]int{}
	for i, c := range slices.Backward(fresh) {
		if about[c.resource()]++; about[c.resource()] > remembered || c.kind == read || i%5 != 0 {
			continue
		}
		k.found.retried++
		answer, err := k.county.Call(ctx, c.way, c.as, c.method, c.request)
		if err != nil {
			k.found.twice++
			k.found.note("%s %s, acknowledged before, is answered %v", c.method, c.token, err)
			continue
		}
		if rig.Text(answer, "name") != rig.Text(c.answer, "name") {
			k.found.twice++
			k.found.note("%s %s made %s and then %s", c.method, c.token, rig.Text(c.answer, "name"), rig.Text(answer, "name"))
		}
	}
}

// visible reads through the contract what was acknowledged.
func (k *checker) visible(ctx context.Context) error {
	visits, err := k.visits(ctx)
	if err != nil {
		return err
	}
	newest := map[string]*call{}
	for _, c := range k.acked {
		switch c.kind {
		case visit:
			if n := visits[rig.Text(c.answer, "name")+" "+c.token]; n != 1 {
				k.found.lost++
				k.found.note("the visit %s is there %d times", c.token, n)
			}
		case rename, handover:
			if last := newest[c.file]; last == nil || version(c.answer) > version(last.answer) {
				newest[c.file] = c
			}
		}
	}
	for file, c := range newest {
		now, err := k.county.Call(ctx, rig.GRPC, "kierownik1", "casefile.CasefileService/GetFamilyFile", rig.Fields{"name": file})
		if err != nil {
			return err
		}
		same := version(now) > version(c.answer) || (rig.Text(now, "familyName") == rig.Text(c.answer, "familyName") && rig.Text(now, "assistant") == rig.Text(c.answer, "assistant"))
		if version(now) < version(c.answer) || !same {
			k.found.lost++
			k.found.note("%s is not what %s made of it", file, c.token)
		}
	}
	return nil
}

func version(f rig.Fields) int64 {
	n, _ := strconv.ParseInt(rig.Text(f, "etag"), 10, 64)
	return n
}

// visits counts the entries of all work cards by their name and what they say.
func (k *checker) visits(ctx context.Context) (map[string]int, error) {
	found := map[string]int{}
	for _, file := range []string{"file1", "file2", "file3"} {
		request := rig.Fields{"parent": k.county.Names[file], "pageSize": 200}
		for {
			page, err := k.county.Call(ctx, rig.REST, "kierownik1", "casefile.WorkCardService/ListVisits", request)
			if err != nil {
				return nil, err
			}
			list, _ := page["visits"].([]any)
			for _, v := range list {
				one, _ := v.(rig.Fields)
				found[rig.Text(one, "name")+" "+rig.Text(one, "findings")]++
			}
			if request["pageToken"] = rig.Text(page, "nextPageToken"); request["pageToken"] == "" {
				break
			}
		}
	}
	return found, nil
}

// stored looks into the store from beside the program: chains, documents, records, feeds, journal and access log.
func (k *checker) stored(ctx context.Context, fresh []*call) (err error) {
	s, err := k.county.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := k.whole(ctx, s); err != nil {
		return err
	}
	if err := k.journal(ctx, s, fresh); err != nil {
		return err
	}
	if err := k.accesses(ctx, s, fresh); err != nil {
		return err
	}
	return k.places(ctx, s)
}

// whole looks at a store by itself: chains, documents, records and feeds.
func (k *checker) whole(ctx context.Context, s store.Store) (err error) {
	for placed := 1; placed > 0; {
		if placed, err = s.System().Relay(ctx, 500); err != nil {
			return err
		}
	}
	report, err := s.System().Verify(ctx)
	if err != nil {
		return err
	}
	for _, fault := range report.Faults {
		if strings.Contains(fault, "was altered") || strings.Contains(fault, "commit before") {
			k.found.chain++
		} else {
			k.found.half++
		}
		k.found.note("verify: %s", fault)
	}
	return k.feeds(ctx, s, report.Commits)
}

// feeds reads both feeds: positions without a gap, and every commit of the journal in one of them, once.
func (k *checker) feeds(ctx context.Context, s store.Store, commits int) error {
	seen := map[string]int{}
	for _, feed := range []store.Scope{s.For(rig.Gmina), s.ForCounty(rig.Digits)} {
		position := int64(0)
		for {
			entries, err := feed.Feed(ctx, position, 500)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if position++; e.Position != position {
					k.found.half++
					k.found.note("feed %s: position %d where %d is due", e.Feed, e.Position, position)
					position = e.Position
				}
				seen[fmt.Sprintf("%s@%d", e.Ref, e.Version)]++
			}
			if len(entries) == 0 {
				break
			}
		}
	}
	for commit, n := range seen {
		if n != 1 {
			k.found.half++
			k.found.note("%s is in the feed %d times", commit, n)
		}
	}
	if len(seen) != commits {
		k.found.half++
		k.found.note("%d commits are in the journal, %d in the feeds", commits, len(seen))
	}
	return nil
}

// journal finds the entry of every acknowledged write, once.
func (k *checker) journal(ctx context.Context, s store.Store, fresh []*call) error {
	requests := map[string]map[string]int{} // by resource, then by request id
	for _, c := range fresh {
		if c.kind == read {
			continue
		}
		name := c.resource()
		if requests[name] == nil {
			ref, err := refOf(name)
			if err != nil {
				return err
			}
			if requests[name], err = requestsOf(ctx, s, ref); err != nil {
				return err
			}
		}
		switch n := requests[name][c.token]; {
		case n == 0:
			k.found.missing++
			k.found.note("%s %s is acknowledged and not in the journal of %s", c.method, c.token, name)
		case n > 1:
			k.found.twice++
			k.found.note("%s %s has %d commits", c.method, c.token, n)
		}
	}
	return nil
}

func refOf(name string) (store.Ref, error) {
	parts := strings.Split(name, "/")
	if len(parts) != 4 {
		return store.Ref{}, fmt.Errorf("%q names no aggregate", name)
	}
	return store.Ref{Kind: store.Kind(parts[2]), ID: parts[3]}, nil
}

func requestsOf(ctx context.Context, s store.Store, ref store.Ref) (map[string]int, error) {
	found := map[string]int{}
	for after := int64(0); ; {
		commits, err := s.For(rig.Gmina).History(ctx, ref, after, 500)
		if errors.Is(err, store.ErrNotFound) || (err == nil && len(commits) == 0) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		for _, c := range commits {
			found[c.RequestID]++
			after = c.Version
		}
	}
}

// accesses finds the line of every acknowledged read in the access log, by the purpose it gave.
func (k *checker) accesses(ctx context.Context, s store.Store, fresh []*call) error {
	wanted := map[string]map[string]bool{}
	for _, c := range fresh {
		if c.kind == read {
			if wanted[c.file] == nil {
				wanted[c.file] = map[string]bool{}
			}
			wanted[c.file][c.token] = true
		}
	}
	for file, tokens := range wanted {
		ref, err := refOf(file)
		if err != nil {
			return err
		}
		for token := ""; len(tokens) > 0; {
			lines, next, err := s.For(rig.Gmina).AccessLog(ctx, ref, 500, token)
			if err != nil {
				return err
			}
			for _, l := range lines {
				delete(tokens, l.Purpose)
			}
			if token = next; token == "" {
				break
			}
		}
		for _, token := range slices.Sorted(maps.Keys(tokens)) {
			k.found.missing++
			k.found.note("the read %s of %s is answered and not in the access log", token, path.Base(file))
		}
	}
	return nil
}

// settleWithin is how long the sweeps of a restarted county may take to finish what a crash left between two aggregates.
const settleWithin = 45 * time.Second

// places waits until every family's assistant holds its place, and nobody else does: what a crash left between a file and two caseloads is finished.
func (k *checker) places(ctx context.Context, s store.Store) error {
	began := time.Now()
	for {
		wrong, err := misplaced(ctx, s)
		if err != nil {
			return err
		}
		if wrong == "" {
			return nil
		}
		if time.Since(began) > settleWithin {
			k.found.half++
			k.found.note("caseloads after %s: %s", settleWithin, wrong)
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// misplaced compares files with caseloads and says what does not fit, "" where all does. A place that is only reserved may stand for a while.
func misplaced(ctx context.Context, s store.Store) (string, error) {
	held := map[string]string{} // file to person
	caseloads, err := s.ForCounty(rig.Digits).List(ctx, store.Caseloads, store.Query{Index: "all", Limit: 100})
	if err != nil {
		return "", err
	}
	for _, h := range caseloads.Hits {
		var load struct {
			Places []struct {
				File, State string
			}
		}
		if err := bson.Unmarshal(h.Doc.Cover, &load); err != nil {
			return "", err
		}
		for _, p := range load.Places {
			if p.State != "HELD" {
				continue
			}
			if other, ok := held[p.File]; ok {
				return fmt.Sprintf("%s has a place with %s and with %s", p.File, other, h.Doc.ID), nil
			}
			held[p.File] = h.Doc.ID
		}
	}
	return unplaced(ctx, s, held)
}

func unplaced(ctx context.Context, s store.Store, held map[string]string) (string, error) {
	q := store.Query{Index: "by_opened", Limit: 500}
	for {
		files, err := s.For(rig.Gmina).List(ctx, store.FamilyFiles, q)
		if err != nil {
			return "", err
		}
		for _, h := range files.Hits {
			var cover struct {
				Assistant string `bson:"assistant_person"`
			}
			if err := bson.Unmarshal(h.Doc.Cover, &cover); err != nil {
				return "", err
			}
			if held[h.Doc.ID] != cover.Assistant {
				return fmt.Sprintf("%s has the assistant %q and the place %q", h.Doc.ID, cover.Assistant, held[h.Doc.ID]), nil
			}
		}
		if q.Token = files.Next; q.Token == "" {
			return "", nil
		}
	}
}
