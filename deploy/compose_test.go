package deploy_test

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"asysta.example/cmd/asysta/suite"
)

// composeService is what the tests look at of a service of a compose file.
type composeService struct {
	Image       string
	User        string
	Entrypoint  []string
	Command     []string
	Environment map[string]string
	ReadOnly    bool     `yaml:"read_only"`
	CapDrop     []string `yaml:"cap_drop"`
	SecurityOpt []string `yaml:"security_opt"`
	CapAdd      []string `yaml:"cap_add"`
	Privileged  bool
	Restart     string
	NetworkMode string `yaml:"network_mode"`
	Networks    []string
	Ports       []string
	Volumes     []any
	Secrets     []any
	Healthcheck struct{ Test []string }
	DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
	Deploy      struct {
		Resources struct {
			Limits struct{ CPUs, Memory, PIDs string }
		}
	}
}

type composeFile struct {
	Services map[string]composeService
	Networks map[string]struct{ Internal bool }
	Volumes  map[string]any
	Secrets  map[string]struct{ File string }
}

// mounted gives the secrets of a service by the name of their file in /run/secrets.
func (s composeService) mounted(t *testing.T, known map[string]struct{ File string }) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, one := range s.Secrets {
		source, target := "", ""
		switch v := one.(type) {
		case string:
			source, target = v, v
		case map[string]any:
			source, target = v["source"].(string), v["target"].(string)
		}
		if known[source].File == "" {
			t.Errorf("there is no secret %q", source)
		}
		files[target] = source
	}
	return files
}

// interpolated gives values of the environment as compose would, with the issuer that .env must name.
func interpolated(env map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range env {
		out[key] = variable.ReplaceAllStringFunc(value, func(v string) string {
			if strings.Contains(v, ":?") {
				return "https://logowanie.powiat.example"
			}
			_, byDefault, _ := strings.Cut(strings.Trim(v, "${}"), ":-")
			return byDefault
		})
	}
	return out
}

var variable = regexp.MustCompile(`\$\{[^}]*\}`)

func composed(t *testing.T) composeFile {
	t.Helper()
	var f composeFile
	read(t, "compose/compose.yaml", func() any { return &f })
	if len(f.Services) < 10 {
		t.Fatalf("%d services", len(f.Services))
	}
	return f
}

// Every container has the rights that it needs and no more.
func TestComposeIsHardened(t *testing.T) {
	f := composed(t)
	for name, s := range f.Services {
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || s.Privileged || len(s.CapAdd) > 0 {
			t.Errorf("%s: read_only %t, cap_drop %v, security_opt %v, cap_add %v", name, s.ReadOnly, s.CapDrop, s.SecurityOpt, s.CapAdd)
		}
		if s.User == "" || strings.HasPrefix(s.User, "0") || strings.HasPrefix(s.User, "root") {
			t.Errorf("%s runs as %q", name, s.User)
		}
		if l := s.Deploy.Resources.Limits; l.CPUs == "" || l.Memory == "" || l.PIDs == "" {
			t.Errorf("%s has no bound on %+v", name, l)
		}
		if s.Restart == "unless-stopped" && len(s.Healthcheck.Test) == 0 {
			t.Errorf("%s runs on and has no health", name)
		}
		if (len(s.Ports) > 0) != (name == "gateway") {
			t.Errorf("%s publishes %v", name, s.Ports)
		}
		for _, n := range s.Networks {
			if _, ok := f.Networks[n]; !ok {
				t.Errorf("%s is on the network %q, which is not there", name, n)
			}
			if n == "data" && name == "gateway" {
				t.Error("the gateway reaches the database")
			}
		}
		for on := range s.DependsOn {
			if _, ok := f.Services[on]; !ok {
				t.Errorf("%s waits for %q, which is not there", name, on)
			}
		}
		for key, value := range s.Environment {
			if strings.Contains(strings.ToLower(key+value), "password") || strings.Contains(value, "://") && strings.Contains(value, "@") {
				t.Errorf("%s has a secret in its environment: %s", name, key)
			}
		}
	}
	for _, inner := range []string{"inside", "data"} {
		if !f.Networks[inner].Internal {
			t.Errorf("the network %s leads out", inner)
		}
	}
}

