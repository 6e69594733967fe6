package suite

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

const (
	storeKey     = Prefix + "STORE"
	storeFileKey = Prefix + "STORE_FILE"
)

// environment gives the settings of an environment of "KEY=value", by their full names, and what is wrong with their names. What a file says stands under the
// name of what it says.
func environment(env []string) (values map[string]string, faults []error) {
	values = map[string]string{}
	known := settings(reflect.ValueOf(everything))
	for _, line := range env {
		key, value, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(key, Prefix) || strings.HasPrefix(key, Prefix+"TEST_") || serviceLink.MatchString(key) || value == "" {
			continue
		}
		if !slices.Contains(known, strings.TrimPrefix(key, Prefix)) {
			faults = append(faults, fmt.Errorf("%s: there is no such setting", key))
		}
		values[key] = value
	}
	if path := values[storeFileKey]; path != "" {
		if values[storeKey] != "" {
			return values, append(faults, errors.New(storeKey+" and "+storeFileKey+": take one of them away"))
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return values, append(faults, fmt.Errorf("%s: %w", storeFileKey, err))
		}
		values[storeKey] = strings.TrimSpace(string(content))
	}
	return values, faults
}

// Given is a setting as it is set.
type Given struct {
	Setting
	Value string // what holds; a password in it is masked
	From  string // "environment", "file PATH", "default"; "" where nothing is set
}

// Show gives the settings of a configuration (a pointer to a struct of this package), or with nil those of all commands, as an environment sets them.
// Nothing of a secret is shown.
func Show(cfg any, env []string) []Given {
	values, _ := environment(env)
	var shown []Given
	all := Settings()
	if cfg != nil {
		all = sorted(settingsOf(reflect.ValueOf(cfg).Elem()))
	}
	for _, s := range all {
		g := Given{Setting: s, Value: s.Default}
		if s.Default != "" {
			g.From = "default"
		}
		if value, set := values[Prefix+s.Name]; set {
			g.Value, g.From = masked(value), "environment"
			if Prefix+s.Name == storeKey && values[storeFileKey] != "" {
				g.From = "file " + values[storeFileKey]
			}
		}
		shown = append(shown, g)
	}
	return shown
}

// password is what stands between the user and the host of an address.
var password = regexp.MustCompile(`^([a-z0-9+.-]+://[^:/?#]*):.*@`)

// parameter is an option of a connection that may hold a secret.
var parameter = regexp.MustCompile(`(?i)([?&;](?:[a-z]*password|authMechanismProperties)=)[^&;]*`)

func masked(value string) string {
	return parameter.ReplaceAllString(password.ReplaceAllString(value, "$1:•••@"), "$1•••")
}
