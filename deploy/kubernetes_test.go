package deploy_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"asysta.example/cmd/asysta/suite"
)

// Everything that runs meets the "restricted" standard of Kubernetes, and more.
func TestPodsAreRestricted(t *testing.T) {
	c := manifests(t)
	if enforced := c.kind("Namespace")[0].Metadata.Labels["pod-security.kubernetes.io/enforce"]; enforced != "restricted" {
		t.Errorf("the namespace enforces %q", enforced)
	}
	pods := c.pods()
	if len(pods) != 7 {
		t.Errorf("%d things run", len(pods))
	}
	for name, p := range pods {
		s := p.Spec
		if sec := s.SecurityContext; !sec.RunAsNonRoot || sec.RunAsUser != 65532 || sec.FSGroup != 65532 || sec.SeccompProfile.Type != "RuntimeDefault" {
			t.Errorf("%s: %+v", name, sec)
		}
		if s.AutomountServiceAccountToken == nil || *s.AutomountServiceAccountToken || s.EnableServiceLinks == nil || *s.EnableServiceLinks {
			t.Errorf("%s gets a token of the cluster or the addresses of its services", name)
		}
		c.named(t, "ServiceAccount", s.ServiceAccountName)
		if len(s.Containers) != 1 {
			t.Fatalf("%s has %d containers", name, len(s.Containers))
		}
		in := s.Containers[0]
		if sec := in.SecurityContext; sec.AllowPrivilegeEscalation == nil || *sec.AllowPrivilegeEscalation || !sec.ReadOnlyRootFilesystem || !slices.Equal(sec.Capabilities.Drop, []string{"ALL"}) || len(sec.Capabilities.Add) > 0 {
			t.Errorf("%s: %+v", name, sec)
		}
		if in.Resources.Limits["memory"] == "" || in.Resources.Requests["cpu"] == "" || in.Resources.Requests["memory"] == "" {
			t.Errorf("%s: resources %v", name, in.Resources)
		}
		mounts := map[string]string{}
		for _, m := range in.VolumeMounts {
			if !m.ReadOnly && (name != suite.Casefile || m.Name != "anchors") {
				t.Errorf("%s may write to %s", name, m.MountPath)
			}
			mounts[m.MountPath] = m.Name
		}
		for _, v := range s.Volumes {
			if claim := v.PersistentVolumeClaim.ClaimName; claim != "" {
				c.named(t, "PersistentVolumeClaim", claim)
			} else if v.Secret.SecretName == "" || v.Secret.DefaultMode != 0o400 {
				t.Errorf("%s: volume %+v", name, v)
			}
		}
		for _, value := range slices.Concat(slices.Collect(maps.Values(c.env(t, in))), in.Args) {
			if strings.HasPrefix(value, "/") && mounts[value] == "" && mounts[filepath.Dir(value)] == "" {
				t.Errorf("%s is given %s, which is not mounted", name, value)
			}
		}
	}
}

// What everything is set to is what the program takes; ports, probes and metrics are where the program listens.
func TestPodsFitTheProgram(t *testing.T) {
	c := manifests(t)
	for name, p := range c.pods() {
		in := p.Spec.Containers[0]
		env := c.env(t, in)
		accepted(t, "kubernetes "+name, in.Args, env)
		if !suite.Known(name) && name != "gateway" {
			continue
		}
		if in.Args[0] != name {
			t.Errorf("%s runs %v", name, in.Args)
		}
		if metrics := portOf(t, env["ASYSTA_METRICS_LISTEN"]); in.port("metrics") != metrics || p.Metadata.Annotations["prometheus.io/port"] != metrics {
			t.Errorf("%s tells its metrics at %s", name, metrics)
		}
		if suite.Known(name) {
			serviceFits(t, name, in, env)
		} else {
			gatewayFits(t, in, env)
		}
		service := c.named(t, "Service", name)
		for _, to := range calls(name) {
			if got, want := env["ASYSTA_"+strings.ToUpper(to)+"_ADDRESS"], to+":"+strconv.Itoa(c.named(t, "Service", to).Spec.Ports[0].Port); got != want {
				t.Errorf("%s calls %s at %q, not %q", name, to, got, want)
			}
		}
		if target := service.Spec.Ports[0].TargetPort; in.port(service.Spec.Ports[0].Name) == "" || target != service.Spec.Ports[0].Name {
			t.Errorf("the service %s leads to the port %q", name, target)
		}
		// Calls are spread by the clients, so the name must give the pods and not one address before them.
		if suite.Known(name) && service.Spec.ClusterIP != "None" {
			t.Errorf("the service %s is not headless", name)
		}
	}
}

func serviceFits(t *testing.T, name string, in container, env map[string]string) {
	t.Helper()
	if in.port("grpc") != portOf(t, env["ASYSTA_LISTEN"]) {
		t.Errorf("%s listens at %s, its port is %s", name, env["ASYSTA_LISTEN"], in.port("grpc"))
	}
	peers(t, "kubernetes "+name, name, env["ASYSTA_TLS_PEERS"])
	for what, p := range map[string]*probe{"startup": in.StartupProbe, "readiness": in.ReadinessProbe} {
		if p == nil || !slices.Equal(p.Exec.Command, []string{"/asysta", "health", name}) {
			t.Errorf("%s: %s probe %+v", name, what, p)
		}
	}
	// Whether the store answers is for readiness: a start anew would not bring it back.
	if p := in.LivenessProbe; p == nil || p.TCPSocket.Port != "grpc" {
		t.Errorf("%s: liveness probe %+v", name, p)
	}
}

