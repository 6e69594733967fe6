package deploy_test

import (
	"path/filepath"
	"strconv"
	"testing"
)

type labels map[string]string

// on tells whether a selector takes what has these labels.
func (l labels) on(of labels) bool {
	for key, value := range l {
		if of[key] != value {
			return false
		}
	}
	return true
}

type selector struct {
	MatchLabels labels `yaml:"matchLabels"`
}

type peer struct {
	PodSelector       *selector              `yaml:"podSelector"`
	NamespaceSelector *selector              `yaml:"namespaceSelector"`
	IPBlock           *struct{ CIDR string } `yaml:"ipBlock"`
}

type rule struct {
	From  []peer
	To    []peer
	Ports []struct{ Port string }
}

type probe struct {
	Exec      struct{ Command []string }
	TCPSocket struct{ Port string }               `yaml:"tcpSocket"`
	HTTPGet   struct{ Path, Port, Scheme string } `yaml:"httpGet"`
}

type container struct {
	Name    string
	Image   string
	Args    []string
	EnvFrom []struct {
		ConfigMapRef struct{ Name string } `yaml:"configMapRef"`
	} `yaml:"envFrom"`
	Env   []struct{ Name, Value string }
	Ports []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	StartupProbe    *probe `yaml:"startupProbe"`
	ReadinessProbe  *probe `yaml:"readinessProbe"`
	LivenessProbe   *probe `yaml:"livenessProbe"`
	SecurityContext struct {
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		Capabilities             struct{ Add, Drop []string }
	} `yaml:"securityContext"`
	Resources    struct{ Requests, Limits map[string]string }
	VolumeMounts []struct {
		Name      string
		MountPath string `yaml:"mountPath"`
		ReadOnly  bool   `yaml:"readOnly"`
	} `yaml:"volumeMounts"`
}

type pod struct {
	Metadata struct {
		Labels      labels
		Annotations map[string]string
	}
	Spec struct {
		ServiceAccountName           string `yaml:"serviceAccountName"`
		AutomountServiceAccountToken *bool  `yaml:"automountServiceAccountToken"`
		EnableServiceLinks           *bool  `yaml:"enableServiceLinks"`
		TerminationGracePeriod       int    `yaml:"terminationGracePeriodSeconds"`
		SecurityContext              struct {
			RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
			RunAsUser      int                   `yaml:"runAsUser"`
			FSGroup        int                   `yaml:"fsGroup"`
			SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
		} `yaml:"securityContext"`
		Containers []container
		Volumes    []struct {
			Name   string
			Secret struct {
				SecretName  string `yaml:"secretName"`
				DefaultMode int    `yaml:"defaultMode"`
			}
			PersistentVolumeClaim struct {
				ClaimName string `yaml:"claimName"`
			} `yaml:"persistentVolumeClaim"`
		}
	}
}

type object struct {
	Kind     string
	Metadata struct {
		Name   string
		Labels labels
	}
	Data map[string]string
	Spec struct {
		ClusterIP string `yaml:"clusterIP"`
		Selector  map[string]any
		Ports     []struct {
			Name       string
			TargetPort string `yaml:"targetPort"`
			Port       int
		}
		Template       pod
		JobTemplate    struct{ Spec struct{ Template pod } } `yaml:"jobTemplate"`
		ScaleTargetRef struct{ Kind, Name string }           `yaml:"scaleTargetRef"`
		MinReplicas    int                                   `yaml:"minReplicas"`
		MaxUnavailable int                                   `yaml:"maxUnavailable"`
		PodSelector    selector                              `yaml:"podSelector"`
		PolicyTypes    []string                              `yaml:"policyTypes"`
		Ingress        []rule
		Egress         []rule
	}
}

// cluster are the manifests of the base.
type cluster struct{ objects []*object }

func manifests(t *testing.T) cluster {
	t.Helper()
	var list struct{ Resources []string }
	read(t, "kubernetes/base/kustomization.yaml", func() any { return &list })
	files, err := filepath.Glob("kubernetes/base/*.yaml")
	if err != nil || len(files) != len(list.Resources)+1 {
		t.Errorf("kustomization.yaml names %v of %v", list.Resources, files)
	}
	var c cluster
	for _, file := range list.Resources {
		read(t, "kubernetes/base/"+file, func() any {
			c.objects = append(c.objects, &object{})
			return c.objects[len(c.objects)-1]
		})
	}
	return c
}

func (c cluster) kind(kind string) []*object {
	var found []*object
	for _, o := range c.objects {
		if o.Kind == kind {
			found = append(found, o)
		}
	}
	return found
}

func (c cluster) named(t *testing.T, kind, name string) *object {
	t.Helper()
	for _, o := range c.kind(kind) {
		if o.Metadata.Name == name {
			return o
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return nil
}

// pods gives the template of everything that runs, by name.
func (c cluster) pods() map[string]pod {
	found := map[string]pod{}
	for _, o := range c.objects {
		switch o.Kind {
		case "Deployment", "Job":
			found[o.Metadata.Name] = o.Spec.Template
		case "CronJob":
			found[o.Metadata.Name] = o.Spec.JobTemplate.Spec.Template
		}
	}
	return found
}

// env gives the environment of a container.
func (c cluster) env(t *testing.T, in container) map[string]string {
	t.Helper()
	env := map[string]string{}
	for _, from := range in.EnvFrom {
		for key, value := range c.named(t, "ConfigMap", from.ConfigMapRef.Name).Data {
			env[key] = value
		}
	}
	for _, e := range in.Env {
		env[e.Name] = e.Value
	}
	return env
}

func (in container) port(name string) string {
	for _, p := range in.Ports {
		if p.Name == name {
			return strconv.Itoa(p.ContainerPort)
		}
	}
	return ""
}