// What Asysta's containers are set to is what the program takes, and the files that they name are there.
func TestComposeSettings(t *testing.T) {
	f := composed(t)
	ran := 0
	for name, s := range f.Services {
		if !strings.Contains(s.Image, "asysta") {
			continue
		}
		ran++
		args := append(slices.Clone(s.Entrypoint), s.Command...)
		if len(s.Entrypoint) > 0 {
			args = args[1:] // the program itself
		}
		env := interpolated(s.Environment)
		accepted(t, "compose "+name, args, env)
		files := s.mounted(t, f.Secrets)
		for key, value := range env {
			if file, ok := strings.CutPrefix(value, "/run/secrets/"); ok && files[file] == "" {
				t.Errorf("%s: %s is %s, which is not mounted", name, key, value)
			}
		}
		for _, arg := range args {
			if file, ok := strings.CutPrefix(arg, "/run/secrets/"); ok && files[file] == "" {
				t.Errorf("%s is given %s, which is not mounted", name, arg)
			}
		}
		if suite.Known(name) {
			peers(t, "compose "+name, name, env["ASYSTA_TLS_PEERS"])
			if files["own.crt"] != name+".crt" || files["own.key"] != name+".key" {
				t.Errorf("%s shows the certificate %s with the key %s", name, files["own.crt"], files["own.key"])
			}
		}
		for _, to := range calls(name) {
			address := env["ASYSTA_"+strings.ToUpper(to)+"_ADDRESS"]
			listen := f.Services[to].Environment["ASYSTA_LISTEN"]
			if address != to+":"+portOf(t, listen) {
				t.Errorf("%s calls %s at %q, which listens at %q", name, to, address, listen)
			}
			if !meet(s.Networks, f.Services[to].Networks) {
				t.Errorf("%s and %s share no network", name, to)
			}
		}
		if test := s.Healthcheck.Test; len(test) > 0 && !slices.Equal(test, []string{"CMD", "/asysta", "health", name}) {
			t.Errorf("the health of %s is asked by %v", name, test)
		}
	}
	if ran != 9 {
		t.Errorf("%d containers of Asysta looked at", ran)
	}
	gateway := f.Services["gateway"]
	if _, inside, ok := strings.Cut(variable.ReplaceAllString(gateway.Ports[0], ""), ":"); !ok || inside != portOf(t, gateway.Environment["ASYSTA_GATEWAY_LISTEN"]) {
		t.Errorf("the gateway publishes %v and listens at %s", gateway.Ports, gateway.Environment["ASYSTA_GATEWAY_LISTEN"])
	}
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(n string) bool { return n == "inside" && slices.Contains(b, n) })
}

// A set of three, of which the loss of one is survived, with a key file and accounts; every secret that the set has comes from prepare.sh.
func TestComposeReplicaSet(t *testing.T) {
	f := composed(t)
	script, err := os.ReadFile("compose/init.js")
	if err != nil {
		t.Fatal(err)
	}
	prepare, err := os.ReadFile("compose/prepare.sh")
	if err != nil {
		t.Fatal(err)
	}
	// Under --nodb, as mongo-init runs it, mongosh's own helpers answer "No connected database".
	if helper := regexp.MustCompile(`\b(?:rs|db|sh)\.[a-z]\w*\(`).FindString(regexp.MustCompile(`//.*`).ReplaceAllString(string(script), "")); helper != "" || !slices.Contains(f.Services["mongo-init"].Entrypoint, "--nodb") {
		t.Errorf("init.js calls %s), which knows no connection", helper)
	}
	volumes := map[string]bool{}
	for _, node := range []string{"mongo1", "mongo2", "mongo3"} {
		s := f.Services[node]
		if !slices.Contains(s.Command, "--keyFile") || !slices.Contains(s.Command, "--replSet") {
			t.Errorf("%s runs %v", node, s.Command)
		}
		if !strings.Contains(string(script), node+":27017") || !strings.Contains(string(prepare), node) {
			t.Errorf("%s is no member of the set, or the services are not told of it", node)
		}
		for _, v := range s.Volumes {
			if volumes[fmt.Sprint(v)] {
				t.Errorf("two nodes share %v", v)
			}
			volumes[fmt.Sprint(v)] = true
		}
	}
	for name, secret := range f.Secrets {
		file := strings.TrimPrefix(secret.File, "./")
		made := strings.Contains(string(prepare), file) || strings.Contains(string(prepare), "certs") && slices.Contains([]string{".crt", ".key"}, path.Ext(file))
		if !made {
			t.Errorf("nobody makes the secret %s (%s)", name, file)
		}
	}
}
