package main

import (
	"bytes"
	"context"
	_ "embed" // the samples
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/internal/calendar"
	"asysta.example/internal/scenario"
	"asysta.example/internal/testkit/contract"
	"asysta.example/internal/testkit/county"
	"asysta.example/test/e2e"
)

//go:embed samples.yaml
var samplesYAML []byte

// samples are requests of the acts of test/e2e's order table, and of what even that does not have.
func (w *world) samples() (map[string]proto.Message, error) {
	raw, err := e2e.Fixture.ReadFile("testdata/orders.yaml")
	if err != nil {
		return nil, err
	}
	var table struct {
		Machines []struct{ Acts []scenario.Step }
	}
	if err := yaml.Unmarshal(raw, &table); err != nil {
		return nil, err
	}
	f, err := scenario.Read(bytes.NewReader(samplesYAML))
	if err != nil {
		return nil, err
	}
	steps := f.Steps
	for _, m := range table.Machines {
		steps = append(steps, m.Acts...)
	}
	vars := maps.Clone(w.Vars)
	working, _ := w.Answers["working"].(map[string]any)
	maps.Copy(vars, map[string]any{"it": working["name"], "assessment": "x", "etag": "0", "hash": strings.Repeat("0", 64)})
	kept := keeping{}
	for _, s := range slices.Backward(steps) {
		s.ID, s.Title = "sample", "Próbka"
		_, err := scenario.Play(context.Background(), &scenario.File{Steps: []scenario.Step{s}}, scenario.Env{
			Transport: kept, Start: calendar.In(county.Noon).AddDays(-30), Today: func() calendar.Date { return calendar.In(county.Noon) }, Known: w.Answers, Vars: vars, Seed: "sample",
		})
		if err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// keeping sends nothing and keeps the last request of each method.
type keeping map[string]proto.Message

// Call implements scenario.Transport.
func (k keeping) Call(_ context.Context, _ string, m protoreflect.MethodDescriptor, req proto.Message, _ int) ([]any, error) {
	k[contract.CallOf(m)] = req
	return []any{map[string]any{"etag": "0"}}, nil
}
