package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/backup"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

// words are a flag that may be given several times.
type words []string

func (w *words) String() string { return strings.Join(*w, " ") }

// Set adds one.
func (w *words) Set(s string) error {
	*w = append(*w, s)
	return nil
}

// backup makes an encrypted backup of a SQLite store, while services serve it.
func (p program) backup(ctx context.Context) (err error) {
	var to string
	var recipients words
	var quick bool
	ok, err := p.flags("backup", p.args, func(f *flag.FlagSet) {
		f.StringVar(&to, "to", "", "file to write, which must not exist")
		f.Var(&recipients, "recipient", "age1… or a file of such; may be given several times")
		f.BoolVar(&quick, "quick", false, "check the pages of the snapshot but not the chains of the journal")
	})
	if !ok {
		return err
	}
	var cfg suite.ToolConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return err
	}
	database, ok := strings.CutPrefix(cfg.Store, "sqlite:")
	switch {
	case !ok:
		return errors.New("backup: this command backs up SQLite; how MongoDB is backed up stands in docs/OPERATIONS.md")
	case to == "" || len(recipients) == 0:
		return errors.New("backup: -to FILE and -recipient age1… (asysta keys backup makes one) are required")
	}
	keys, err := backup.Recipients(recipients)
	if err != nil {
		return err
	}
	if err := backup.Free(to); err != nil { // before the snapshot and its check, which take their time
		return err
	}
	began := time.Now()                                                // how long it takes is this machine's time
	folder, err := os.MkdirTemp(filepath.Dir(database), ".snapshot-*") // 0700, beside the database: the snapshot is as open as the database is
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	snapshot, m := filepath.Join(folder, "snapshot.db"), backup.Manifest{Made: p.clock().UTC(), Program: release}
	if err := sqlite.Snapshot(ctx, database, snapshot); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	sound := error(nil)
	if !quick {
		report, err := p.verifyFile(ctx, cfg, snapshot, witnesses{})
		if sound = err; err != nil && !errors.As(err, &altered{}) {
			return fmt.Errorf("backup: %w", err)
		}
		m.Aggregates, m.Commits, m.Faults = report.Aggregates, report.Commits, len(report.Faults)
	}
	m, size, err := backup.Write(ctx, to, snapshot, m, keys)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "backup: %s, %d bytes (database: %d bytes), %s\nKeep apart from it: the master key (%s), the identity that opens it, the anchors.\n",
		to, size, m.Size, time.Since(began).Round(time.Millisecond), cfg.MasterFile())
	return errors.Join(sound, err)
}

// verifyFile verifies a database file that nobody else uses.
func (p program) verifyFile(ctx context.Context, cfg suite.ToolConfig, path string, w witnesses) (report store.VerifyReport, err error) {
	cfg.Store = "sqlite:" + path
	base, err := suite.OpenTool(ctx, cfg, p.clock, p.log(cfg.Level), false, false)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	return p.verify(ctx, base.Deps.Store, w)
}

// restore opens a backup into a new SQLite file.
func (p program) restore(ctx context.Context) error {
	var from, identity, to string
	var quick bool
	var w witnesses
	ok, err := p.flags("restore", p.args, func(f *flag.FlagSet) {
		f.StringVar(&from, "from", "", "backup to open")
		f.StringVar(&identity, "identity", "", "file that opens it, made by asysta keys backup")
		f.StringVar(&to, "to", "", "database file to write, which must not exist")
		f.BoolVar(&quick, "quick", false, "check the sum and the pages but not the chains of the journal")
		w.flags(f)
	})
	if !ok {
		return err
	}
	if from == "" || identity == "" || to == "" {
		return errors.New("restore: -from FILE, -identity FILE and -to FILE are required")
	}
	var cfg suite.ToolConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return err
	}
	keys, err := backup.LoadKey(identity)
	if err != nil {
		return err
	}
	began, sound := time.Now(), error(nil)
	m, err := backup.Read(ctx, from, to, keys, func(file string, m backup.Manifest) error {
		if err := sqlite.Integrity(ctx, file); err != nil {
			return err
		}
		if quick {
			return nil
		}
		report, err := p.verifyFile(ctx, cfg, file, w)
		if sound = err; err != nil && !errors.As(err, &altered{}) {
			return fmt.Errorf("restore: %w", err)
		}
		if m.Commits > 0 && report.Commits != m.Commits {
			return altered{fmt.Errorf("restore: %d commits, the backup was made of %d", report.Commits, m.Commits)}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "restored: %s, %d bytes, as of %s, %s\nIt opens with the master key of that time; look with asysta keys check. Start Asysta with ASYSTA_STORE=sqlite:%s\n",
		to, m.Size, m.Made.Format(time.RFC3339), time.Since(began).Round(time.Millisecond), to)
	return errors.Join(sound, err)
}
