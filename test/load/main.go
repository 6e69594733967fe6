// Command load measures Asysta: it makes a county of the size asked for (once, in a cache folder), starts `asysta all` on a copy of it as a process of its own, drives
// it over REST with checked answers, and says requests per second, latencies and CPU time.
//
//	go run ./test/load                                  the table at 3,000 and 30,000 files
//	go run ./test/load -files 3000 -for 10s -only visits  one operation
//	go run ./test/load -only read -profile /tmp/p         the same with a CPU profile of the server in /tmp/p/read.pprof
//	go run ./test/load -soak 20m                        half load, with memory, goroutines and handles sampled
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"asysta.example/internal/calendar"
	"asysta.example/test/load/drive"
	"asysta.example/test/longform"
)

// options are the command's flags.
type options struct {
	files   []int
	length  time.Duration
	clients int
	only    []string
	seed    uint64
	data    string
	profile string
	open    float64
	memory  []int // MB for documents at hand, of each size; the server's own where there is none
	soak    time.Duration
	hold    bool
	day     calendar.Date
}

func parse(set *longform.Command) (options, error) {
	var o options
	var files, only, day, memory string
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	set.StringVar(&files, "files", "3000,30000", "sizes of the county, in family files")
	set.DurationVar(&o.length, "for", 10*time.Second, "how long each operation is driven, after a warm-up of a fifth of it")
	set.IntVar(&o.clients, "clients", 16, "connections that ask at once")
	set.StringVar(&only, "only", "", "operations, comma-separated: "+operationNames())
	set.Uint64Var(&o.seed, "seed", 1, "the same seed makes the same county")
	set.StringVar(&o.data, "data", filepath.Join(cache, "asysta-load"), "cache folder of counties, which can be large")
	set.StringVar(&o.profile, "profile", "", "folder for CPU profiles of the server, one for each operation")
	set.Float64Var(&o.open, "open", 0.5, "load of the open loop beside the closed one, as a part of the rate that this reached; 0: none")
	set.DurationVar(&o.soak, "soak", 0, "drive a mix at half load for so long instead")
	set.BoolVar(&o.hold, "hold", false, "hold the data file in memory, on a machine that takes files' pages away although it has memory left")
	set.StringVar(&memory, "documents", "", "megabytes for documents at hand (ASYSTA_DOCUMENTS_MB), for each of the sizes; as shipped where unset")
	set.StringVar(&day, "day", "", "day on which the county is shown (2026-11-21); today where unset")
	if err := set.Parse(); err != nil {
		return o, err
	}
	if o.files, err = numbers(files); err != nil {
		return o, fmt.Errorf("-files: %w", err)
	}
	if o.memory, err = numbers(memory); err != nil {
		return o, fmt.Errorf("-documents: %w", err)
	}
	if len(o.memory) > len(o.files) {
		return o, errors.New("-documents: more numbers than -files has")
	}
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	o.day = calendar.In(time.Now())
	if day != "" {
		o.day, err = calendar.Parse(day)
		return o, err
	}
	return o, nil
}

// documents is the server's memory for documents at hand in the county of the nth size, in MB; 0: as shipped.
func (o options) documents(nth int) int {
	if nth >= len(o.memory) {
		return 0
	}
	return o.memory[nth]
}

// numbers reads a list with commas; none of "".
func numbers(list string) (out []int, err error) {
	for f := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(strings.TrimSpace(f))
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

func operationNames() string {
	var names []string
	for _, op := range drive.Operations() {
		names = append(names, op.Name)
	}
	return strings.Join(names, ", ")
}

func main() {
	if address := os.Getenv(profiled); address != "" {
		if err := serve(address); err != nil {
			fmt.Fprintln(os.Stderr, "load:", err)
			os.Exit(1)
		}
		return
	}
	longform.Main("load", run)
}