func gatewayFits(t *testing.T, in container, env map[string]string) {
	t.Helper()
	if in.port("https") != portOf(t, env["ASYSTA_GATEWAY_LISTEN"]) || env["ASYSTA_GATEWAY_TLS_CERT_FILE"] == "" {
		t.Errorf("the gateway listens at %s, its port is %s", env["ASYSTA_GATEWAY_LISTEN"], in.port("https"))
	}
	for path, p := range map[string]*probe{"/readyz": in.ReadinessProbe, "/healthz": in.LivenessProbe} {
		if p == nil || p.HTTPGet.Path != path || p.HTTPGet.Port != "https" || p.HTTPGet.Scheme != "HTTPS" {
			t.Errorf("the gateway is asked %+v, not %s", p, path)
		}
	}
}

// Selectors find what they are for, and each process that serves can lose one of its pods and grow.
func TestSelectors(t *testing.T) {
	c := manifests(t)
	pods := c.pods()
	for _, d := range c.kind("Deployment") {
		name := d.Metadata.Name
		for _, kind := range []string{"Service", "PodDisruptionBudget", "HorizontalPodAutoscaler"} {
			c.named(t, kind, name)
		}
		if grace := d.Spec.Template.Spec.TerminationGracePeriod; grace < 30 {
			t.Errorf("%s has %d s to end", name, grace)
		}
	}
	for _, o := range c.objects {
		chosen := labels{}
		switch o.Kind {
		case "Deployment", "PodDisruptionBudget":
			for key, value := range o.Spec.Selector["matchLabels"].(map[string]any) {
				chosen[key] = value.(string)
			}
		case "Service":
			for key, value := range o.Spec.Selector {
				chosen[key] = value.(string)
			}
		case "HorizontalPodAutoscaler":
			if o.Spec.ScaleTargetRef.Name != o.Metadata.Name || o.Spec.MinReplicas < 2 {
				t.Errorf("%s scales %+v from %d", o.Metadata.Name, o.Spec.ScaleTargetRef, o.Spec.MinReplicas)
			}
			continue
		default:
			continue
		}
		for name, p := range pods {
			if chosen.on(p.Metadata.Labels) != (name == o.Metadata.Name) {
				t.Errorf("%s %s and the pods of %s: %v", o.Kind, o.Metadata.Name, name, chosen)
			}
		}
	}
}

// Nobody is reached by anybody, but for who calls whom.
func TestNetwork(t *testing.T) {
	c := manifests(t)
	pods := c.pods()
	closed := c.named(t, "NetworkPolicy", "default-deny").Spec
	if len(closed.PodSelector.MatchLabels) > 0 || len(closed.PolicyTypes) != 2 || len(closed.Ingress)+len(closed.Egress) > 0 {
		t.Errorf("what is not allowed is not denied: %+v", closed)
	}
	in, out := map[string][]string{}, map[string][]string{}
	for _, policy := range c.kind("NetworkPolicy") {
		taken := 0
		for name, p := range pods {
			if !policy.Spec.PodSelector.MatchLabels.on(p.Metadata.Labels) {
				continue
			}
			taken++
			in[name] = append(in[name], reached(t, policy, policy.Spec.Ingress, pods)...)
			out[name] = append(out[name], reached(t, policy, policy.Spec.Egress, pods)...)
		}
		if taken == 0 {
			t.Errorf("the policy %s is for nobody", policy.Metadata.Name)
		}
	}
	for name := range pods {
		to := slices.Sorted(slices.Values(out[name]))
		want := []string{"kube-system:53", "kube-system:53"}
		for _, service := range calls(name) {
			want = append(want, service+":"+strconv.Itoa(c.named(t, "Service", service).Spec.Ports[0].Port))
		}
		if name != "gateway" {
			want = append(want, "mongodb:27017")
		}
		if suite.Known(name) {
			want = append(want, "0.0.0.0/0:443")
		}
		if slices.Sort(want); !slices.Equal(to, want) {
			t.Errorf("%s reaches %v, not %v", name, to, want)
		}
		from := slices.Sorted(slices.Values(in[name]))
		want = []string{"monitoring:metrics"}
		if name == "gateway" {
			want = append(want, "ingress:https")
		}
		for _, caller := range callers(name) {
			want = append(want, caller+":grpc")
		}
		if slices.Sort(want); !slices.Equal(from, want) {
			t.Errorf("%s is reached by %v, not %v", name, from, want)
		}
	}
}

// reached names whom rules let through and at which port: a process, a namespace or a network.
func reached(t *testing.T, policy *object, rules []rule, pods map[string]pod) (who []string) {
	t.Helper()
	for _, r := range rules {
		for _, p := range append(r.From, r.To...) {
			for _, port := range r.Ports {
				switch {
				case p.IPBlock != nil:
					who = append(who, p.IPBlock.CIDR+":"+port.Port)
				case p.NamespaceSelector != nil && p.PodSelector == nil:
					who = append(who, p.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"]+":"+port.Port)
				case p.PodSelector != nil && p.NamespaceSelector == nil:
					for name, other := range pods {
						if p.PodSelector.MatchLabels.on(other.Metadata.Labels) {
							who = append(who, name+":"+port.Port)
						}
					}
				default:
					t.Errorf("the policy %s lets everybody through", policy.Metadata.Name)
				}
			}
		}
		if len(r.Ports) == 0 || len(r.From)+len(r.To) == 0 {
			t.Errorf("the policy %s has a rule without a port or without a peer", policy.Metadata.Name)
		}
	}
	return who
}
