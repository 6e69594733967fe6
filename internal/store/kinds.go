package store

// Kind names a kind of aggregate; each has a collection of documents of its name.
type Kind string

// The kinds of aggregate.
const (
	FamilyFiles  Kind = "familyFiles"  // gmina: everything of a family's service
	Referrals    Kind = "referrals"    // gmina: information about a family until it is answered (steps 1 to 7)
	Staff        Kind = "staff"        // gmina: employment of a person with roles
	Institutions Kind = "institutions" // gmina: partner institutions
	Gminas       Kind = "gminas"       // county: settings of a gmina; id = TERYT
	Counties     Kind = "counties"     // county: id = four digits
	People       Kind = "people"       // county: login subjects, county roles
	Caseloads    Kind = "caseloads"    // county: places taken with one assistant; id = person
	ChildPlans   Kind = "childPlans"   // county: help plan of a child in foster care (PCPR)
	Counters     Kind = "counters"     // gmina: running file numbers of a year; the id names the gmina too
	Subjects     Kind = "subjects"     // county: who holds a login subject; id = hash of the subject, so that two people never hold one
)

// familyData tells the kinds whose reading is noted in the access log.
var familyData = map[Kind]bool{FamilyFiles: true, Referrals: true, ChildPlans: true}

// HoldsFamilyData tells whether reading aggregates of a kind is noted in the access log.
func HoldsFamilyData(k Kind) bool { return familyData[k] }

// countyKinds are the kinds that belong to the county and not to a gmina.
var countyKinds = map[Kind]bool{Gminas: true, Counties: true, People: true, Caseloads: true, ChildPlans: true, Subjects: true}

// RecordType names a collection of records.
type RecordType string

// The types of record.
const (
	Visits        RecordType = "visits"        // work-card entries
	Contacts      RecordType = "contacts"      // contact log
	Interventions RecordType = "interventions" // step 16
	CourtMatters  RecordType = "courtMatters"  // notices and opinions to a court
	PlanVersions  RecordType = "planVersions"  // adopted versions of the plan of work
	Assessments   RecordType = "assessments"   // received periodic assessments
	ChildPlanDocs RecordType = "childPlanDocs" // published versions of child help plans
	MonitorNotes  RecordType = "monitorNotes"  // monitoring after the work ends
	Corrections   RecordType = "corrections"   // corrections of day 0, consent, assignment
)

// Index declares one way to list documents of a kind: paths into the document, the tenant first. A path may lead through one array; then each element counts
// (several paths through the same array go element by element).
type Index struct {
	Name   string
	Kind   Kind
	Scope  Tenant
	Fields []string
}

// Tenant says which scope an index serves and so what its first value is.
type Tenant int

// Tenants of an index.
const (
	ByGmina       Tenant = iota // first field "gmina", value put in by For
	ByCounty                    // first field "county", value put in by ForCounty
	ByCoordinator               // first field "audience", value put in by ForCoordinator
	BySystem                    // no tenant field; System only
)

