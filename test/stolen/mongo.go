package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/cmd/asysta/suite"
	"asysta.example/deploy/demo"

	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/rpc"
	"asysta.example/internal/scenario"
	"asysta.example/internal/testkit/county"
	"asysta.example/internal/testkit/dump"
	"asysta.example/internal/testkit/ferret"
)

// noting carries calls over gRPC and gathers the secrets of what was accepted.
type noting struct {
	scenario.GRPC
	secrets
}

// Call implements scenario.Transport.
func (n noting) Call(ctx context.Context, as string, m protoreflect.MethodDescriptor, req proto.Message, take int) ([]any, error) {
	answers, err := n.GRPC.Call(ctx, as, m, req, take)
	if err == nil {
		n.of(req.ProtoReflect())
	}
	return answers, err
}

// mongoDump plays the scenario of the demo on the Mongo engine (FerretDB in process stands in for the server), dumps the database and looks.
func mongoDump(ctx context.Context, dir string) (r result, err error) {
	server, err := ferret.Listen(dir)
	if err != nil {
		return r, err
	}
	defer server.Stop()
	const database = "asysta_stolen"
	var cfg suite.AllConfig
	if err := suite.Load(ctx, &cfg, []string{
		"ASYSTA_TRIAL=true", "ASYSTA_STORE=" + server.URI, "ASYSTA_DATABASE=" + database, "ASYSTA_MASTER_KEY_FILE=" + filepath.Join(dir, "master.key"), "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0", "ASYSTA_CALLS_PER_SECOND=0",
	}); err != nil {
		return r, err
	}
	today := calendar.In(county.Noon)
	s, err := suite.Start(ctx, cfg, suite.Options{
		Clock: func() time.Time { return county.Noon }, Log: slog.New(slog.DiscardHandler),
		Fill: func(ctx context.Context, deps rpc.Deps) error {
			_, err := suite.Bootstrap(ctx, deps, suite.First{
				Gmina: demo.FirstGmina, GminaName: "gmina Września", CountyName: "powiat wrzesiński", Person: "Ada Administratorska", Subject: demo.Administrator,
				Office: directory.Office{Name: "Ośrodek Pomocy Społecznej we Wrześni", Place: "62-300 Września"},
			})
			return err
		},
	})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	f, err := demo.Scenario()
	if err != nil {
		return r, err
	}
	found := secrets{map[string]bool{}, map[string]bool{}}
	way := noting{scenario.GRPC{
		Conn: func(string) grpc.ClientConnInterface { return s.Conn }, Token: func(_ context.Context, as string) (string, error) { return s.Trial.Token(as) },
	}, found}
	if _, err := scenario.Play(ctx, f, scenario.Env{Transport: way, Start: today.AddDays(-f.Days), Today: func() calendar.Date { return today }, Vars: f.Vars, Seed: "stolen"}); err != nil {
		return r, fmt.Errorf("scenario: %w", err)
	}
	documents, err := dump.Mongo(ctx, server.URI, database)
	if err != nil {
		return r, err
	}
	var stolen []byte
	for _, raw := range documents {
		stolen = append(stolen, raw...)
	}
	return search("dump of the Mongo engine's database", stolen, documents, found, s.Deps.Vault)
}
