package suite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/access"
	"asysta.example/internal/name"
	"asysta.example/internal/store"
)

// KeyState is how far a change of keys had come when its record was written.
type KeyState string

// The states of a change of keys.
const (
	KeysBegun  KeyState = "begun"  // nothing was changed yet
	KeysDone   KeyState = "done"   // it came to its end; what it left as it was is counted
	KeysFailed KeyState = "failed" // it ended with an error; what it had changed by then is counted
)

// KeyWork is what the journal of a county holds of a command that changes keys: what was asked for, by which account of which machine, and what came of it. It holds no key
// and nothing of a family.
type KeyWork struct {
	Command  string   `bson:"command"`         // e.g. "keys rotate master -finish"
	Gmina    string   `bson:"gmina,omitempty"` // the one whose keys were asked for; "": all of the deployment
	User     string   `bson:"user"`            // of the operating system
	State    KeyState `bson:"state"`
	Begun    int64    `bson:"begun,omitempty"` // version of the county at which the same command said that it begins
	KeyCount `bson:",inline"`
}

// KeyCount is what a change of keys came to, over all counties of the deployment.
type KeyCount struct {
	Gminas  int      `bson:"gminas,omitempty"`  // gminas that have another key, or whose old one is gone
	Keys    int      `bson:"keys,omitempty"`    // wrapped keys that were looked at
	Changed int      `bson:"changed,omitempty"` // of these wrapped anew, made anew or taken away
	Left    int      `bson:"left,omitempty"`    // of these left as they were although they were meant
	Files   []string `bson:"files,omitempty"`   // files that were given a new data key, the first filesNamed of them
}

// filesNamed bounds how many files a record names: all are counted.
const filesNamed = 500

// keyWork is the section of the county's document that holds the newest record; all are in its journal.
const keyWork = "keyWork"

// keyMethods is what the method of every such commit begins with.
const keyMethods = "keys/"

// recording bounds the writing of a record when the command itself was broken off.
const recording = 20 * time.Second

// RecordKeys carries out a change of keys that the journal of the county knows of: of each county whose keys it may change. The first record stands before the change begins, and without
// it there is no change; the second says what came of it. A change whose second record is missing goes on, or was cut off.
func (b *Base) RecordKeys(ctx context.Context, command, gmina string, change func(context.Context) (KeyCount, error)) error {
	counties, err := b.counties(ctx, gmina)
	if err != nil {
		return fmt.Errorf("suite: record of %s: %w", command, err)
	}
	work := KeyWork{Command: command, Gmina: gmina, User: systemUser(), State: KeysBegun}
	begun := make([]int64, len(counties))
	for i, county := range counties {
		if begun[i], err = b.recordKeys(ctx, county, work); err != nil {
			return fmt.Errorf("suite: record of %s: %w; no key was changed", command, err)
		}
	}
	count, failed := change(ctx)
	if work.State = KeysDone; failed != nil {
		work.State = KeysFailed
	}
	work.KeyCount = count
	work.Files = count.Files[:min(len(count.Files), filesNamed)]
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recording)
	defer cancel()
	for i, county := range counties {
		work.Begun = begun[i]
		if _, err := b.recordKeys(ctx, county, work); err != nil {
			failed = errors.Join(failed, fmt.Errorf("suite: record of %s: the journal holds that it began, not what came of it: %w", command, err))
		}
	}
	return failed
}

// counties gives the counties whose keys a command changes: a gmina's own, or all.
func (b *Base) counties(ctx context.Context, gmina string) (all []string, err error) {
	if gmina != "" {
		if !name.Digits(gmina, 7) {
			return nil, errors.New("the TERYT code of a gmina has 7 digits")
		}
		if _, err := b.Deps.Store.System().Load(ctx, store.Ref{Kind: store.Gminas, ID: gmina}); errors.Is(err, store.ErrNotFound) {
			return nil, fmt.Errorf("the store holds no gmina %s; look the code up, nothing was changed", gmina)
		} else if err != nil {
			return nil, err
		}
		return []string{gmina[:4]}, nil
	}
	err = eachListed(ctx, b.Deps.Store.System(), store.Counties, func(county string) error {
		all = append(all, county)
		return nil
	})
	if err == nil && len(all) == 0 {
		err = errors.New("the store holds no county; asysta bootstrap")
	}
	return all, err
}

// recordKeys commits a record to a county and gives the version that it became. Whoever changes the county meanwhile is no obstacle.
func (b *Base) recordKeys(ctx context.Context, county string, work KeyWork) (int64, error) {
	scope := b.Deps.Store.ForCounty(county)
	for {
		doc, err := scope.Load(ctx, countyRef(county))
		if err != nil {
			return 0, fmt.Errorf("county %s: %w", county, err)
		}
		next, _, err := scope.Commit(ctx, doc, store.Change{
			Actor:   store.Actor{System: "keys", Role: string(access.System), Instance: b.Deps.Instance},
			Purpose: "zmiana kluczy szyfrujących", Method: keyMethod(work.Command), RecordedAt: b.Deps.Clock(), Sections: map[string]any{keyWork: work},
		})
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("county %s: %w", county, err)
		}
		return next.Version, nil
	}
}

func countyRef(county string) store.Ref { return store.Ref{Kind: store.Counties, ID: county} }

// keyMethod gives "keys/rotate-master-finish" for "keys rotate master -finish".
func keyMethod(command string) string {
	words := strings.Fields(strings.TrimPrefix(command, "keys "))
	for i, word := range words {
		words[i] = strings.Trim(word, "-")
	}
	return path.Join(keyMethods, strings.Join(words, "-"))
}

// systemUser names the account under which the process runs, with its number: where the system knows no name for it, the name is what the environment says.
func systemUser() string {
	u, err := user.Current()
	if err != nil {
		return "uid " + strconv.Itoa(os.Getuid())
	}
	return u.Username + " (uid " + u.Uid + ")"
}

// KeyRecord is a record of a change of keys with the commit that holds it.
type KeyRecord struct {
	County  string
	Version int64
	At      time.Time
	Host    string // on which the command ran
	KeyWork
}

// EachKeyRecord calls fn with all records of changes of keys, county by county, oldest first.
func (b *Base) EachKeyRecord(ctx context.Context, fn func(KeyRecord) error) error {
	return eachListed(ctx, b.Deps.Store.System(), store.Counties, func(county string) error {
		for after := int64(0); ; {
			commits, err := b.Deps.Store.ForCounty(county).History(ctx, countyRef(county), after, pageOfHistory)
			if err != nil || len(commits) == 0 {
				return err
			}
			for _, c := range commits {
				after = c.Version
				body, ok := c.Sections[keyWork]
				if !ok {
					continue
				}
				r, err := keyRecord(c, body)
				if err != nil {
					return fmt.Errorf("suite: %s: %w", c.Key, err)
				}
				if err := fn(r); err != nil {
					return err
				}
			}
		}
	})
}

func keyRecord(c store.Commit, body bson.Raw) (KeyRecord, error) {
	r := KeyRecord{County: c.Ref.ID, Version: c.Version, At: c.RecordedAt.UTC(), Host: c.Actor.Instance}
	err := bson.Unmarshal(body, &r.KeyWork)
	return r, err
}
