package check

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// Where the anchors of the journal come from and go to, in every form.
const (
	anchors   = "/var/lib/asysta-anchors"
	writer    = "casefile"
	verifier  = "audit-verify"
	signing   = "anchor.key"     // the file with the key that signs
	publicKey = "anchor.key.pub" // the file with the key that checks
)

// anchoring is what a process has to do with anchors.
type anchoring struct {
	Dir, Key string // settings
	Args     []string
	Folder   string            // "" none, "rw" writable, "ro" not
	Keys     map[string]string // keys of anchors that it can read: path of the file to where it comes from
}

// held compares what the processes of a form have to do with anchors with what they should: one service signs, one job checks, the others have no part in it.
func held(t *testing.T, all map[string]anchoring, keysOf map[string]string) {
	t.Helper()
	for name, a := range all {
		folder, key := "", ""
		switch name {
		case writer:
			folder, key = "rw", a.Key
			if a.Dir != anchors || filepath.Base(a.Key) != signing {
				t.Errorf("%s anchors to %q, signed with %q", name, a.Dir, a.Key)
			}
		case verifier:
			folder, key = "ro", a.Args[len(a.Args)-1]
			if want := []string{"audit", "verify", "-anchors", anchors, "-key", key}; !slices.Equal(a.Args, want) || filepath.Base(key) != publicKey {
				t.Errorf("%s runs %v", name, a.Args)
			}
		default:
			if a.Dir+a.Key != "" {
				t.Errorf("%s anchors to %q too", name, a.Dir)
			}
		}
		if a.Folder != folder {
			t.Errorf("%s has the folder of anchors %q, not %q", name, a.Folder, folder)
		}
		if want := keysOf[name]; len(a.Keys) > 1 || (len(a.Keys) == 1) != (want != "") || a.Keys[key] != want {
			t.Errorf("%s reads the keys %v, not %s from %s", name, a.Keys, key, want)
		}
	}
	if _, ok := all[writer]; !ok {
		t.Errorf("nobody anchors: %v", all)
	}
	if _, ok := all[verifier]; !ok {
		t.Errorf("nobody verifies: %v", all)
	}
}

func TestComposeAnchors(t *testing.T) {
	project, err := composed(t, "ASYSTA_OIDC_ISSUER=https://logowanie.powiat.example")
	if err != nil {
		t.Fatal(err)
	}
	folder, err := filepath.Abs(filepath.Join(deploy, "compose/anchors"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]anchoring{}
	for name, s := range project.Services {
		a := anchoring{Args: s.Command, Keys: map[string]string{}}
		for key, into := range map[string]*string{"ASYSTA_ANCHOR_DIR": &a.Dir, "ASYSTA_ANCHOR_KEY_FILE": &a.Key} {
			if v := s.Environment[key]; v != nil {
				*into = *v
			}
		}
		for _, v := range s.Volumes {
			if v.Target != anchors && v.Source != folder {
				continue
			}
			// A folder of the host that prepare.sh made for the account: one that the engine makes is root's.
			if v.Type != types.VolumeTypeBind || v.Source != folder || v.Target != anchors || v.Bind == nil || v.Bind.CreateHostPath {
				t.Errorf("%s: %+v", name, v)
			}
			a.Folder = access(v.ReadOnly)
		}
		for _, secret := range s.Secrets {
			if from := project.Secrets[secret.Source].File; strings.HasPrefix(filepath.Base(from), "anchor") {
				a.Keys["/run/secrets/"+filepath.Base(secret.Target)] = filepath.Base(from)
			}
		}
		all[name] = a
	}
	held(t, all, map[string]string{writer: signing, verifier: publicKey})
}

func TestKubernetesAnchors(t *testing.T) {
	for _, dir := range []string{"base", "overlays/example"} {
		t.Run(dir, func(t *testing.T) {
			all, claims := map[string]anchoring{}, map[string]corev1.PersistentVolumeClaim{}
			for _, r := range built(t, dir) {
				text, err := r.AsYAML()
				if err != nil {
					t.Fatal(err)
				}
				var pod corev1.PodSpec
				switch r.GetKind() {
				case "PersistentVolumeClaim":
					claims[r.GetName()] = read[corev1.PersistentVolumeClaim](t, text)
					continue
				case "Deployment":
					pod = read[appsv1.Deployment](t, text).Spec.Template.Spec
				case "Job":
					pod = read[batchv1.Job](t, text).Spec.Template.Spec
				case "CronJob":
					pod = read[batchv1.CronJob](t, text).Spec.JobTemplate.Spec.Template.Spec
				default:
					continue
				}
				all[r.GetName()] = ofPod(pod)
			}
			held(t, all, map[string]string{writer: "asysta-anchor", verifier: "asysta-anchor-public"})
			// The pods of a deployment lie on several nodes, also while one version follows another.
			claim, ok := claims["asysta-anchors"]
			if !ok || len(claims) != 1 || !slices.Equal(claim.Spec.AccessModes, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}) {
				t.Errorf("claims %v", claims)
			}
			if class := claim.Spec.StorageClassName; (class != nil) != (dir != "base") {
				t.Errorf("storage class %v: an overlay names it", class)
			}
		})
	}
}

// ofPod tells what the container of a pod has to do with anchors.
func ofPod(pod corev1.PodSpec) anchoring {
	in := pod.Containers[0]
	a := anchoring{Args: in.Args, Keys: map[string]string{}}
	for _, e := range in.Env {
		switch e.Name {
		case "ASYSTA_ANCHOR_DIR":
			a.Dir = e.Value
		case "ASYSTA_ANCHOR_KEY_FILE":
			a.Key = e.Value
		}
	}
	for _, m := range in.VolumeMounts {
		at := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		if at < 0 {
			continue
		}
		switch v := pod.Volumes[at]; {
		case v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == "asysta-anchors" && m.MountPath == anchors:
			a.Folder = access(m.ReadOnly)
			if v.PersistentVolumeClaim.ReadOnly != m.ReadOnly {
				a.Folder = "mounted and claimed differently"
			}
		case v.PersistentVolumeClaim != nil:
			a.Folder = v.PersistentVolumeClaim.ClaimName + " at " + m.MountPath
		case v.Secret != nil && v.Secret.SecretName == "asysta-anchor":
			a.Keys[m.MountPath+"/"+signing] = v.Secret.SecretName
		case v.Secret != nil && v.Secret.SecretName == "asysta-anchor-public":
			a.Keys[m.MountPath+"/"+publicKey] = v.Secret.SecretName
		}
	}
	return a
}

func access(readOnly bool) string {
	if readOnly {
		return "ro"
	}
	return "rw"
}

func read[T any](t *testing.T, text []byte) (v T) {
	t.Helper()
	if err := yaml.UnmarshalStrict(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
