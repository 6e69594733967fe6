package main

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestStolenFile is the short form of the command.
func TestStolenFile(t *testing.T) {
	r, err := sqliteFile(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.faults(); err != nil {
		t.Error(err)
	}
	t.Log(r)
}

// TestSearchFindsWhatIsThere plants a number in each form, at every place within a word.
func TestSearchFindsWhatIsThere(t *testing.T) {
	const number = "44051401359"
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	if found := newThief(noise).find(number); len(found) > 0 {
		t.Fatalf("found in noise: %v", found)
	}
	plant := func(b []byte, at int) []byte {
		out := bytes.Clone(noise)
		copy(out[at:], b)
		return out
	}
	for _, f := range formsOf(number) {
		for at := 1000; at < 1008; at++ {
			if found := newThief(plant(f.bytes, at)).find(number); !strings.Contains(strings.Join(found, " "), f.name) {
				t.Errorf("%s at %d: found %v", f.name, at, found)
			}
		}
	}
	for _, split := range []string{"4 4 0 5 1 4 0 1 3 5 9", "440514-01359", "4\x00\x00\x004\x00\x00\x000\x00\x00\x005\x00\x00\x001\x00\x00\x004\x00\x00\x000\x00\x00\x001\x00\x00\x003\x00\x00\x005\x00\x00\x009", "\x024\x024\x020\x025\x021\x024\x020\x021\x023\x025\x029"} {
		quiet := bytes.Repeat([]byte{0xAA}, 1000)
		copy(quiet[500:], split)
		if found := newThief(quiet).find(number); len(found) == 0 {
			t.Errorf("%q is not found", split)
		}
	}
	for before := range 3 {
		text := strings.Repeat("a", before) + number + "bcd"
		if found := newThief([]byte(base64.StdEncoding.EncodeToString([]byte(text)))).find(number); len(found) == 0 {
			t.Errorf("base64 with %d before it is not found", before)
		}
	}
}

// TestAGuessedKeyFits shows that guessing would succeed with the right key.
func TestAGuessedKeyFits(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	stored := hashWith(key, "gmina", "2004042", "44051401359")[0]
	if hashWith(append([]byte{}, key...), "gmina", "2004042", "44051401359")[0] != stored || hashWith(key, "gmina", "2004052", "44051401359")[0] == stored {
		t.Error("the guess is not worked out as the hash is")
	}
}
