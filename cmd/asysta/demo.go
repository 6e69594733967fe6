package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/deploy/demo"

	"asysta.example/internal/directory"
	"asysta.example/internal/rpc"
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
	clock := demo.NewClock(p.clock)
	p.clock = clock.Now
	return p.run(ctx, cfg, suite.Options{Master: master, Fill: foundDemo, Engine: []store.EngineOption{sqlite.WithoutSync()}})
}

// foundDemo makes what the demo county begins with: the county, its first gmina and its administrator, who makes everything else through the contract.
func foundDemo(ctx context.Context, deps rpc.Deps) error {
	_, err := suite.Bootstrap(ctx, deps, suite.First{
		Gmina: demo.FirstGmina, GminaName: "gmina Września", CountyName: "powiat wrzesiński", Person: "Administrator Próbny", Subject: demo.Administrator,
		Office: directory.Office{Name: "Ośrodek Pomocy Społecznej we Wrześni (dane próbne)"}, CountyOffice: directory.Office{Name: "Powiatowe Centrum Pomocy Rodzinie we Wrześni (dane próbne)"},
	})
	return err
}
