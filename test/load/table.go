package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"asysta.example/internal/store"

	"asysta.example/test/load/county"
	"asysta.example/test/load/drive"
)

// aims are what the operations are to reach at 16 clients on two cores that the generator shares, in requests per second.
var aims = map[string]float64{"visits": 6000, "read": 6000, "caseload": 3500, "deadlines": 2500}

// Other aims.
const (
	aimP99      = 25 * time.Millisecond
	aimStart    = time.Second
	aimResident = 200 << 20
	aimGrowth   = 1.5
)

// size is what was seen of the server at one size of the county.
type size struct {
	county   *county.County
	start    time.Duration
	resident int64 // the most seen after an operation
	memory   int   // MB for documents at hand; 0: as shipped
	rows     []row
}

// report is a run's result.
type report struct {
	o     options
	sizes []size
	raw   raw
}

// otherMemory says whether documents at hand had another memory than is shipped.
func (s size) otherMemory() bool { return s.memory > 0 && s.memory<<20 != store.DefaultAtHand }

// met says whether an aim was met.
func met(ok bool) string {
	if ok {
		return "met"
	}
	return "missed"
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// markdown writes the tables of docs/PROOFS.md's sections.
func (r report) markdown(w io.Writer) {
	p := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) } // standard output
	p("%s; %d cores shared by server and generator; commit %s; %s; tokens %s, signature checked once a token, expiry and person on every call; TLS off (loopback); answers checked.", time.Now().UTC().Format("2006-01-02 15:04 UTC"),
		runtime.NumCPU(), commit(), runtime.Version(), drive.Algorithm)
	if r.raw.commits > 0 {
		c := r.sizes[0].county
		p("Disk: %.0f fsyncs/s. Raw SQLite, the bytes of a visit (journal entry %d B, document %d B), durable, %d writers, %.1f commits a transaction: %.0f/s, p50 %s, p99 %s, %d µs of CPU a commit.",
			r.raw.fsyncs, c.Entry, c.Bytes, r.o.clients, r.raw.group, r.raw.commits, ms(r.raw.p50), ms(r.raw.p99), r.raw.cpu.Microseconds())
	}
	for _, s := range r.sizes {
		p("\n### %d files, %d work-card entries, documents of %d B; start %s (aim %s: %s); resident memory %d MB (aim %d MB: %s)\n", s.county.Spec.Files, s.county.Spec.Entries, s.county.Bytes,
			ms(s.start), aimStart, met(s.start < aimStart), s.resident>>20, aimResident>>20, met(s.resident < aimResident))
		if s.otherMemory() {
			p("With %d MB for documents at hand (`ASYSTA_DOCUMENTS_MB`) instead of %d.\n", s.memory, store.DefaultAtHand>>20)
		}
		p("| operation, REST, %d clients | requests/s | aim | p50 | p99 (aim %s) | at a fixed rate | p50 | p99 | server CPU | generator CPU |\n|---|---|---|---|---|---|---|---|---|---|", r.o.clients, aimP99)
		for _, x := range s.rows {
			p("%s", x.line(r.o))
		}
	}
	if len(r.sizes) > 1 {
		r.growth(p)
	}
}

func (x row) line(o options) string {
	aim, open := "", "| | "
	if a, ok := aims[x.closed.Operation.Name]; ok {
		aim = fmt.Sprintf("%.0f: %s", a, met(x.closed.PerSecond() >= a))
	}
	if x.open.Requests > 0 {
		open = fmt.Sprintf("%.0f/s | %s | %s", x.open.PerSecond(), ms(x.open.Quantile(50)), ms(x.open.Quantile(99)))
	}
	p99 := ms(x.closed.Quantile(99))
	if o.clients == 16 {
		p99 += ": " + met(x.closed.Quantile(99) < aimP99)
	}
	return fmt.Sprintf("| %s | %.0f | %s | %s | %s | %s | %d µs | %d µs |", x.closed.Operation.Title, x.closed.PerSecond(), aim, ms(x.closed.Quantile(50)), p99, open,
		x.server.Microseconds(), x.client.Microseconds())
}

// growth compares the medians of the sizes with those of the first.
func (r report) growth(p func(string, ...any)) {
	p("\n### Growth: p50 beside that of %d files (aim: at most %.1f times)\n", r.sizes[0].county.Spec.Files, aimGrowth)
	head, line := "| operation |", "|---|"
	for _, s := range r.sizes {
		head, line = head+fmt.Sprintf(" %d files |", s.county.Spec.Files), line+"---|"
	}
	p("%s\n%s", head, line)
	for i, first := range r.sizes[0].rows {
		text := "| " + first.closed.Operation.Title + " |"
		for _, s := range r.sizes {
			ratio := float64(s.rows[i].closed.Quantile(50)) / float64(first.closed.Quantile(50))
			text += fmt.Sprintf(" %s, %.2f times: %s |", ms(s.rows[i].closed.Quantile(50)), ratio, met(ratio <= aimGrowth))
		}
		p("%s", text)
	}
}

// figures is the result in one line, for the record.
func (r report) figures() string {
	var parts []string
	for _, s := range r.sizes {
		text := fmt.Sprintf("%d files (documents of %d B): start %s, resident %d MB", s.county.Spec.Files, s.county.Bytes, ms(s.start), s.resident>>20)
		if s.otherMemory() {
			text += fmt.Sprintf(" with %d MB for documents", s.memory)
		}
		for _, x := range s.rows {
			text += fmt.Sprintf(", %s %.0f/s p50 %s p99 %s", x.closed.Operation.Name, x.closed.PerSecond(), ms(x.closed.Quantile(50)), ms(x.closed.Quantile(99)))
			if a, ok := aims[x.closed.Operation.Name]; ok {
				text += fmt.Sprintf(" (aim %.0f: %s)", a, met(x.closed.PerSecond() >= a))
			}
			text += fmt.Sprintf(" server CPU %d µs", x.server.Microseconds())
		}
		parts = append(parts, text)
	}
	if r.raw.commits > 0 {
		parts = append(parts, fmt.Sprintf("raw SQLite %.0f/s, disk %.0f fsyncs/s", r.raw.commits, r.raw.fsyncs))
	}
	return strings.Join(parts, "; ")
}

// commit names the commit that is measured.
func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty=+changes", "--exclude=*").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// command is what was run, without what depends on the machine.
func command() string {
	args := []string{"go run ./test/load"}
	for i := 1; i < len(os.Args); i++ {
		name, _, _ := strings.Cut(strings.TrimLeft(os.Args[i], "-"), "=")
		switch {
		case name == "append":
		case name == "data" && !strings.Contains(os.Args[i], "="):
			i++
		case name == "data":
		default:
			args = append(args, os.Args[i])
		}
	}
	return strings.Join(args, " ")
}
