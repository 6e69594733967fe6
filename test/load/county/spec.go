package county

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"asysta.example/internal/calendar"
	"asysta.example/services/casefile/caseload"
)

// Spec says how large a county is. The same Spec makes the same county.
type Spec struct {
	Files   int           // family files
	Entries int           // work-card entries of all files together
	Seed    uint64        //
	Day     calendar.Date // the day on which the county is shown: its stories end there
}

// PerGmina is how many family files a gmina has: 3,000 files make six gminas, 300,000 six hundred.
const PerGmina = 500

// perCounty is how many gminas a county (powiat) has.
const perCounty = 6

// largest is the number of files that the codes of its gminas allow.
const largest = voivodeships * countiesOf * perCounty * PerGmina

// Voivodeships, and how many counties each has here.
const (
	voivodeships = 16
	countiesOf   = 40
)

// Format is the version of what Build makes; a cached county of another format is made anew.
const Format = 6

// Default gives the size that a number of files is measured with: 100,000 entries for 3,000 files and as many for each file of a larger county, up to a
// million entries in all.
func Default(files int, seed uint64, day calendar.Date) Spec {
	return Spec{Files: files, Entries: min(files*100_000/3_000, 1_000_000), Seed: seed, Day: day}
}

// Name tells counties apart in a cache folder.
func (s Spec) Name() string {
	return fmt.Sprintf("county-v%d-%d-%d-%s-seed%d", Format, s.Files, s.Entries, s.Day, s.Seed)
}

func (s Spec) valid() error {
	if s.Files < block || s.Files%block != 0 || s.Files > largest {
		return fmt.Errorf("county: %d files; it must be a multiple of %d, up to %d", s.Files, block, largest)
	}
	if s.Entries < 0 || s.Day.IsZero() {
		return errors.New("county: entries or day missing")
	}
	return nil
}

// gminas is how many gminas the files lie in.
func (s Spec) gminas() int { return max((s.Files+PerGmina-1)/PerGmina, min(2, s.Files/block)) }

// filesOf is how many of the files lie in gmina i.
func (s Spec) filesOf(i int) int { return s.firstOf(i+1) - s.firstOf(i) }

// firstOf is the number of the first file of gmina i.
func (s Spec) firstOf(i int) int { return i * (s.Files / block) / s.gminas() * block }

// fate is how a family's story stands on the day of the county.
type fate int

const (
	cooperating fate = iota
	assigned
	awaiting
	monitored
	ended
)

// block is the number of files after which the fates repeat.
const block = 20

// fates of a block of files: 13 families in cooperation, one with a new assistant, one that waits for one, three monitored, two whose file is closed.
var fates = [block]fate{
	cooperating, cooperating, monitored, cooperating, cooperating, assigned, cooperating, cooperating, monitored, cooperating,
	cooperating, ended, cooperating, cooperating, awaiting, cooperating, monitored, cooperating, cooperating, ended,
}

// places of a block are taken with an assistant.
const places = 14

// worked is how many files of a block have a work card, as cooperation began in them.
const worked = 18

// entriesOf is how many entries the work card of file n has; over all files they add up to Entries.
func (s Spec) entriesOf(n int) int {
	if !fates[n%block].worked() {
		return 0
	}
	before := n / block * worked
	for i := range n % block {
		if fates[i].worked() {
			before++
		}
	}
	all := s.Files / block * worked
	return s.Entries*(before+1)/all - s.Entries*before/all
}

func (f fate) worked() bool { return f != assigned && f != awaiting }

// placed says that the family takes a place of its assistant's caseload.
func (f fate) placed() bool { return f == cooperating || f == assigned }

// assistantsOf is how many assistants gmina i needs, none with more families than the law allows.
func (s Spec) assistantsOf(i int) int {
	limit := caseload.CapOn(s.Day).N
	return (s.filesOf(i)/block*places + limit - 1) / limit
}

// random gives the dice of one part of the county.
func (s Spec) random(part, n int) *rand.Rand {
	return rand.New(rand.NewPCG(s.Seed, uint64(part)<<40|uint64(n))) //nolint:gosec // the same county for the same seed is the point
}

// Parts that have dice of their own.
const (
	diceFamily = iota + 1
	diceOffice
	diceIDs
)
