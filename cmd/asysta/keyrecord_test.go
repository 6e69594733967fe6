package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/testkit/mongotest"
)

// offices are bootstrapped stores of one office, on both engines.
func offices(t *testing.T) map[string]func(*testing.T) office {
	t.Helper()
	return map[string]func(*testing.T) office{
		"SQLite": newOffice,
		"MongoDB": func(t *testing.T) office {
			uri, database := mongotest.Database(t)
			return officeAt(t, t.TempDir(), "ASYSTA_STORE="+uri, "ASYSTA_DATABASE="+database)
		},
	}
}

// records gives all records of changes of keys.
func records(t *testing.T, base *suite.Base) (all []suite.KeyRecord) {
	t.Helper()
	must(t, base.EachKeyRecord(t.Context(), func(r suite.KeyRecord) error { all = append(all, r); return nil }))
	return all
}

// opened gives a program and the open store of an office.
func opened(t *testing.T, o office) (program, *suite.Base) {
	t.Helper()
	p := testProgram(o.env)
	base, err := p.kept(t.Context(), p.tool(t))
	must(t, err)
	t.Cleanup(func() { must(t, base.Close()) })
	return p, base
}

// Each command that changes keys leaves two records, that it begins and what came of it, which name the account and no key; an auditor lists them, and audit verify finds the journal whole
// with all of them and altered without one.
func TestChangesOfKeysAreRecorded(t *testing.T) {
	for engine, make := range offices(t) {
		t.Run(engine, func(t *testing.T) {
			o := make(t)
			p, base := opened(t, o)
			o.seals(t, p)
			strand(t, base, "01jd0000000000000000000011")
			me, err := user.Current()
			must(t, err)
			var secrets [][]byte
			later := time.Now().Add(seal.RetireAfter + time.Minute)
			for i, tt := range []struct {
				command, method string
				gmina           string
				at              time.Time
				want            suite.KeyCount
				state           suite.KeyState
			}{
				{command: "keys repair", method: "keys/repair", want: suite.KeyCount{Keys: 1, Changed: 1, Files: []string{"01jd0000000000000000000011"}}},
				{command: "keys rotate master -prepare", method: "keys/rotate-master-prepare"},
				{command: "keys rotate master", method: "keys/rotate-master", want: suite.KeyCount{Gminas: 1, Keys: 1, Changed: 1}},
				{command: "keys rotate master -finish", method: "keys/rotate-master-finish", want: suite.KeyCount{Keys: 4, Changed: 1}},
				{command: "keys rotate gminas", method: "keys/rotate-gminas", want: suite.KeyCount{Gminas: 1, Keys: 3, Changed: 3}},
				{command: "keys rotate gminas -gmina 2004042", method: "keys/rotate-gminas", gmina: "2004042", want: suite.KeyCount{Gminas: 1, Keys: 3}},
				{command: "keys rotate gminas -finish", method: "keys/rotate-gminas-finish", want: suite.KeyCount{Left: 1}, state: suite.KeysFailed},
				{command: "keys rotate gminas -gmina 2004042 -finish", method: "keys/rotate-gminas-finish", gmina: "2004042", at: later, want: suite.KeyCount{Gminas: 1, Keys: 6, Changed: 1}},
			} {
				secrets = append(secrets, keyMaterial(t, o.master)...)
				p.args = strings.Fields(tt.command)[1:]
				if p.clock = time.Now; !tt.at.IsZero() {
					p.clock = func() time.Time { return tt.at }
				}
				if err := p.keys(t.Context()); (err != nil) != (tt.state == suite.KeysFailed) {
					t.Fatalf("%s: %v", tt.command, err)
				}
				secrets = append(secrets, keyMaterial(t, o.master)...)
				all := records(t, base)
				if len(all) != 2*(i+1) {
					t.Fatalf("%s: %d records", tt.command, len(all))
				}
				begun, done := all[2*i], all[2*i+1]
				name, _, _ := strings.Cut(tt.command, " -gmina")
				if strings.HasSuffix(tt.command, "-finish") && !strings.HasSuffix(name, "-finish") {
					name += " -finish"
				}
				if tt.state == "" {
					tt.state = suite.KeysDone
				}
				for _, r := range all[2*i:] {
					if r.Command != name || r.Gmina != tt.gmina || r.County != "2004" || r.User != me.Username+" (uid "+me.Uid+")" || r.Host != base.Deps.Instance {
						t.Errorf("%s: %+v", tt.command, r)
					}
				}
				if begun.State != suite.KeysBegun || done.State != tt.state || done.Begun != begun.Version {
					t.Errorf("%s: %+v, %+v", tt.command, begun, done)
				}
				if got := done.KeyCount; got.Gminas != tt.want.Gminas || got.Keys != tt.want.Keys || got.Changed != tt.want.Changed || got.Left != tt.want.Left || !slices.Equal(got.Files, tt.want.Files) {
					t.Errorf("%s: %+v, want %+v", tt.command, got, tt.want)
				}
				commits, err := base.Deps.Store.ForCounty("2004").History(t.Context(), store.Ref{Kind: store.Counties, ID: "2004"}, begun.Version-1, 10)
				if err != nil || len(commits) != 2 || commits[0].Method != tt.method || commits[0].Actor.System != "keys" || commits[0].Purpose == "" || commits[0].ChangesCover() {
					t.Errorf("%s: %+v, %v", tt.command, commits, err)
				}
			}
			out, err := run(t, o.env, "audit", "keys")
			if err != nil || strings.Count(out, "\n") != 17 || !strings.Contains(out, "records: 16; begun and without an end: 0") || !strings.Contains(out, "keys repair, all gminas, by \""+me.Username) ||
				!strings.Contains(out, "keys rotate gminas -finish, gmina 2004042") {
				t.Errorf("%s, %v", out, err)
			}
			for _, c := range secretsIn(t, base, secrets) {
				t.Errorf("%s holds a key", c)
			}
			if out, err := run(t, o.env, "audit", "verify"); err != nil {
				t.Fatalf("%s, %v", out, err)
			}
			without(t, o, base, records(t, base)[3].Version)
		})
	}
}

