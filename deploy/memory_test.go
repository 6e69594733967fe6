package deploy_test

import (
	"cmp"
	"strconv"
	"strings"
	"testing"

	"asysta.example/cmd/asysta/suite"
)

// mebibytes reads 512M, 512Mi, 512MiB, 1G, 1Gi; compose, Kubernetes, systemd and Go count in powers of two where they are written so.
func mebibytes(t *testing.T, where, text string) int {
	t.Helper()
	number := strings.TrimRight(text, "iB")
	factor := map[string]int{"M": 1, "G": 1024}[number[max(0, len(number)-1):]]
	n, err := strconv.Atoi(strings.TrimRight(number, "MG"))
	if err != nil || factor == 0 {
		t.Fatalf("%s: memory %q", where, text)
	}
	return n * factor
}

// within checks that the runtime knows what a process may hold: from half to nine tenths of what it is killed or slowed down at, so that the garbage collector works harder before.
func within(t *testing.T, where, known, limit string) {
	t.Helper()
	if known == "" {
		t.Errorf("%s has no GOMEMLIMIT; it is stopped at %s", where, limit)
		return
	}
	if k, l := mebibytes(t, where, known), mebibytes(t, where, limit); k < l/2 || k > l*9/10 {
		t.Errorf("%s: GOMEMLIMIT is %s, and it is stopped at %s", where, known, limit)
	}
}

func TestProcessesKnowWhatTheyMayHold(t *testing.T) {
	for name, s := range composed(t).Services {
		if strings.Contains(s.Image, "asysta") {
			within(t, "compose "+name, s.Environment["GOMEMLIMIT"], s.Deploy.Resources.Limits.Memory)
		}
	}
	c := manifests(t)
	for name, p := range c.pods() {
		in := p.Spec.Containers[0]
		within(t, "kubernetes "+name, c.env(t, in)["GOMEMLIMIT"], in.Resources.Limits["memory"])
	}
	for file := range units {
		u := unit(t, file)
		within(t, "systemd "+file, assignments(u["Environment"])["GOMEMLIMIT"], cmp.Or(strings.Join(u["MemoryHigh"], ""), strings.Join(u["MemoryMax"], "")))
	}
}

// Every process that runs on tells its metrics, the gateway too, or alerts and dashboard know nothing of it.
func TestComposeTellsMetrics(t *testing.T) {
	f := composed(t)
	for _, name := range append([]string{"gateway"}, suite.Services...) {
		if f.Services[name].Environment["ASYSTA_METRICS_LISTEN"] == "" {
			t.Errorf("%s tells no metrics", name)
		}
	}
}