// Indexes are all ways to list aggregates. A list that no index here serves cannot be asked for. Paths below "cover" name BSON fields of the kind's cover.
var Indexes = []Index{
	{Name: "by_state", Kind: FamilyFiles, Scope: ByGmina, Fields: []string{"gmina", "cover.state", "cover.opened_on"}},
	{Name: "by_opened", Kind: FamilyFiles, Scope: ByGmina, Fields: []string{"gmina", "cover.opened_on"}},
	{Name: "by_assistant", Kind: FamilyFiles, Scope: ByGmina, Fields: []string{"gmina", "cover.assistant", "cover.state", "cover.opened_on"}},
	{Name: "by_assistant_opened", Kind: FamilyFiles, Scope: ByGmina, Fields: []string{"gmina", "cover.assistant", "cover.opened_on"}},
	{Name: "by_social_worker", Kind: FamilyFiles, Scope: ByGmina, Fields: []string{"gmina", "cover.social_worker", "cover.state", "cover.opened_on"}},
	{Name: "by_social_worker_opened", Kind: FamilyFiles, Scope: ByGmina, Fields: []string{"gmina", "cover.social_worker", "cover.opened_on"}},
	{Name: "by_body", Kind: FamilyFiles, Scope: ByGmina, Fields: []string{"gmina", "cover.contracted_body", "cover.state", "cover.opened_on"}},
	{Name: "by_body_opened", Kind: FamilyFiles, Scope: ByGmina, Fields: []string{"gmina", "cover.contracted_body", "cover.opened_on"}},
	{Name: "by_search", Kind: FamilyFiles, Scope: ByGmina, Fields: []string{"gmina", "cover.label.search"}},
	{Name: "by_pesel", Kind: FamilyFiles, Scope: ByGmina, Fields: []string{"gmina", "cover.pesel_hashes"}},
	{Name: "by_due", Kind: FamilyFiles, Scope: ByGmina, Fields: []string{"gmina", "deadlines.open", "deadlines.due"}},
	{Name: "by_person_due", Kind: FamilyFiles, Scope: ByGmina, Fields: []string{"gmina", "deadlines.person", "deadlines.open", "deadlines.due"}},
	{Name: "by_audience", Kind: FamilyFiles, Scope: ByCoordinator, Fields: []string{"audience", "cover.opened_on"}},
	{Name: "by_state", Kind: Referrals, Scope: ByGmina, Fields: []string{"gmina", "cover.state", "cover.received_on"}},
	{Name: "by_received", Kind: Referrals, Scope: ByGmina, Fields: []string{"gmina", "cover.received_on"}},
	{Name: "by_social_worker", Kind: Referrals, Scope: ByGmina, Fields: []string{"gmina", "cover.social_worker", "cover.state", "cover.received_on"}},
	{Name: "by_body", Kind: Referrals, Scope: ByGmina, Fields: []string{"gmina", "cover.contracted_body", "cover.state", "cover.received_on"}},
	{Name: "by_search", Kind: Referrals, Scope: ByGmina, Fields: []string{"gmina", "cover.label.search"}},
	{Name: "by_pesel", Kind: Referrals, Scope: ByGmina, Fields: []string{"gmina", "cover.pesel_hashes"}},
	{Name: "by_due", Kind: Referrals, Scope: ByGmina, Fields: []string{"gmina", "deadlines.open", "deadlines.due"}},
	{Name: "by_person_due", Kind: Referrals, Scope: ByGmina, Fields: []string{"gmina", "deadlines.person", "deadlines.open", "deadlines.due"}},
	{Name: "pending", Kind: Referrals, Scope: BySystem, Fields: []string{"cover.state", "cover.received_on"}},
	{Name: "by_role", Kind: Staff, Scope: ByGmina, Fields: []string{"gmina", "cover.roles", "cover.active_from"}},
	{Name: "by_person", Kind: Staff, Scope: BySystem, Fields: []string{"cover.person"}},
	{Name: "all", Kind: Staff, Scope: ByGmina, Fields: []string{"gmina", "cover.display_name"}},
	{Name: "all", Kind: Institutions, Scope: ByGmina, Fields: []string{"gmina", "cover.display_name"}},
	{Name: "all", Kind: Gminas, Scope: ByCounty, Fields: []string{"county", "cover.display_name"}},
	{Name: "all", Kind: People, Scope: ByCounty, Fields: []string{"county", "cover.display_name"}},
	{Name: "by_role", Kind: People, Scope: ByCounty, Fields: []string{"county", "cover.county_roles", "cover.display_name"}},
	{Name: "by_subject", Kind: People, Scope: BySystem, Fields: []string{"cover.subjects"}},
	{Name: "all", Kind: Caseloads, Scope: ByCounty, Fields: []string{"county", "cover.taken"}},
	{Name: "reserved", Kind: Caseloads, Scope: BySystem, Fields: []string{"cover.oldest_reservation"}},
	{Name: "by_coordinator", Kind: ChildPlans, Scope: ByCounty, Fields: []string{"county", "cover.coordinator", "cover.updated_on"}},
	{Name: "by_file", Kind: ChildPlans, Scope: ByCounty, Fields: []string{"county", "cover.family_file", "cover.child"}},
	{Name: "pending", Kind: ChildPlans, Scope: BySystem, Fields: []string{"cover.pending", "cover.updated_on"}},
	{Name: "all", Kind: Counties, Scope: BySystem, Fields: []string{"county"}},
}
