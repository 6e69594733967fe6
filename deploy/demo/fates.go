package demo

import (
	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
)

// stage is how far a family has come by today.
type stage int

const (
	received stage = iota
	interviewed
	analysed
	consented
	requested
	opined
	decided // approved, returned or refused, or closed before
	documented
	cooperating
)

// verdict is what became of a referral that was not approved.
type verdict int

const (
	approved verdict = iota
	returned
	refused
	notNeeded
	notInterested
)

// foster is what became of a child's foster care.
type foster int

const (
	atHome    foster = iota
	placed           // no help plan yet
	published        // with a help plan that the plan of work does not answer yet
	signedOff        // coordinated and signed off by both sides
	conflict         // one plan aims at return home, the other at adoption
	back             // returned home
)

// fate is what happens to a family. Days are counted back from today.
type fate struct {
	gmina   string
	began   int // days ago the information arrived, or the work on paper began
	source  familyv1.Source
	kind    familyv1.ClientKind
	until   stage // cooperating unless set below
	short   bool  // until is the zero stage
	verdict verdict
	helper  int // index of the assistant; -1: the family waits for one
	weight  int32
	quiet   int  // days without a visit
	noPlan  bool // the term of the plan has passed without one
	noTerm  bool // the last periodic assessment was not made
	paper   bool // taken over
	foster  foster
	stopped bool // the consent was withdrawn
	threat  bool // an intervention was needed
	opinion int  // a court's term for an opinion, days from today; negative: answered long ago; 0: none
	ended   int  // days ago the work ended; 0: it goes on
	reason  casefilev1.ClosureReason
	watched int  // how many times the family was monitored
	quit    bool // the monitoring was ended before its time
	again   bool // helped again after the end
	waiting int  // days ago the assistant was taken off; 0: never
	moved   bool // handed over to another assistant
	light   bool // preventive
	urgent  bool
}

const (
	own   = familyv1.Source_SOURCE_OWN_DIAGNOSIS
	inst  = familyv1.Source_SOURCE_INSTITUTION
	court = familyv1.Source_SOURCE_COURT_ORDER
	self  = familyv1.Source_SOURCE_FAMILY
	life  = familyv1.Source_SOURCE_ZA_ZYCIEM
)

