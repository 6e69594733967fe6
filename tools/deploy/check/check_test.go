package check

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const deploy = "../../../deploy"

// kinds are the types of what the manifests may hold.
var kinds = map[string]func() any{
	"v1/Namespace":                           func() any { return &corev1.Namespace{} },
	"v1/ConfigMap":                           func() any { return &corev1.ConfigMap{} },
	"v1/Service":                             func() any { return &corev1.Service{} },
	"v1/PersistentVolumeClaim":               func() any { return &corev1.PersistentVolumeClaim{} },
	"v1/ServiceAccount":                      func() any { return &corev1.ServiceAccount{} },
	"apps/v1/Deployment":                     func() any { return &appsv1.Deployment{} },
	"batch/v1/Job":                           func() any { return &batchv1.Job{} },
	"batch/v1/CronJob":                       func() any { return &batchv1.CronJob{} },
	"policy/v1/PodDisruptionBudget":          func() any { return &policyv1.PodDisruptionBudget{} },
	"autoscaling/v2/HorizontalPodAutoscaler": func() any { return &autoscalingv2.HorizontalPodAutoscaler{} },
	"networking.k8s.io/v1/NetworkPolicy":     func() any { return &networkingv1.NetworkPolicy{} },
}

// decode reads one manifest into the type of its kind; fields that the type does not have, and values of another type, are errors.
func decode(manifest []byte) (string, error) {
	var is metav1.PartialObjectMetadata
	if err := yaml.Unmarshal(manifest, &is); err != nil {
		return "", err
	}
	name := is.APIVersion + "/" + is.Kind
	into, ok := kinds[name]
	if !ok {
		return name, fmt.Errorf("%s: not a kind that Asysta uses", name)
	}
	text, err := yaml.YAMLToJSONStrict(manifest)
	if err != nil {
		return name, fmt.Errorf("%s %s: %w", name, is.Name, err)
	}
	unknown, err := json.UnmarshalStrict(text, into())
	if err = errors.Join(append(unknown, err)...); err != nil {
		return name, fmt.Errorf("%s %s: %w", name, is.Name, err)
	}
	return name, nil
}

// built gives what kustomize makes of a folder of manifests.
func built(t *testing.T, dir string) []*resource.Resource {
	t.Helper()
	made, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(deploy, "kubernetes", dir))
	if err != nil {
		t.Fatal(err)
	}
	return made.Resources()
}

func TestManifests(t *testing.T) {
	for _, dir := range []string{"base", "overlays/example"} {
		t.Run(dir, func(t *testing.T) {
			found := map[string]int{}
			for _, r := range built(t, dir) {
				text, err := r.AsYAML()
				if err != nil {
					t.Fatal(err)
				}
				kind, err := decode(text)
				if err != nil {
					t.Error(err)
				}
				found[kind]++
			}
			for kind, least := range map[string]int{"apps/v1/Deployment": 5, "policy/v1/PodDisruptionBudget": 5, "autoscaling/v2/HorizontalPodAutoscaler": 5, "networking.k8s.io/v1/NetworkPolicy": 8, "batch/v1/Job": 1, "v1/Service": 5} {
				if found[kind] < least {
					t.Errorf("%d of %s, want at least %d", found[kind], kind, least)
				}
			}
		})
	}
}

// The files as they are written, each strictly: kustomize forgives what it does not touch.
func TestManifestFiles(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(deploy, "kubernetes/base/*.yaml"))
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range bytes.Split(append([]byte("\n"), content...), []byte("\n---\n")) {
			if _, err := decode(one); err != nil {
				t.Errorf("%s: %v", filepath.Base(file), err)
			}
		}
	}
}

func TestDecodeIsStrict(t *testing.T) {
	for label, manifest := range map[string]string{
		"a field that there is not": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {clusterIp: None}\n",
		"a value of another type":   "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: two}\n",
		"a kind that there is not":  "apiVersion: v1\nkind: Deployment\nmetadata: {name: a}\n",
		"a field twice":             "apiVersion: v1\nkind: Service\nmetadata: {name: a, name: b}\n",
	} {
		if _, err := decode([]byte(manifest)); err == nil {
			t.Errorf("%s is accepted", label)
		}
	}
}

// composed loads the compose file as docker compose does, with all profiles.
func composed(t *testing.T, env ...string) (*types.Project, error) {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(deploy, "compose/compose.yaml")}, cli.WithEnv(env), cli.WithProfiles([]string{"tools"}), cli.WithConsistency(true))
	if err != nil {
		return nil, err
	}
	return options.LoadProject(t.Context())
}

// docker compose's own library loads the file, with the example's environment, and checks it against the specification.
func TestCompose(t *testing.T) {
	project, err := composed(t, "ASYSTA_OIDC_ISSUER=https://logowanie.powiat.example")
	if err != nil {
		t.Fatal(err)
	}
	if len(project.Services) != 13 {
		t.Errorf("%d services", len(project.Services))
	}
	// A rotation puts a new file in the place of the master key's: who has the folder sees it, who had the file would not.
	folder, err := filepath.Abs(filepath.Join(deploy, "compose/secrets/master"))
	if err != nil {
		t.Fatal(err)
	}
	keyed := 0
	for name, s := range project.Services {
		file := s.Environment["ASYSTA_MASTER_KEY_FILE"]
		if file == nil {
			continue
		}
		keyed++
		writes := name == "bootstrap" || name == "keys"
		if !slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool {
			return v.Type == types.VolumeTypeBind && v.Source == folder && v.Target == filepath.Dir(*file) && v.ReadOnly == !writes && v.Bind != nil && !bool(v.Bind.CreateHostPath)
		}) {
			t.Errorf("%s reads %s and mounts %v", name, *file, s.Volumes)
		}
	}
	if keyed != 6 {
		t.Errorf("%d services read the master key", keyed)
	}
	if _, err := composed(t); err == nil || !strings.Contains(err.Error(), "ASYSTA_OIDC_ISSUER") {
		t.Errorf("without an issuer: %v", err)
	}
}
