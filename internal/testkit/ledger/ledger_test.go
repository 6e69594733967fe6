package ledger

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "proofs.csv")
	line := func(proof, figures string) Entry {
		return Entry{Run: Run{Proof: proof, Command: "go run ./test/" + proof + " -seed 7, twice", Figures: figures, Seed: 7, Took: 90 * time.Second}, Date: "2026-11-21 23:40", Commit: "bc74a4b+changes", Go: "go1.26", CPUs: 2}
	}
	want := []Entry{line("requests", `1,000,000 requests, "Internal" 0`), line("matrix", "9,000 cells, 0 mismatches"), line("requests", "found one")}
	for _, e := range want {
		if err := add(path, e); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the record changed what was written (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Entry{want[1], want[2]}, Latest(got)); diff != "" {
		t.Errorf("latest (-want +got):\n%s", diff)
	}
}

func TestBrokenRecord(t *testing.T) {
	head := strings.Join(Columns, ",") + "\n"
	for name, text := range map[string]string{
		"empty":          "",
		"other columns":  "a,b,c,d,e,f,g,h,i\n",
		"too short":      head + "2026-11-21 23:40,bc74a4b\n",
		"unknown proof":  head + "2026-11-21 23:40,bc74a4b,go1.26,2,luck,x,1,1s,x\n",
		"no duration":    head + "2026-11-21 23:40,bc74a4b,go1.26,2,matrix,x,1,soon,x\n",
		"no date":        head + "yesterday,bc74a4b,go1.26,2,matrix,x,1,1s,x\n",
		"negative seed":  head + "2026-11-21 23:40,bc74a4b,go1.26,2,matrix,x,-1,1s,x\n",
		"no processors":  head + "2026-11-21 23:40,bc74a4b,go1.26,two,matrix,x,1,1s,x\n",
		"unclosed quote": head + "\"2026-11-21 23:40,bc74a4b,go1.26,2,matrix,x,1,1s,x\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "proofs.csv")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, err := Read(path); err == nil {
				t.Errorf("read as %v", got)
			}
		})
	}
}

func TestAppendRefusesUnknownProof(t *testing.T) {
	if err := Append(Run{Proof: "luck"}); err == nil {
		t.Error("recorded")
	}
}
