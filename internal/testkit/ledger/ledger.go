package ledger

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Proofs are the slugs that a run may be recorded under; each has a section of its name in docs/PROOFS.md.
var Proofs = []string{
	"matrix", "requests", "kill-sqlite", "kill-mongo", "power", "disk", "linearizable", "last-place-sqlite", "last-place-mongo", "retries", "markers", "stolen-file",
	"tamper", "mutants", "bench", "soak",
}

// Columns are the first line of the record.
var Columns = []string{"date", "commit", "go", "cpus", "proof", "command", "seed", "took", "figures"}

// file is the record's place in the repository.
const file = "docs/proofs.csv"

// Run is one run of a harness's long form.
type Run struct {
	Proof   string        // one of Proofs
	Command string        // what was run, so that it can be run again
	Figures string        // what came out, in words that need no other source: "1,000 cycles, lost 0, half-applied 0"
	Seed    uint64        // what the run's randomness began from; 0 where there is none
	Took    time.Duration // how long it ran
}

// Entry is a line of the record.
type Entry struct {
	Run
	Date   string // UTC, "2026-11-21 23:40"
	Commit string // short hash, "+changes" behind it where a Go source differed from the commit
	Go     string // version of the toolchain
	CPUs   int    // processors of the machine
}

// Append adds a line to the record of the repository that the working directory lies in.
func Append(r Run) error {
	root, err := root()
	if err != nil {
		return err
	}
	if !slices.Contains(Proofs, r.Proof) {
		return fmt.Errorf("ledger: %q is no proof", r.Proof)
	}
	commit, err := commit(root)
	if err != nil {
		return err
	}
	return add(filepath.Join(root, file), Entry{
		Run: r, Date: time.Now().UTC().Format("2006-01-02 15:04"), Commit: commit, Go: runtime.Version(), CPUs: runtime.NumCPU(),
	})
}

// add writes the line in one piece, so that two harnesses that end together do not tear each other's.
func add(path string, e Entry) error {
	var text strings.Builder
	w := csv.NewWriter(&text)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := w.Write(Columns); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
	}
	line := []string{e.Date, e.Commit, e.Go, strconv.Itoa(e.CPUs), e.Proof, e.Command, strconv.FormatUint(e.Seed, 10), e.Took.Round(time.Second / 10).String(), e.Figures}
	if err := w.Write(line); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	w.Flush()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // the record is part of the repository, for everybody to read
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	_, err = f.WriteString(text.String())
	return errors.Join(err, f.Close())
}

// Read gives the lines of a record, oldest first.
func Read(path string) ([]Entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = len(Columns)
	lines, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	if len(lines) == 0 || !slices.Equal(lines[0], Columns) {
		return nil, fmt.Errorf("ledger: %s does not begin with the columns %s", path, strings.Join(Columns, ","))
	}
	entries := make([]Entry, 0, len(lines)-1)
	for n, line := range lines[1:] {
		e, err := entry(line)
		if err != nil {
			return nil, fmt.Errorf("ledger: line %d: %w", n+2, err)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func entry(line []string) (Entry, error) {
	cpus, err := strconv.Atoi(line[3])
	seed, err2 := strconv.ParseUint(line[6], 10, 64)
	took, err3 := time.ParseDuration(line[7])
	_, err4 := time.Parse("2006-01-02 15:04", line[0])
	var err5 error
	if !slices.Contains(Proofs, line[4]) {
		err5 = fmt.Errorf("%q is no proof", line[4])
	}
	return Entry{Run: Run{Proof: line[4], Command: line[5], Figures: line[8], Seed: seed, Took: took}, Date: line[0], Commit: line[1], Go: line[2], CPUs: cpus},
		errors.Join(err, err2, err3, err4, err5)
}

// Latest gives the newest line of each proof, in the order of Proofs; of proofs that were never run there is none.
func Latest(entries []Entry) []Entry {
	var out []Entry
	for _, proof := range Proofs {
		for _, e := range slices.Backward(entries) {
			if e.Proof == proof {
				out = append(out, e)
				break
			}
		}
	}
	return out
}

// root is the folder upward from the working directory that holds go.work.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("ledger: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("ledger: not inside the repository")
		}
		dir = up
	}
}

// commit is the short hash of what is checked out, and whether a Go source differs from it.
func commit(root string) (string, error) {
	hash, err := exec.Command("git", "-C", root, "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "", fmt.Errorf("ledger: commit: %w", err)
	}
	changes, err := exec.Command("git", "-C", root, "status", "--porcelain", "--", "*.go").Output()
	if err != nil {
		return "", fmt.Errorf("ledger: changes: %w", err)
	}
	name := strings.TrimSpace(string(hash))
	if len(changes) > 0 {
		name += "+changes"
	}
	return name, nil
}