// without takes one commit of the county away, and sees that it is missed.
func without(t *testing.T, o office, base *suite.Base, version int64) {
	t.Helper()
	must(t, base.Engine.Write(t.Context(), []store.Step{{Op: store.Delete, Collection: "journal", ID: store.SequenceKey("counties/2004", version)}}))
	out, err := run(t, o.env, "audit", "verify")
	if exitCode(err) != exitAltered || err == nil || !strings.Contains(out, "counties/2004") {
		t.Errorf("without @%d: %s, %v", version, out, err)
	}
}

var value = regexp.MustCompile(`"value": *"([^"]+)"`)

// keyMaterial gives the keys in a master's file, as they stand there and as bytes.
func keyMaterial(t *testing.T, path string) (all [][]byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	for _, m := range value.FindAllSubmatch(content, -1) {
		raw, err := base64.StdEncoding.DecodeString(string(m[1]))
		must(t, err)
		all = append(all, m[1], raw[len(raw)-16:])
	}
	if len(all) < 4 {
		t.Fatalf("%s holds %d keys", path, len(all)/2)
	}
	return all
}

// secretsIn gives the commits of the county that hold one of the secrets in a record of keys.
func secretsIn(t *testing.T, base *suite.Base, secrets [][]byte) (found []string) {
	t.Helper()
	commits, err := base.Deps.Store.ForCounty("2004").History(t.Context(), store.Ref{Kind: store.Counties, ID: "2004"}, 0, 100)
	must(t, err)
	for _, c := range commits {
		for _, section := range c.Sections {
			if slices.ContainsFunc(secrets, func(s []byte) bool { return bytes.Contains(section, s) }) {
				found = append(found, c.Key)
			}
		}
	}
	return found
}

