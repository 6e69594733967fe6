package deploy_test

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"asysta.example/cmd/asysta/suite"
)

// read decodes all documents of a YAML file, each into a new value that grow gives.
func read(t *testing.T, file string, grow func() any) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for d := yaml.NewDecoder(f); ; {
		var node yaml.Node
		if err := d.Decode(&node); err != nil {
			return // the end; what is no YAML fails in tools/deploy/check
		}
		if err := node.Decode(grow()); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
}

// accepted loads a command's settings as the command itself would, but for the file with the address of the store, which is not on this machine.
func accepted(t *testing.T, label string, args []string, env map[string]string) {
	t.Helper()
	var cfg any
	switch command := args[0]; {
	case suite.Known(command):
		cfg = &suite.ServiceConfig{}
	case command == "all":
		cfg = &suite.AllConfig{}
	case command == "gateway":
		cfg = &suite.GatewayConfig{}
	case slices.Contains([]string{"migrate", "bootstrap", "audit", "backup", "keys"}, command):
		cfg = &suite.ToolConfig{}
	default:
		t.Errorf("%s runs asysta %s, which is not known here", label, command)
		return
	}
	env = maps.Clone(env)
	if env["ASYSTA_STORE_FILE"] != "" {
		uri := filepath.Join(t.TempDir(), "uri")
		if err := os.WriteFile(uri, []byte("mongodb://asysta:x@mongo1,mongo2,mongo3/asysta?replicaSet=asysta"), 0o600); err != nil {
			t.Fatal(err)
		}
		env["ASYSTA_STORE_FILE"] = uri
	}
	var lines []string
	for key, value := range env {
		lines = append(lines, key+"="+value)
	}
	if err := suite.Load(t.Context(), cfg, lines); err != nil {
		t.Errorf("%s: asysta %s would not start: %v", label, args[0], err)
	}
	// What the command does not read is set for nothing, or in the wrong place.
	known := map[string]bool{}
	for _, s := range suite.Show(cfg, nil) {
		known[suite.Prefix+s.Name] = true
	}
	for key := range env {
		if strings.HasPrefix(key, suite.Prefix) && !known[key] && !shared[key] {
			t.Errorf("%s sets %s, which asysta %s does not read", label, key, args[0])
		}
	}
}

// shared are settings that stand in one place for all processes of a deployment, whoever reads them.
var shared = map[string]bool{
	"ASYSTA_OIDC_ISSUER": true, "ASYSTA_OIDC_AUDIENCE": true, "ASYSTA_DATABASE": true, "ASYSTA_DRAIN": true,
	"ASYSTA_REFERRAL_ADDRESS": true, "ASYSTA_CASEFILE_ADDRESS": true, "ASYSTA_PLANNING_ADDRESS": true, "ASYSTA_REPORTING_ADDRESS": true,
}

// portOf gives the port of "host:port".
func portOf(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Errorf("%q: %v", address, err)
	}
	return port
}

// calls are the addresses that a process of this name must know: the gateway calls all services, services ask the casefile service.
func calls(process string) []string {
	switch {
	case process == "gateway":
		return suite.Services
	case suite.Known(process) && process != suite.Casefile:
		return []string{suite.Casefile}
	}
	return nil
}

// callers are who calls a service.
func callers(service string) []string {
	var who []string
	for _, process := range append(slices.Clone(suite.Services), "gateway") {
		if slices.Contains(calls(process), service) {
			who = append(who, process)
		}
	}
	slices.Sort(who)
	return who
}

// peers checks that the certificates which a service accepts are those of its callers, and its own, with which its health is asked.
func peers(t *testing.T, label, service, list string) {
	t.Helper()
	got := strings.Split(list, ",")
	slices.Sort(got)
	want := append(callers(service), service)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s accepts %v, called by %v", label, got, want)
	}
}
