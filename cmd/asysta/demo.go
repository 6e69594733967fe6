package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

// demo serves a freshly filled, invented county out of a directory that goes with the process.
func (p program) demo(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "asysta-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	env := append(p.env, "ASYSTA_TRIAL=true", "ASYSTA_OIDC_ISSUER=", "ASYSTA_STORE=sqlite:"+filepath.Join(dir, "demo.db"))
	var cfg suite.AllConfig
	if err := suite.Load(ctx, &cfg, env); err != nil {
		return err
	}
	master, err := seal.NewMaster()
	if err != nil {
		return err
	}
	cfg.Calls = 0 // whoever tries things out may try them fast
	return p.run(ctx, cfg, suite.Options{Master: master, Engine: []store.EngineOption{sqlite.WithoutSync()}})
}