// The last record is held by what the document adds up to.
func TestTheLastRecordOfKeysIsMissed(t *testing.T) {
	o := newOffice(t)
	_, base := opened(t, o)
	_, err := run(t, o.env, "keys", "rotate", "master", "-prepare")
	must(t, err)
	all := records(t, base)
	without(t, o, base, all[len(all)-1].Version)
}

// A change that is cut off is in the journal as one that began, one that its caller breaks off as one that failed; where nothing can be recorded, nothing is changed.
func TestNoChangeOfKeysGoesUnrecorded(t *testing.T) {
	o := newOffice(t)
	_, base := opened(t, o)
	func() {
		defer func() { _ = recover() }()
		_ = base.RecordKeys(t.Context(), "keys rotate master", "", func(context.Context) (suite.KeyCount, error) {
			if all := records(t, base); len(all) != 1 || all[0].State != suite.KeysBegun {
				t.Errorf("while it changes: %+v", all)
			}
			panic("the process dies")
		})
	}()
	if out, err := run(t, o.env, "audit", "keys"); err != nil || !strings.Contains(out, "begun and without an end: 1\n  powiaty/2004@2: goes on, or was cut off") {
		t.Errorf("%s, %v", out, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	err := base.RecordKeys(ctx, "keys repair", "", func(ctx context.Context) (suite.KeyCount, error) {
		stop()
		return suite.KeyCount{Keys: 2, Changed: 1}, ctx.Err()
	})
	all := records(t, base)
	if last := all[len(all)-1]; !errors.Is(err, context.Canceled) || last.State != suite.KeysFailed || last.Changed != 1 || last.Begun != all[len(all)-2].Version {
		t.Errorf("broken off: %+v, %v", last, err)
	}
	for _, gmina := range []string{"3004032", "2004"} {
		err := base.RecordKeys(t.Context(), "keys rotate gminas", gmina, func(context.Context) (suite.KeyCount, error) {
			t.Errorf("%s: changed", gmina)
			return suite.KeyCount{}, nil
		})
		if err == nil {
			t.Errorf("%s: accepted", gmina)
		}
	}
}

// Commands that run at once, and whoever changes the county beside them, cost no record.
func TestRecordsOfKeysAtOnce(t *testing.T) {
	_, base := opened(t, newOffice(t))
	const commands = 8
	var all sync.WaitGroup
	for range commands {
		all.Go(func() {
			if err := base.RecordKeys(t.Context(), "keys repair", "", func(context.Context) (suite.KeyCount, error) { return suite.KeyCount{}, nil }); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	begun, ended := map[int64]bool{}, map[int64]bool{}
	for _, r := range records(t, base) {
		if r.State == suite.KeysBegun {
			begun[r.Version] = true
		} else if begun[r.Begun] {
			ended[r.Begun] = true
		}
	}
	if len(begun) != commands || len(ended) != commands {
		t.Errorf("%d begun, %d of them ended", len(begun), len(ended))
	}
}

// Before there is a county there is nobody's journal, and no key that anything hangs on.
func TestKeysOfAStoreWithoutACountyStay(t *testing.T) {
	dir := t.TempDir()
	master := filepath.Join(dir, "master.key")
	env := []string{"ASYSTA_STORE=sqlite:" + filepath.Join(dir, "a.db"), "ASYSTA_MASTER_KEY_FILE=" + master}
	_, err := run(t, env, "migrate")
	must(t, err)
	if _, err := os.Stat(master); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	_, err = seal.CreateMaster(master)
	must(t, err)
	before := keyMaterial(t, master)
	for _, args := range [][]string{{"keys", "rotate", "master", "-prepare"}, {"keys", "rotate", "master"}, {"keys", "rotate", "gminas"}, {"keys", "repair"}} {
		if _, err := run(t, env, args...); err == nil || !strings.Contains(err.Error(), "no county") {
			t.Errorf("%v: %v", args, err)
		}
	}
	if after := keyMaterial(t, master); !slices.EqualFunc(before, after, bytes.Equal) {
		t.Error("the master's file was changed")
	}
}
