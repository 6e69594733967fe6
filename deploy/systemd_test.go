package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unit reads a unit file: the values of each key, whatever its section.
func unit(t *testing.T, file string) map[string][]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("systemd", file))
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string][]string{}
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' || line[0] == '[' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			t.Errorf("%s: %q", file, line)
		}
		keys[key] = append(keys[key], value)
	}
	return keys
}

// assignments reads lines of KEY=value.
func assignments(lines []string) map[string]string {
	env := map[string]string{}
	for _, line := range lines {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			env[key] = value
		}
	}
	return env
}

var units = map[string][]string{ // what each unit runs, after the program
	"asysta.service": {"all"}, "asysta-backup.service": {"backup"}, "asysta-verify.service": {"audit", "verify"},
}

var beside = map[string][]string{"asysta.service": {anchorsOf}, "asysta-verify.service": {anchorsOf}} // folders of the state besides the store's

const anchorsOf = "asysta-anchors" // within /var/lib

// The service signs anchors into their own folder, the nightly verification holds the journal against that folder with the public key, and no other unit has either key.
func TestUnitsAnchor(t *testing.T) {
	folder := "/var/lib/" + anchorsOf
	env := assignments(unit(t, "asysta.service")["Environment"])
	if env["ASYSTA_ANCHOR_DIR"] != folder || env["ASYSTA_ANCHOR_KEY_FILE"] != "%d/anchor.key" {
		t.Errorf("anchors go to %q, signed by %q", env["ASYSTA_ANCHOR_DIR"], env["ASYSTA_ANCHOR_KEY_FILE"])
	}
	if runs := unit(t, "asysta-verify.service")["ExecStart"][0]; !strings.HasSuffix(runs, " audit verify -anchors "+folder+" -key %d/anchor.key.pub") {
		t.Errorf("verified by %s", runs)
	}
	for file, want := range map[string]string{"asysta.service": "anchor.key:/etc/asysta/anchor.key", "asysta-verify.service": "anchor.key.pub:/etc/asysta/anchor.key.pub", "asysta-backup.service": ""} {
		var keys []string
		for _, c := range unit(t, file)["LoadCredential"] {
			if strings.HasPrefix(c, "anchor") {
				keys = append(keys, c)
			}
		}
		if strings.Join(keys, " ") != want {
			t.Errorf("%s has the keys %q, not %q", file, keys, want)
		}
	}
}

func TestUnits(t *testing.T) {
	for file, args := range units {
		t.Run(file, func(t *testing.T) {
			u := unit(t, file)
			if !strings.Contains(u["ExecStart"][0], "/usr/local/bin/asysta "+strings.Join(args, " ")) {
				t.Errorf("runs %s", u["ExecStart"])
			}
			env := assignments(u["Environment"])
			for _, named := range u["EnvironmentFile"] {
				example, err := os.ReadFile(filepath.Join("systemd", filepath.Base(named)+".example"))
				if err != nil {
					t.Fatal(err)
				}
				for key, value := range assignments(strings.Split(string(example), "\n")) {
					env[key] = value
				}
			}
			accepted(t, file, args, env)
			// A credential that is named must be loaded, and one that is loaded be used.
			for _, c := range u["LoadCredential"] {
				name, _, _ := strings.Cut(c, ":")
				used := func(by string) bool { return strings.HasSuffix(by, "=%d/"+name) || strings.HasSuffix(by, " %d/"+name) }
				if !slices.ContainsFunc(slices.Concat(u["Environment"], u["ExecStart"]), used) {
					t.Errorf("the credential %s is not used", name)
				}
			}
			for key, value := range env {
				name, ok := strings.CutPrefix(value, "%d/")
				if ok && !slices.ContainsFunc(u["LoadCredential"], func(c string) bool { return strings.HasPrefix(c, name+":/etc/asysta/") }) {
					t.Errorf("%s is %s, which is not loaded", key, value)
				}
			}
			for key, want := range map[string]string{
				"DynamicUser": "yes", "User": "asysta", "StateDirectory": strings.Join(append([]string{"asysta"}, beside[file]...), " "), "StateDirectoryMode": "0700", "UMask": "0077", "NoNewPrivileges": "yes", "ProtectSystem": "strict",
				"ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes", "ProtectKernelModules": "yes", "ProtectKernelTunables": "yes", "MemoryDenyWriteExecute": "yes",
				"RestrictNamespaces": "yes", "RestrictSUIDSGID": "yes", "SystemCallArchitectures": "native", "LockPersonality": "yes",
			} {
				if got := u[key]; !slices.Equal(got, []string{want}) {
					t.Errorf("%s is %q, not %s", key, got, want)
				}
			}
			if caps := u["CapabilityBoundingSet"]; len(caps) != 1 || (caps[0] != "" && caps[0] != "CAP_NET_BIND_SERVICE") {
				t.Errorf("capabilities %q", caps)
			}
			if len(u["SystemCallFilter"]) < 2 || len(u["MemoryMax"]) != 1 || len(u["TasksMax"]) != 1 {
				t.Errorf("system calls %q, memory %q, tasks %q", u["SystemCallFilter"], u["MemoryMax"], u["TasksMax"])
			}
		})
	}
}

// Each timer has a service of its name that runs and ends, and goes off by itself.
func TestTimers(t *testing.T) {
	timers, err := filepath.Glob("systemd/*.timer")
	if err != nil || len(timers) != 2 {
		t.Fatalf("%v, %v", timers, err)
	}
	for _, file := range timers {
		timer := unit(t, filepath.Base(file))
		service := unit(t, strings.TrimSuffix(filepath.Base(file), ".timer")+".service")
		if len(timer["OnCalendar"]) == 0 || !slices.Equal(timer["Persistent"], []string{"yes"}) || !slices.Equal(timer["WantedBy"], []string{"timers.target"}) {
			t.Errorf("%s: %v", file, timer)
		}
		if !slices.Equal(service["Type"], []string{"oneshot"}) {
			t.Errorf("%s starts a service of type %s", file, service["Type"])
		}
	}
}

// Where systemd is, it reads the units too.
func TestUnitsBySystemd(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("there is no systemd-analyze on this machine; the tests above have read the units")
		return
	}
	dir := t.TempDir()
	files, err := filepath.Glob("systemd/asysta*.[st]*")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"verify"}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, filepath.Base(file))
		content = []byte(strings.ReplaceAll(string(content), "/usr/local/bin/asysta", "/bin/true")) // it is not installed here
		if err := os.WriteFile(to, content, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, to)
	}
	if len(args) != 6 {
		t.Fatalf("%d units", len(args)-1)
	}
	out, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput()
	if said := strings.TrimSpace(string(out)); err != nil || strings.Contains(said, dir) {
		t.Errorf("%v\n%s", err, said)
	}
}
