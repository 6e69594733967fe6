package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"asysta.example/cmd/asysta/suite"
)

// settings shows what is set, what holds where nothing is, and with a command's name all that would keep it from starting.
func (p program) settings(ctx context.Context) error {
	cfg, err := p.configuration()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, s := range suite.Show(cfg, p.env) {
		if _, err := fmt.Fprintf(w, "%s%s\t%s\t%s\t%s\n", suite.Prefix, s.Name, cmp.Or(s.Value, "–"), cmp.Or(s.From, "not set"), s.Help); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil || cfg == nil {
		return err
	}
	return suite.Load(ctx, cfg, p.env)
}

// configuration gives that of the command in the arguments, empty; nil where there is none.
func (p program) configuration() (any, error) {
	if len(p.args) == 0 {
		return nil, nil
	}
	switch command := p.args[0]; {
	case suite.Known(command):
		return &suite.ServiceConfig{}, nil
	case command == "all" || command == "demo":
		return &suite.AllConfig{}, nil
	case command == "gateway":
		return &suite.GatewayConfig{}, nil
	case slices.Contains([]string{"migrate", "bootstrap", "audit", "keys", "backup", "restore"}, command):
		return &suite.ToolConfig{}, nil
	}
	return nil, fmt.Errorf("settings: there is no command %q that has any", p.args[0])
}

// healthWithin bounds the health command, below what probes commonly wait.
const healthWithin = 4 * time.Second

// health asks a process of this machine whether it serves.
func (p program) health(ctx context.Context) error {
	if len(p.args) != 1 {
		return fmt.Errorf("health: which process? asysta health gateway, all or a service")
	}
	var cfg suite.HealthConfig
	if err := suite.Load(ctx, &cfg, p.env); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	if err := suite.Health(ctx, p.args[0], cfg); err != nil {
		return err
	}
	_, err := fmt.Fprintln(p.stdout, "SERVING")
	return err
}
