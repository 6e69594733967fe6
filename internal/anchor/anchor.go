package anchor

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"time"

	"asysta.example/internal/calendar"
	"asysta.example/internal/store"
)

// Source gives the commits of a feed above a position, in order, and how far the access log goes. A store.SystemScope is one.
type Source interface {
	store.AccessWitness
	FeedHeads(ctx context.Context, feed string, after int64, fn func(store.FeedHead) error) error
}

// ErrGap says that a commit has no position or no journal entry right where an anchor was to be made: verify before anchoring.
var ErrGap = errors.New("anchor: the feed or the journal has a gap")

// Made is what a round of anchoring did. A round that found the day's anchor made by itself or by somebody else has File "".
type Made struct {
	File    string // name of the file within the folder
	Lines   int
	Commits int
}

// Make witnesses what was committed since the last file of a folder: one line for each tenant given and each tenant of the last file. The folder must exist. With once it does
// nothing on a civil day that has its file already. The first line of the file witnesses the access log too, where that is numbered.
func Make(ctx context.Context, from Source, folder string, key ed25519.PrivateKey, tenants []string, now time.Time, once bool) (Made, error) {
	last, n, prev, err := newest(folder, key.Public().(ed25519.PublicKey))
	if err != nil {
		return Made{}, fmt.Errorf("anchor: %w", err)
	}
	day := calendar.In(now).String()
	reached := map[string]int64{}
	for _, t := range tenants {
		reached[t] = 0
	}
	for _, l := range last {
		if once && l.Day == day {
			return Made{}, nil
		}
		reached[l.Tenant] = l.To
	}
	log, err := witnessLog(ctx, from)
	if err != nil {
		return Made{}, err
	}
	made := Made{File: fileName(n + 1)}
	var texts [][]byte
	for _, tenant := range slices.Sorted(maps.Keys(reached)) {
		l, err := witness(ctx, from, tenant, reached[tenant])
		if err != nil {
			return Made{}, err
		}
		l.Format, l.Day, l.Made, l.Prev = format, day, now.UTC().Truncate(time.Millisecond), prev
		if log != nil {
			l.Format, l.Log, log = formatLog, log, nil
		}
		text, err := l.sign(key)
		if err != nil {
			return Made{}, fmt.Errorf("anchor: %w", err)
		}
		prev, texts = sum(text), append(texts, text)
		made.Lines, made.Commits = made.Lines+1, made.Commits+l.Commits
	}
	if len(texts) == 0 {
		return Made{}, nil
	}
	err = write(folder, n+1, texts)
	if errors.Is(err, fs.ErrExist) {
		return Made{}, nil
	}
	if err != nil {
		return Made{}, fmt.Errorf("anchor: %w", err)
	}
	return made, nil
}

// newest reads the last file of a folder: its lines, its number (0 when there is none) and the sum of its last line.
func newest(folder string, key ed25519.PublicKey) ([]Line, int, string, error) {
	ns, err := numbers(folder)
	if err != nil || len(ns) == 0 {
		return nil, 0, "", err
	}
	n := ns[len(ns)-1]
	lines, prev, err := readFile(folder, n, unknown, key)
	return lines, n, prev, err
}

// witness adds up the commits of a tenant above a position.
func witness(ctx context.Context, from Source, tenant string, after int64) (Line, error) {
	h, at := newHeads(), after
	err := from.FeedHeads(ctx, tenant, after, func(head store.FeedHead) error {
		if at++; head.Position != at || head.Hash == nil {
			return fmt.Errorf("%w: feed %s, position %d", ErrGap, tenant, at)
		}
		h.add(head)
		return nil
	})
	return Line{Tenant: tenant, From: after + 1, To: at, Files: len(h.last), Commits: h.commits, Head: h.digest()}, err
}

// witnessLog says how far the access log goes; nil where it has no numbered lines.
func witnessLog(ctx context.Context, from Source) (*Log, error) {
	end, err := from.AccessEnd(ctx)
	if err != nil || end.Line == 0 {
		return nil, err
	}
	return &Log{To: end.Line, Segment: end.Segment, Head: hex.EncodeToString(end.Head)}, nil
}
