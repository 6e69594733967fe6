package longform

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"asysta.example/internal/testkit/ledger"
)

func TestCommand(t *testing.T) {
	found, dir := errors.New("found"), ""
	err := perform(t.Context(), "crash", []string{"kill", "-n", "5", "-append"}, func(_ context.Context, c *Command) (err error) {
		form, n := c.Form(), c.Int("n", 1, "")
		if err := c.Parse(); err != nil || form != "kill" || *n != 5 {
			t.Errorf("parsed as %q -n %d: %v", form, *n, err)
		}
		if dir, err = c.Dir(); err != nil {
			t.Error(err)
		}
		if again, err := c.Dir(); err != nil || again != dir {
			t.Errorf("the folder is %s, then %s: %v", dir, again, err)
		}
		if _, err := os.Stat(dir); err != nil {
			t.Error(err)
		}
		c.began = c.began.Add(-time.Minute)
		got := c.completed(ledger.Run{Proof: "kill-sqlite", Seed: 7})
		if got.Command != "go run ./test/crash kill -n 5 -append" || got.Took < time.Minute || got.Proof != "kill-sqlite" || got.Seed != 7 {
			t.Errorf("%+v", got)
		}
		if got := c.completed(ledger.Run{Command: "make bench", Took: time.Second}); got.Command != "make bench" || got.Took != time.Second {
			t.Errorf("what the command says itself has become %+v", got)
		}
		return found
	})
	if !errors.Is(err, found) {
		t.Errorf("what was found is told as %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left behind: %v", err)
	}
}

// TestNothingIsRecordedUnasked works outside the repository, where there is no record to add to.
func TestNothingIsRecordedUnasked(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		args   []string
		record bool
	}{{nil, false}, {[]string{"-append"}, true}} {
		err := perform(t.Context(), "matrix", c.args, func(_ context.Context, cmd *Command) error {
			if err := cmd.Parse(); err != nil {
				t.Error(err)
			}
			return cmd.Record(ledger.Run{Proof: "matrix"})
		})
		if (err != nil) != c.record {
			t.Errorf("%v: %v", c.args, err)
		}
	}
}

func TestBadFlagIsAnError(t *testing.T) {
	err := perform(t.Context(), "matrix", []string{"-nothing-such"}, func(_ context.Context, c *Command) error {
		c.SetOutput(io.Discard)
		return c.Parse()
	})
	if err == nil {
		t.Error("taken for good")
	}
}
