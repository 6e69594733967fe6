package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/rpc"
)

// program is what a command gets.
type program struct {
	args   []string // after the command
	env    []string // "KEY=value"
	stdout io.Writer
	stderr io.Writer
	clock  func() time.Time
}

// release is the version of a released program, which its builder sets.
var release = "devel"

const usage = `asysta – rejestr powiatowy asysty rodzinnej (county register of family assistance)

  asysta demo              everything in one process, with a freshly filled, invented county; only on this machine
  asysta all               everything in one process (SQLite, or MongoDB with ASYSTA_STORE)
  asysta referral | casefile | planning | reporting
                           one service
  asysta gateway           REST in front of services in other processes

  asysta token [SUBJECT]   a token of a running trial (asysta demo) for an invented person; without SUBJECT the list of them
  asysta migrate           make or bring up to date collections and indexes
  asysta bootstrap …       first county, gmina and administrator of a real installation; -h lists the flags
  asysta audit verify      check the hash chains of the whole journal; -anchors FOLDER -key FILE.pub: and that nothing was cut off; exit code 3 where something was altered
  asysta audit anchor      write the signed heads of every gmina into ASYSTA_ANCHOR_DIR
  asysta audit keys        list who changed keys, when and with which command, and what came of it
  asysta keys …            check keys, rotate them, make keys for backups and anchors; without arguments it lists what it does
  asysta certs -dir DIR    a development CA and a certificate for every process; -h lists the flags
  asysta backup | restore  an encrypted backup of a SQLite store, made while it serves; -h lists the flags
  asysta settings [COMMAND]
                           the settings, which come from the environment (ASYSTA_…), with what holds and where it is set, passwords masked; with a
                           COMMAND those that it reads, and all that is wrong with them
  asysta health PROCESS    ask a process of this machine (gateway, all or a service) whether it serves, with the settings of that process
  asysta version | help
`

// realMain runs one command and returns when it is done or ctx has ended.
func realMain(ctx context.Context, args, env []string, stdout, stderr io.Writer) error {
	p := program{env: env, stdout: stdout, stderr: stderr, clock: time.Now}
	command := "help"
	if len(args) > 0 {
		command, p.args = args[0], args[1:]
	}
	if command == "case" {
		command = suite.Casefile
	}
	commands := map[string]func(context.Context) error{
		"all": p.all, "demo": p.demo, "gateway": p.gateway, "token": p.token, "migrate": p.migrate, "bootstrap": p.bootstrap, "audit": p.audit,
		"keys": p.keys, "certs": p.certs, "backup": p.backup, "restore": p.restore,
		"settings": p.settings, "health": p.health, "version": p.version, "help": p.help, "-h": p.help, "--help": p.help,
	}
	for _, name := range suite.Services {
		commands[name] = func(ctx context.Context) error { return p.service(ctx, name) }
	}
	run, ok := commands[command]
	if !ok {
		return fmt.Errorf("there is no command %q; asysta help lists them", command)
	}
	if most, bare := bareCommands[command]; bare {
		if slices.ContainsFunc(p.args, asksHelp) {
			return p.helpOn(command)
		}
		if len(p.args) > most {
			return fmt.Errorf("%s: %q is one too many; asysta %s -h says what it takes", command, p.args[most], command)
		}
	}
	return run(ctx)
}

// bareCommands take no flags, and so many words. Whoever asks one of them for help, or gives it a word that it does not know, must not start a server or make a store by it.
var bareCommands = map[string]int{
	"all": 0, "demo": 0, "gateway": 0, "migrate": 0, "version": 0, "token": 1, "settings": 1, "health": 1,
	suite.Referral: 0, suite.Casefile: 0, suite.Planning: 0, suite.Reporting: 0,
}

func asksHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// helpOn prints the lines of the usage that tell of a command, and where its settings are told.
func (p program) helpOn(command string) error {
	var about strings.Builder
	within := false
	for line := range strings.Lines(usage) {
		if names, _, _ := strings.Cut(strings.TrimPrefix(line, "  asysta "), "  "); strings.HasPrefix(line, "  asysta ") {
			within = slices.Contains(strings.Fields(names), command)
		}
		if within && strings.TrimSpace(line) != "" {
			about.WriteString(line)
		}
	}
	if cfg, err := (program{args: []string{command}}).configuration(); err == nil && cfg != nil {
		fmt.Fprintf(&about, "\nIt takes settings from the environment: asysta settings %s\n", command)
	}
	_, err := io.WriteString(p.stdout, about.String())
	return err
}

func (p program) help(context.Context) error {
	_, err := io.WriteString(p.stdout, usage)
	return err
}

func (p program) version(context.Context) error {
	v, revision := release, ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintf(p.stdout, "asysta %s%s\n", v, revision)
	return err
}

// log gives the process's logger; it writes to standard error, so that output of commands stays clean.
func (p program) log(level slog.Leveler) *slog.Logger { return rpc.NewLogger(p.stderr, level) }

func (p program) service(ctx context.Context, name string) error {
	var cfg suite.ServiceConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return err
	}
	return suite.RunService(ctx, name, cfg, p.clock, p.log(cfg.Level))
}

func (p program) gateway(ctx context.Context) error {
	var cfg suite.GatewayConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return err
	}
	return suite.RunGateway(ctx, cfg, p.log(cfg.Level))
}

func (p program) all(ctx context.Context) error {
	var cfg suite.AllConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return err
	}
	return p.run(ctx, cfg, suite.Options{})
}

// run serves everything until ctx ends.
func (p program) run(ctx context.Context, cfg suite.AllConfig, o suite.Options) error {
	o.Clock = p.clock
	if o.Log == nil {
		o.Log = p.log(cfg.Level)
	}
	s, err := suite.Start(ctx, cfg, o)
	if err != nil {
		return err
	}
	if cfg.Trial {
		p.banner(s.Address())
	}
	o.Log.InfoContext(ctx, "serving", slog.String("service", "all"), slog.String("address", s.Address()))
	err = s.Wait(ctx)
	return errors.Join(err, s.Close())
}

// banner says loudly that this is a trial.
func (p program) banner(address string) {
	_, _ = fmt.Fprintf(p.stderr, `
  ##########################################################################
  #  TRYB PRÓBNY (TRIAL): logowanie bez hasła, tylko na tym komputerze.     #
  #  Nie wprowadzaj danych prawdziwych osób.                                #
  ##########################################################################

  Dokumentacja API:          http://%[1]s/docs
  Osoby próbne i tokeny:     http://%[1]s%[2]s/   (albo: asysta token)

`, address, suite.TrialPath)
}
