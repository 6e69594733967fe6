package backup

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"filippo.io/age"

	"asysta.example/internal/keyfile"
)

// CreateKey makes a key pair: the identity, which opens backups, in a file of its owner's alone that must not exist; and the recipient, which is no secret and which
// Write needs.
func CreateKey(path string) (recipient string, err error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return "", fmt.Errorf("backup: create key: %w", err)
	}
	recipient = identity.Recipient().String()
	if err := keyfile.Create(path, fmt.Appendf(nil, "# opens backups made for %s\n%s\n", recipient, identity)); err != nil {
		return "", fmt.Errorf("backup: create key: %w", err)
	}
	return recipient, nil
}

// LoadKey reads the identities of a file; keyfile.ErrExposed when others can read it.
func LoadKey(path string) ([]age.Identity, error) {
	content, err := keyfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("backup: load key: %w", err)
	}
	identities, err := age.ParseIdentities(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("backup: load key: no identity of age in %s", path) // the cause could quote the file
	}
	return identities, nil
}

// Recipients reads recipients: each either an "age1…" itself or the name of a file that holds some, a line each.
func Recipients(list []string) (all []age.Recipient, err error) {
	for _, one := range list {
		text := []byte(one)
		if !strings.HasPrefix(one, "age1") {
			if text, err = os.ReadFile(one); err != nil {
				return nil, fmt.Errorf("backup: recipients: %w", err)
			}
		}
		some, err := age.ParseRecipients(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("backup: recipients: %w", err)
		}
		all = append(all, some...)
	}
	return all, nil
}
