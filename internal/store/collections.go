package store

import "errors"

// ErrNoCollection is an engine's answer where the database was not migrated since the collection is declared.
var ErrNoCollection = errors.New("store: no such collection, migrate first")

// Collections beside those of the kinds and record types.
const (
	journal = "journal" // commits, keyed "<kind>/<id>@<version>" (see SequenceKey)
	outbox  = "outbox"  // commits that wait for their positions in the feeds, keyed as in the journal
	feeds   = "feed"    // feed entries, keyed "<feed>@<position>"
	access  = "access"  // access log; on a whole engine what was written before lines were numbered
	meta    = "meta"    // what the processes of a deployment share, e.g. the key of page tokens
)

// Collections of the access log on a whole engine, see segment.
const (
	accessLines    = "accessLines"    // lines, keyed "access@<number>"
	accessPostings = "accessPostings" // which lines of a segment name an aggregate, keyed "<kind>/<id>@<segment>"
	accessSegments = "accessSegments" // segments whose postings are made, keyed "access@<segment>"
)

// Collections of wrapped keys, which internal/seal keeps.
const (
	GminaKeys = "gminaKeys" // keyed by TERYT
	FileKeys  = "fileKeys"  // keyed by the file's bare id
)

// KeysByGmina lists wrapped keys by the gmina that they belong to, for rotating and checking them.
var KeysByGmina = IndexSpec{Name: "by_gmina", Fields: []string{"gmina"}}

// The fail points: the place right before each step that this package writes.
const (
	PointJournal    FailPoint = "commit/journal"      // the deciding insert of a commit
	PointOutbox     FailPoint = "commit/outbox"       // the commit's row for the relay
	PointRecord     FailPoint = "commit/record"       // each record added by the commit
	PointDocument   FailPoint = "commit/document"     // the document brought up to date
	PointFeed       FailPoint = "relay/feed"          // the deciding insert of a feed entry
	PointOutboxDone FailPoint = "relay/outbox"        // removal of the relayed row
	PointAccess     FailPoint = "access/insert"       // a line of the access log
	PointPosting    FailPoint = "access/posting"      // which lines of a segment name an aggregate
	PointSegment    FailPoint = "access/segment"      // the postings of a segment are made
	PointMeta       FailPoint = "meta/page-token-key" // the shared key of page tokens
	PointSweep      FailPoint = "sweep/mark"          // the instant up to which sweeps have seen all commits
)

// FailPoints are all fail points, in the order of a commit's way into the feed. A step with a point that is not listed here fails the conformance suite.
var FailPoints = []FailPoint{
	PointJournal, PointOutbox, PointRecord, PointDocument, PointFeed, PointOutboxDone, PointAccess, PointPosting, PointSegment, PointMeta, PointSweep,
}

// recordsOf tells to which kind of aggregate a type of record belongs.
var recordsOf = map[RecordType]Kind{
	Visits: FamilyFiles, Contacts: FamilyFiles, Interventions: FamilyFiles, CourtMatters: FamilyFiles, PlanVersions: FamilyFiles,
	Assessments: FamilyFiles, MonitorNotes: FamilyFiles, Corrections: FamilyFiles, ChildPlanDocs: ChildPlans,
}

// Kinds are all kinds of aggregate.
var Kinds = []Kind{FamilyFiles, Referrals, Staff, Institutions, Gminas, Counties, People, Caseloads, ChildPlans, Counters, Subjects}

// Indexes of this package's own that no Query can name.
var (
	journalByRecorded = IndexSpec{Name: "by_recorded", Fields: []string{"recorded_at"}}
	outboxByRecorded  = IndexSpec{Name: "by_recorded", Fields: []string{"recorded_at"}}
	feedByCommit      = IndexSpec{Name: "by_commit", Fields: []string{"commit", "feed"}}
	accessByRef       = IndexSpec{Name: "by_ref", Fields: []string{"refs", "at"}}
	filesByCounty     = IndexSpec{Name: "by_county", Fields: []string{"county", "gmina"}}
	recordsByFile     = IndexSpec{Name: "by_file", Fields: []string{"file", "date"}}
	recordsByGmina    = IndexSpec{Name: "by_gmina", Fields: []string{"gmina", "date"}}   // of a gmina's aggregates
	recordsByCounty   = IndexSpec{Name: "by_county", Fields: []string{"county", "date"}} // of the county's
)

// Specs are all collections with their indexes, as Migrate creates them. Relay and sweep have indexes of their own, which a whole engine does not need; it numbers the
// lines of the access log instead.
func Specs(whole bool) []CollectionSpec {
	specs := []CollectionSpec{
		{Name: journal, Indexes: []IndexSpec{journalByRecorded}},
		{Name: outbox, Indexes: []IndexSpec{outboxByRecorded}},
		{Name: feeds, Indexes: []IndexSpec{feedByCommit}},
		{Name: access, Indexes: []IndexSpec{accessByRef}},
		{Name: meta},
		{Name: GminaKeys, Indexes: []IndexSpec{KeysByGmina}},
		{Name: FileKeys, Indexes: []IndexSpec{KeysByGmina}},
	}
	if whole {
		specs[0].Indexes, specs[1].Indexes, specs[2].Indexes = nil, nil, nil
		specs = append(specs, CollectionSpec{Name: accessLines}, CollectionSpec{Name: accessPostings}, CollectionSpec{Name: accessSegments})
	}
	for _, kind := range Kinds {
		spec := CollectionSpec{Name: string(kind)}
		if kind == FamilyFiles {
			spec.Indexes = append(spec.Indexes, filesByCounty)
		}
		for _, ix := range Indexes {
			if ix.Kind == kind {
				spec.Indexes = append(spec.Indexes, IndexSpec{Name: ix.Name, Fields: ix.Fields})
			}
		}
		specs = append(specs, spec)
	}
	for _, t := range []RecordType{
		Visits, Contacts, Interventions, CourtMatters, PlanVersions, Assessments, ChildPlanDocs, MonitorNotes, Corrections,
	} {
		byTenant := recordsByGmina
		if countyKinds[recordsOf[t]] {
			byTenant = recordsByCounty
		}
		specs = append(specs, CollectionSpec{Name: string(t), Indexes: []IndexSpec{recordsByFile, byTenant}})
	}
	return specs
}
