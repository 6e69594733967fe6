package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/seal"
)

const keysUsage = `keys: what can be done:
  asysta keys check                     tell whether every wrapped key opens with the master key
  asysta keys repair                    a new key for each file whose own does not open and has sealed nothing; what could still be opened one day is left
  asysta keys rotate master [-prepare]  a new wrapping key in the master key's file, and every gmina's key wrapped with it; -prepare only adds it to the file,
                                        to be copied to other machines first
  asysta keys rotate master -finish     the old wrapping key taken out of the file; what the file was stays beside it, for old backups
  asysta keys rotate gminas [-gmina T]  a new key for every gmina (or one), and the key of every file wrapped with it
  asysta keys rotate gminas -finish     the old keys of the gminas taken away, a quarter of an hour later at the earliest
  asysta keys backup -out FILE          a new key pair for encrypted backups: FILE opens them, the recipient printed is what asysta backup needs
  asysta keys anchor -out FILE          a new key pair for signing anchors: FILE signs, FILE.pub checks
repair and rotate write into the journal who began them and what came of it; asysta audit keys lists that`

// keys does what concerns keys.
func (p program) keys(ctx context.Context) error {
	if len(p.args) == 0 {
		return errors.New(keysUsage)
	}
	what, rest := p.args[0], p.args[1:]
	switch {
	case what == "check" && len(rest) == 0:
		return p.keysCheck(ctx)
	case what == "repair" && len(rest) == 0:
		return p.keysRepair(ctx)
	case what == "rotate" && len(rest) > 0 && rest[0] == "master":
		return p.rotateMaster(ctx, rest[1:])
	case what == "rotate" && len(rest) > 0 && rest[0] == "gminas":
		return p.rotateGminas(ctx, rest[1:])
	case what == "backup" || what == "anchor":
		return p.newPair(what, rest)
	case slices.ContainsFunc(p.args, asksHelp):
		_, err := fmt.Fprintln(p.stdout, keysUsage)
		return err
	}
	return errors.New(keysUsage)
}

// kept opens the store with the deployment's master key.
func (p program) kept(ctx context.Context, cfg suite.ToolConfig) (*suite.Base, error) {
	return suite.OpenKept(ctx, cfg, p.clock, p.log(cfg.Level))
}

func (p program) keysCheck(ctx context.Context) (err error) {
	var cfg suite.ToolConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return err
	}
	base, err := p.kept(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	return p.check(ctx, base)
}

// check prints what CheckKeys found; what does not open is an error.
func (p program) check(ctx context.Context, base *suite.Base) error {
	c, err := base.Deps.Vault.CheckKeys(ctx)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(p.stdout, "keys of gminas: %d (%d with the master's old key, %d with two keys of their own)\nkeys of files: %d (%d with their gmina's old key, %d destroyed)\nfaults: %d\n",
		c.Gminas, c.OldMaster, c.Rotating, c.Files, c.OldGmina, c.Destroyed, len(c.Faults)); err != nil {
		return err
	}
	for _, f := range c.Faults {
		if _, err := fmt.Fprintln(p.stdout, " ", f); err != nil {
			return err
		}
	}
	if len(c.Faults) > 0 {
		return fmt.Errorf("keys check: %d keys do not open", len(c.Faults))
	}
	return nil
}

// keysRepair prints which files have a new key and which are left, and why; one that is left is an error.
func (p program) keysRepair(ctx context.Context) (err error) {
	var cfg suite.ToolConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return err
	}
	base, err := p.kept(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	var r seal.Repair
	err = base.RecordKeys(ctx, "keys repair", "", func(ctx context.Context) (c suite.KeyCount, err error) {
		r, err = base.RepairKeys(ctx)
		return suite.KeyCount{Keys: len(r.Repaired) + len(r.Left), Changed: len(r.Repaired), Left: len(r.Left), Files: r.Repaired}, err
	})
	var lines strings.Builder
	fmt.Fprintf(&lines, "files with a new key: %d; left: %d\n", len(r.Repaired), len(r.Left))
	for _, file := range r.Repaired {
		fmt.Fprintf(&lines, "  %s: new key\n", file)
	}
	for _, k := range r.Left {
		fmt.Fprintf(&lines, "  %s: left: %s\n", k.File, k.Why)
	}
	if _, printed := fmt.Fprint(p.stdout, lines.String()); err != nil || printed != nil {
		return errors.Join(err, printed) // what was repaired before a fault is repaired
	}
	if len(r.Left) > 0 {
		return fmt.Errorf("keys repair: %d keys do not open and are left as they are", len(r.Left))
	}
	return nil
}

// flags parses a subcommand's flags, which take no arguments beside them; false when only help was asked for.
func (p program) flags(name string, args []string, set func(*flag.FlagSet)) (bool, error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(p.stderr)
	set(flags)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return false, nil
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("%s: %q is one too many", name, flags.Arg(0))
	}
	return err == nil, err
}

func (p program) rotateMaster(ctx context.Context, args []string) error {
	var prepare, finish bool
	ok, err := p.flags("keys rotate master", args, func(f *flag.FlagSet) {
		f.BoolVar(&prepare, "prepare", false, "only add the new key to the file")
		f.BoolVar(&finish, "finish", false, "take the old key out of the file")
	})
	if !ok {
		return err
	}
	var cfg suite.ToolConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return err
	}
	command, step := "keys rotate master", p.wrapWithMaster
	switch {
	case prepare && finish:
		return errors.New("keys rotate master: -prepare begins and -finish ends; one at a time")
	case prepare:
		command, step = command+" -prepare", p.prepareMaster
	case finish:
		command, step = command+" -finish", p.finishMaster
	}
	base, err := p.kept(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	return base.RecordKeys(ctx, command, "", func(ctx context.Context) (suite.KeyCount, error) { return step(ctx, cfg, base) })
}

