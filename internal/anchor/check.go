package anchor

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"asysta.example/internal/store"
)

// Report is what Check found. Faults name tenants, days and positions only.
type Report struct {
	Lines   int
	Commits int    // witnessed
	Newest  string // civil day of the newest line, "" when there is none
	Faults  []string
}

// Check compares the journal and the access log with the anchors of a folder. A commit that is gone, a file that is gone with all its commits, a commit that became another
// one, an older database put in place of the newer, a line of the access log altered or cut off: each leaves a witness that nothing agrees with. What a segment of the log says
// of its own lines is taken for true; store.SystemScope.Verify holds that against them. An altered or missing anchor is a fault too. Others may commit meanwhile.
func Check(ctx context.Context, from Source, folder string, key ed25519.PublicKey) (Report, error) {
	lines, err := readAll(folder, key)
	if err != nil {
		return Report{Faults: []string{"anchors: " + err.Error()}}, nil
	}
	r := Report{Lines: len(lines)}
	byTenant := map[string][]Line{}
	for _, l := range lines {
		byTenant[l.Tenant] = append(byTenant[l.Tenant], l)
		r.Newest, r.Commits = max(r.Newest, l.Day), r.Commits+l.Commits
	}
	if len(lines) == 0 {
		r.Faults = append(r.Faults, "anchors: the folder holds none")
	}
	for _, tenant := range slices.Sorted(maps.Keys(byTenant)) {
		faults, err := check(ctx, from, tenant, byTenant[tenant])
		if err != nil {
			return r, fmt.Errorf("anchor: %w", err)
		}
		r.Faults = append(r.Faults, faults...)
	}
	faults, err := checkLog(ctx, from, lines)
	if err != nil {
		return r, fmt.Errorf("anchor: %w", err)
	}
	r.Faults = append(r.Faults, faults...)
	return r, nil
}

// checkLog compares the access log with the lines that witness it, oldest first, up to the first one that it does not agree with.
func checkLog(ctx context.Context, from Source, lines []Line) ([]string, error) {
	for _, l := range lines {
		if l.Log == nil {
			continue
		}
		end, err := from.AccessEndAt(ctx, l.Log.To, l.Log.Segment)
		if err != nil {
			return nil, err
		}
		text := ""
		switch {
		case end.Segment != l.Log.Segment:
			text = fmt.Sprintf("segment %d was witnessed and is missing: lines were removed, or an older database was put back", l.Log.Segment)
		case end.Line != l.Log.To:
			text = fmt.Sprintf("lines up to %d were witnessed, the log ends at %d: lines were removed, or an older database was put back", l.Log.To, end.Line)
		case hex.EncodeToString(end.Head) != l.Log.Head:
			text = fmt.Sprintf("the lines up to %d are others than were witnessed", l.Log.To)
		}
		if text != "" {
			return []string{fmt.Sprintf("anchor of the access log, %s: %s", l.Day, text)}, nil
		}
	}
	return nil, nil
}

// errEnough ends a walk behind the last position that is witnessed.
var errEnough = errors.New("enough")

// check compares the feed of one tenant with its lines.
func check(ctx context.Context, from Source, tenant string, lines []Line) (faults []string, err error) {
	fault := func(l Line, text string, args ...any) {
		faults = append(faults, fmt.Sprintf("anchor of %s, %s: ", tenant, l.Day)+fmt.Sprintf(text, args...))
	}
	next, at, h, whole := 0, int64(0), newHeads(), true
	settle := func() { // lines that end here; those without commits end where they begin
		for next < len(lines) && lines[next].To == at {
			if l := lines[next]; whole && (h.digest() != l.Head || len(h.last) != l.Files || h.commits != l.Commits || l.From != at-int64(l.Commits)+1) {
				fault(l, "positions %d to %d hold other commits than were witnessed", l.From, l.To)
			}
			next, h, whole = next+1, newHeads(), true
		}
	}
	settle()
	err = from.FeedHeads(ctx, tenant, 0, func(head store.FeedHead) error {
		if next == len(lines) {
			return errEnough
		}
		if at++; head.Position != at {
			fault(lines[next], "position %d is missing", at)
			return errEnough
		}
		if head.Hash == nil {
			fault(lines[next], "the commit at position %d is missing", at)
			whole = false
		}
		h.add(head)
		settle()
		return nil
	})
	if errors.Is(err, errEnough) {
		return faults, nil
	}
	if err == nil && next < len(lines) {
		fault(lines[next], "%d commits were witnessed up to position %d, the journal ends at %d: commits were removed, or an older database was put back", lines[next].Commits, lines[len(lines)-1].To, at)
	}
	return faults, err
}
