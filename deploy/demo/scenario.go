package demo

import (
	"bytes"
	_ "embed" // the scenario

	"asysta.example/internal/scenario"
)

//go:embed scenario.yaml
var scenarioYAML []byte

// Scenario reads the scenario of this package. It needs a county 3030 with an administrator whose login subject is Administrator.
func Scenario() (*scenario.File, error) { return scenario.Read(bytes.NewReader(scenarioYAML)) }

// What the county begins with, before the first call.
const (
	County        = "3030"          // powiat wrzesiński
	FirstGmina    = "3030053"       // Września
	Administrator = "administrator" // login subject of the first administrator
)