// prepareMaster adds the new key to the file, where nothing is wrapped with it yet.
func (p program) prepareMaster(_ context.Context, cfg suite.ToolConfig, _ *suite.Base) (c suite.KeyCount, err error) {
	wraps, err := seal.AddMasterKey(cfg.MasterFile(), false)
	if err != nil {
		return c, err
	}
	if wraps {
		return c, fmt.Errorf("keys rotate master -prepare: a rotation is under way, whose new key in %s wraps already; go on with asysta keys rotate master, end with asysta keys rotate master -finish", cfg.MasterFile())
	}
	_, err = fmt.Fprintf(p.stdout, "%s holds the new key too; nothing is wrapped with it yet.\nCopy the file to every machine that runs Asysta, then: asysta keys rotate master\n", cfg.MasterFile())
	return c, err
}

// wrapWithMaster begins a rotation, or goes on with it.
func (p program) wrapWithMaster(ctx context.Context, cfg suite.ToolConfig, _ *suite.Base) (c suite.KeyCount, err error) {
	if _, err := seal.AddMasterKey(cfg.MasterFile(), true); err != nil {
		return c, err
	}
	base, err := p.kept(ctx, cfg) // with the file as it is now
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	r, err := base.Deps.Vault.RotateMaster(ctx)
	c = suite.KeyCount{Gminas: r.Rotated, Keys: r.Keys, Changed: r.Rotated}
	if err != nil {
		return c, err
	}
	_, err = fmt.Fprintf(p.stdout, "keys of gminas: %d; wrapped anew: %d; were already: %d\n"+
		"Running services read the file when they meet such a key. Copy it to every other machine and into its safe place, then: asysta keys rotate master -finish\n", r.Keys, r.Rotated, r.Current)
	return c, err
}

// finishMaster takes the old key out of the file when nothing needs it, and looks again afterwards.
func (p program) finishMaster(ctx context.Context, cfg suite.ToolConfig, base *suite.Base) (done suite.KeyCount, err error) {
	c, err := base.Deps.Vault.CheckKeys(ctx)
	if err != nil {
		return done, err
	}
	done.Keys = c.Gminas + c.Files
	if c.OldMaster > 0 || len(c.Faults) > 0 {
		done.Left = 1
		return done, fmt.Errorf("keys rotate master -finish: %d keys of gminas are wrapped with the old key and %d keys do not open; asysta keys rotate master, asysta keys check", c.OldMaster, len(c.Faults))
	}
	kept := cfg.MasterFile() + ".retired-" + p.clock().UTC().Format("20060102T150405Z")
	did, err := seal.RetireMasterKeys(cfg.MasterFile(), kept)
	if err != nil {
		return done, err
	}
	if !did {
		_, err = fmt.Fprintln(p.stdout, "there is one key in the file; nothing to finish")
		return done, err
	}
	done.Changed = 1
	after, err := p.kept(ctx, cfg)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, after.Close()) }()
	if err := p.check(ctx, after); err != nil {
		return done, fmt.Errorf("%w; the old key is in %s: put it back and begin again", err, kept)
	}
	_, err = fmt.Fprintf(p.stdout, "The old key is out of the file and opens nothing that is wrapped from now on. What the file was is in %s:\n"+
		"backups made before today need it. Keep it with their copy of the key, away from this machine, and destroy it with the last of them.\n", kept)
	return done, err
}

func (p program) rotateGminas(ctx context.Context, args []string) (err error) {
	var gmina string
	var finish bool
	ok, err := p.flags("keys rotate gminas", args, func(f *flag.FlagSet) {
		f.StringVar(&gmina, "gmina", "", "TERYT of one gmina; all where unset")
		f.BoolVar(&finish, "finish", false, "take the old keys away")
	})
	if !ok {
		return err
	}
	var cfg suite.ToolConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return err
	}
	base, err := p.kept(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	if finish {
		var r seal.Rotation
		err := base.RecordKeys(ctx, "keys rotate gminas -finish", gmina, func(ctx context.Context) (c suite.KeyCount, err error) {
			r, err = base.Deps.Vault.FinishGminas(ctx, gmina, p.clock())
			return suite.KeyCount{Gminas: r.Retired, Keys: r.Keys, Changed: r.Rotated + r.Retired, Left: r.Waiting}, err
		})
		if _, printed := fmt.Fprintf(p.stdout, "gminas whose old key is gone: %d; had one key already: %d; wait: %d\n", r.Retired, r.Current, r.Waiting); printed != nil {
			return errors.Join(err, printed)
		}
		if errors.Is(err, seal.ErrTooSoon) {
			return fmt.Errorf("%w; after %s", err, r.RetireAt.Format(time.RFC3339))
		}
		return err
	}
	var r seal.Rotation
	err = base.RecordKeys(ctx, "keys rotate gminas", gmina, func(ctx context.Context) (c suite.KeyCount, err error) {
		r, err = base.Deps.Vault.RotateGminas(ctx, gmina, p.clock())
		return suite.KeyCount{Gminas: r.Waiting, Keys: r.Keys, Changed: r.Rotated}, err
	})
	if err != nil {
		return err
	}
	if r.Waiting == 0 {
		_, err = fmt.Fprintln(p.stdout, "gminas with a key: 0; nothing is sealed yet, so there is nothing to rotate")
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "gminas: %d; keys of files: %d, wrapped anew: %d, were already: %d\nThe old keys still open. After %s: asysta keys rotate gminas -finish\n",
		r.Waiting, r.Keys, r.Rotated, r.Current, r.RetireAt.Format(time.RFC3339))
	return err
}