// fates are the families of the county beside those of the scenario: every state, every source, every reason of an end.
func fates() []fate {
	var all []fate
	add := func(gmina string, list ...fate) {
		for _, f := range list {
			f.gmina = gmina
			if f.until == received && !f.short {
				f.until = cooperating
			}
			f.weight = max(f.weight, 1)
			all = append(all, f)
		}
	}
	add("wrzesnia", fullHouse()...)
	add("wrzesnia",
		fate{began: 4, source: inst, short: true}, fate{began: 1, source: inst, short: true, urgent: true},
		fate{began: 20, source: own, until: interviewed}, fate{began: 28, source: self, until: opined, weight: 2},
		fate{began: 90, source: own, until: decided, verdict: refused}, fate{began: 45, source: inst, until: decided, verdict: notNeeded},
		fate{began: 420, source: own, helper: 1, weight: 2, foster: signedOff}, fate{began: 330, source: court, helper: 1, weight: 3, foster: conflict},
		fate{began: 260, source: self, helper: 1}, fate{began: 500, source: own, helper: 2, weight: 2, moved: true},
		fate{began: 610, source: inst, helper: 2, ended: 100, reason: casefilev1.ClosureReason_CLOSURE_REASON_GOALS_ACHIEVED, watched: 2},
		fate{began: 480, source: own, helper: 3, ended: 210, reason: casefilev1.ClosureReason_CLOSURE_REASON_FAMILY_WITHDREW, quit: true},
		fate{began: 40, source: own, until: documented, helper: 3})
	add("miloslaw",
		fate{began: 35, source: inst, short: true}, fate{began: 17, source: self, until: analysed}, fate{began: 36, source: own, until: decided, verdict: returned},
		fate{began: 700, source: own, helper: 0, weight: 2, quiet: 45}, fate{began: 380, source: court, helper: 0, weight: 3, opinion: 6}, fate{began: 120, source: life, kind: familyv1.ClientKind_CLIENT_KIND_ZA_ZYCIEM, helper: 0},
		fate{began: 640, source: own, helper: 1, paper: true}, fate{began: 300, source: inst, helper: 1, foster: published, threat: true}, fate{began: 75, source: self, helper: 1},
		fate{began: 560, source: court, helper: 2, ended: 160, reason: casefilev1.ClosureReason_CLOSURE_REASON_LACK_OF_COOPERATION, watched: 2},
		fate{began: 520, source: own, helper: 2, ended: 60, reason: casefilev1.ClosureReason_CLOSURE_REASON_METHOD_CHANGED, watched: 1},
		fate{began: 230, source: own, helper: 2, stopped: true})
	add("nekla",
		fate{began: 26, source: self, until: consented}, fate{began: 60, source: own, until: decided, verdict: notInterested},
		fate{began: 40, source: court, helper: -1, until: decided}, fate{began: 340, source: own, helper: 0, waiting: 9},
		fate{began: 460, source: inst, helper: 0, noTerm: true}, fate{began: 110, source: own, helper: 0, noPlan: true}, fate{began: 84, source: life, kind: familyv1.ClientKind_CLIENT_KIND_ZA_ZYCIEM, helper: 1, noPlan: true},
		fate{began: 820, source: own, helper: 1, ended: 400, reason: casefilev1.ClosureReason_CLOSURE_REASON_NO_EFFECTS, watched: 4},
		fate{began: 600, source: own, helper: 1, ended: 150, reason: casefilev1.ClosureReason_CLOSURE_REASON_MOVED_AWAY, quit: true})
	add("pyzdry",
		fate{began: 10, source: inst, until: interviewed}, fate{began: 760, source: own, helper: 0, paper: true, weight: 2}, fate{began: 250, source: own, helper: 0, foster: placed, threat: true, weight: 3},
		fate{began: 540, source: self, helper: 0, foster: back}, fate{began: 180, source: self, kind: familyv1.ClientKind_CLIENT_KIND_CARE_LEAVER, helper: 1, light: true},
		fate{began: 430, source: own, helper: 1, ended: 45, reason: casefilev1.ClosureReason_CLOSURE_REASON_NO_CHILD_LEFT, watched: 1},
		fate{began: 650, source: own, helper: 1, ended: 300, reason: casefilev1.ClosureReason_CLOSURE_REASON_GOALS_ACHIEVED, watched: 3, again: true})
	add("orzechowo",
		fate{began: 26, source: own, until: requested}, fate{began: 400, source: inst, helper: 0, weight: 2}, fate{began: 210, source: own, helper: 0}, fate{began: 570, source: own, helper: 0, paper: true},
		fate{began: 130, source: self, kind: familyv1.ClientKind_CLIENT_KIND_KINSHIP_FOSTER_FAMILY, helper: 0, light: true},
		fate{began: 690, source: own, helper: 0, ended: 190, reason: casefilev1.ClosureReason_CLOSURE_REASON_DEATH, quit: true},
		fate{began: 470, source: self, helper: 0, ended: 20, reason: casefilev1.ClosureReason_CLOSURE_REASON_OTHER})
	return all
}

// fullHouse are the fifteen families of one assistant, so that a sixteenth is refused (art. 15(4)).
func fullHouse() []fate {
	var all []fate
	for i, began := range []int{850, 790, 700, 640, 560, 500, 430, 380, 300, 240, 190, 150, 110} {
		f := fate{began: began, source: []familyv1.Source{own, inst, self}[i%3], weight: int32(1 + i%3)}
		switch i {
		case 2:
			f.source, f.opinion = court, -200
		case 5:
			f.threat = true
		case 7:
			f.quiet = 36
		case 9:
			f.noTerm = true
		}
		all = append(all, f)
	}
	return append(all, fate{began: 52, source: own, until: documented, weight: 2}, fate{began: 34, source: inst, until: decided})
}
