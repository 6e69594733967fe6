package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"asysta.example/internal/store/sqlite"
)

// TestAFileThatIsNotInItsPlaceIsNoStore: health must not say that all is well while acknowledged writes go into a file that nobody will open again.
func TestAFileThatIsNotInItsPlaceIsNoStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	e, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	ping := func(step, want string) {
		t.Helper()
		switch err := e.Ping(t.Context()); {
		case want == "" && err != nil:
			t.Errorf("%s: %v", step, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %s", step, err, want)
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ping("in its place", "")
	do(os.Rename(path, path+".away"))
	ping("moved away", "not in its place any more")
	do(os.WriteFile(path, nil, 0o600))
	ping("another in its place", "another file has taken the place")
	do(os.Rename(path+".away", path))
	ping("back", "")
}
