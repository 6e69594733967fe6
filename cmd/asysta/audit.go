package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/anchor"
	"asysta.example/internal/backup"
	"asysta.example/internal/store"
)

const auditUsage = `audit: what can be done:
  asysta audit verify [-anchors FOLDER -key FILE.pub]
                          check the hash chains of the whole journal and, on SQLite, of the access log, and what is derived from them; with the anchors, that nothing was cut off their ends either.
                          Exit code 0: nothing found. 3: something was altered. 1: it could not be checked
  asysta audit anchor     write the signed heads of every gmina and of the access log into ASYSTA_ANCHOR_DIR now
  asysta audit keys       list who changed keys, when and with which command, and what came of it`

func (p program) audit(ctx context.Context) error {
	if len(p.args) > 0 && p.args[0] == "verify" {
		return p.auditVerify(ctx, p.args[1:])
	}
	if len(p.args) == 1 && p.args[0] == "anchor" {
		return p.auditAnchor(ctx)
	}
	if len(p.args) == 1 && p.args[0] == "keys" {
		return p.auditKeys(ctx)
	}
	if slices.ContainsFunc(p.args, asksHelp) {
		_, err := fmt.Fprintln(p.stdout, auditUsage)
		return err
	}
	return errors.New(auditUsage)
}

// witnesses are the anchors that a verification is held against; Folder "" means none.
type witnesses struct{ folder, key string }

func (w *witnesses) flags(f *flag.FlagSet) {
	f.StringVar(&w.folder, "anchors", "", "folder of anchors to hold the journal and the access log against")
	f.StringVar(&w.key, "key", "", "file with the public key of the anchors")
}

func (w *witnesses) check(ctx context.Context, st store.Store) (anchor.Report, error) {
	if w.folder == "" {
		return anchor.Report{}, nil
	}
	if w.key == "" {
		return anchor.Report{}, errors.New("-anchors needs -key, the file with the public key of the anchors")
	}
	public, err := anchor.LoadPublic(w.key)
	if err != nil {
		return anchor.Report{}, err
	}
	return anchor.Check(ctx, st.System(), w.folder, public)
}

func (p program) auditVerify(ctx context.Context, args []string) (err error) {
	var w witnesses
	if ok, err := p.flags("audit verify", args, w.flags); !ok {
		return err
	}
	base, err := p.openTool(ctx, false, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	_, err = p.verify(ctx, base.Deps.Store, w)
	return err
}

// verify checks a store and prints what it found; faults are an error of their own kind.
func (p program) verify(ctx context.Context, st store.Store, w witnesses) (store.VerifyReport, error) {
	report, err := st.System().Verify(ctx)
	if err != nil {
		return report, fmt.Errorf("audit verify: %w", err)
	}
	anchored, err := w.check(ctx, st)
	if err != nil {
		return report, fmt.Errorf("audit verify: %w", err)
	}
	faults := append(report.Faults, anchored.Faults...)
	if _, err := fmt.Fprintf(p.stdout, "aggregates: %d\ncommits: %d\nfaults: %d\n", report.Aggregates, report.Commits, len(faults)); err != nil {
		return report, err
	}
	if w.folder != "" {
		_, err = fmt.Fprintf(p.stdout, "anchors: %d lines, %d commits witnessed, the newest of %s\n", anchored.Lines, anchored.Commits, anchored.Newest)
	} else {
		_, err = fmt.Fprintln(p.stdout, "anchors: none given; what was cut off the end of a journal or of the access log shows only against them")
	}
	if err != nil {
		return report, err
	}
	for _, f := range faults {
		if _, err := fmt.Fprintln(p.stdout, " ", f); err != nil {
			return report, err
		}
	}
	if len(faults) > 0 {
		_, err := fmt.Fprintln(p.stdout, "NARUSZENIE: zapis zmieniono albo skrócono. (ALTERED: see the list above.)")
		return report, errors.Join(altered{fmt.Errorf("audit verify: the journal, the access log or what is derived from them was altered in %d places", len(faults))}, err)
	}
	_, err = fmt.Fprintln(p.stdout, "W porządku: zapis jest nienaruszony. (Nothing was altered.)")
	return report, err
}

func (p program) auditAnchor(ctx context.Context) (err error) {
	var cfg suite.ToolConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return err
	}
	if cfg.AnchorDir == "" {
		return errors.New("audit anchor: name the folder in ASYSTA_ANCHOR_DIR and the key in ASYSTA_ANCHOR_KEY_FILE")
	}
	base, err := suite.OpenTool(ctx, cfg, p.clock, p.log(cfg.Level), false, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	made, err := suite.Anchor(ctx, base.Deps, cfg.Anchoring, false)
	if errors.Is(err, anchor.ErrGap) {
		return altered{err}
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s: %d lines, %d commits\n", made.File, made.Lines, made.Commits)
	return err
}

// auditKeys prints every record of a change of keys, one a line, and which of them have none of their end. Whether a record was altered is for audit verify to say.
func (p program) auditKeys(ctx context.Context) (err error) {
	base, err := p.openTool(ctx, false, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	open, records := map[string]bool{}, 0
	err = base.EachKeyRecord(ctx, func(r suite.KeyRecord) error {
		records++
		if at := fmt.Sprintf("powiaty/%s@%d", r.County, r.Version); r.State == suite.KeysBegun {
			open[at] = true
		} else {
			delete(open, fmt.Sprintf("powiaty/%s@%d", r.County, r.Begun))
		}
		_, err := fmt.Fprintln(p.stdout, keyLine(r))
		return err
	})
	if err != nil {
		return fmt.Errorf("audit keys: %w", err)
	}
	_, err = fmt.Fprintf(p.stdout, "records: %d; begun and without an end: %d\n", records, len(open))
	for _, at := range slices.Sorted(maps.Keys(open)) {
		if err == nil {
			_, err = fmt.Fprintf(p.stdout, "  %s: goes on, or was cut off\n", at)
		}
	}
	return err
}

func keyLine(r suite.KeyRecord) string {
	scope := "all gminas"
	if r.Gmina != "" {
		scope = "gmina " + r.Gmina
	}
	line := fmt.Sprintf("%s powiaty/%s@%d %s, %s, by %q on %q: %s", r.At.Format(time.RFC3339), r.County, r.Version, r.Command, scope, r.User, r.Host, r.State)
	if r.State == suite.KeysBegun {
		return line
	}
	line += fmt.Sprintf(" (begun @%d; gminas %d, keys looked at %d, changed %d, left %d)", r.Begun, r.Gminas, r.Keys, r.Changed, r.Left)
	if len(r.Files) > 0 {
		line += " new key of files: " + strings.Join(r.Files, " ")
	}
	return line
}

// newPair makes a pair of keys, for backups or for anchors.
func (p program) newPair(what string, args []string) error {
	var out string
	if ok, err := p.flags("keys "+what, args, func(f *flag.FlagSet) { f.StringVar(&out, "out", "", "file to write, which must not exist") }); !ok {
		return err
	}
	if out == "" {
		return fmt.Errorf("keys %s: -out names the file to write", what)
	}
	if what == "anchor" {
		if err := anchor.CreateKey(out); err != nil {
			return err
		}
		_, err := fmt.Fprintf(p.stdout, "%s signs (ASYSTA_ANCHOR_KEY_FILE), %s.pub checks (asysta audit verify -key)\n", out, out)
		return err
	}
	recipient, err := backup.CreateKey(out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s\n%s opens backups made for this recipient: keep it away from the machine that makes them.\n", recipient, out)
	return err
}
