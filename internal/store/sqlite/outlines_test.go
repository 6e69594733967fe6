package sqlite_test

import (
	"database/sql"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/store"
)

// alter changes the file past every engine.
func (f *file) alter(statements ...string) {
	f.t.Helper()
	db, err := sql.Open("sqlite", "file:"+f.path)
	if err != nil {
		f.t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(f.t.Context(), s); err != nil {
			f.t.Fatal(err)
		}
	}
}

// listed gives the state that a list has, asked with outlines by a process that has nothing at hand, and whether it read an outline.
func (f *file) listed() (state string, outline bool) {
	f.t.Helper()
	st := store.Open(open(f.t, f.path))
	defer st.Close()
	page, err := st.For("2004022").List(f.t.Context(), store.FamilyFiles, store.Query{Index: "by_opened", Outline: true})
	if err != nil || len(page.Hits) != 1 {
		f.t.Fatal(page, err)
	}
	doc := page.Hits[0].Doc
	if doc.Version != f.doc.Version || doc.Gmina != "2004022" || doc.ID != "f" {
		f.t.Errorf("the list has %s of %s in version %d", doc.ID, doc.Gmina, doc.Version)
	}
	_, err = doc.Cover.LookupErr("source") // no list shows it
	return doc.Cover.Lookup("state").StringValue(), err != nil
}

func (f *file) faults() string {
	f.t.Helper()
	st := store.Open(open(f.t, f.path))
	defer st.Close()
	report, err := st.System().Verify(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return strings.Join(report.Faults, "\n")
}

func TestListsReadOutlines(t *testing.T) {
	f := begin(t)
	f.commit("NEW", map[string]any{"a": text("1")})
	f.commit("OPEN", nil)
	lists := func(want string, outline bool, when string) {
		t.Helper()
		if got, thin := f.listed(); got != want || thin != outline {
			t.Errorf("%s: the list has %s (by an outline: %v), want %s (%v)", when, got, thin, want, outline)
		}
	}
	lists("OPEN", true, "after a commit")
	if said := f.faults(); said != "" {
		t.Error(said)
	}
	f.alter(`UPDATE outlines SET version = version - 1`)
	lists("OPEN", false, "with the outline of the version before, as a program leaves it that knows none")
	if said := f.faults(); said != "" {
		t.Errorf("an outline of the version before is no fault: %s", said)
	}
	f.alter(`UPDATE outlines SET version = version + 1, edition = edition + 1`)
	lists("OPEN", false, "with an outline of other facts")
	f.alter(`UPDATE outlined SET edition = edition + 1`)
	st := store.Open(open(t, f.path))
	defer st.Close()
	if err := st.System().Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	lists("OPEN", true, "after a migration")
	f.commit("CLOSED", nil)
	lists("CLOSED", true, "after the next commit")

	f.alter(`UPDATE outlines SET version = version + 1`)
	if said := f.faults(); !strings.Contains(said, "outline") {
		t.Errorf("the outline of a version to come is not noticed: %q", said)
	}
	f.alter(`UPDATE outlines SET version = version - 1`)
	for _, damage := range []string{`CAST(REPLACE(body, 'CLOSED', 'OPENED') AS BLOB)`, `CAST(body AS TEXT)`, `x''`, `CAST(REPLACE(body, 'f', 'g') AS BLOB)`} {
		f.alter(`UPDATE outlines SET body = ` + damage)
		if said := f.faults(); !strings.Contains(said, "outline") {
			t.Errorf("an outline altered to %s is not noticed: %q", damage, said)
		}
	}
	for _, damage := range []string{`CAST('no document' AS TEXT)`, `x''`, `CAST(REPLACE(body, 'f', 'g') AS BLOB)`} {
		f.alter(`UPDATE outlined SET edition = edition + 1`)
		if err := st.System().Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		lists("CLOSED", true, "made anew")
		f.alter(`UPDATE outlines SET body = ` + damage)
		lists("CLOSED", false, "with an outline that is none, or another's: "+damage)
	}
}

// A document that cannot be read keeps nobody from migrating: whoever verifies the store is told of it.
func TestOutlinesDoWithoutADamagedDocument(t *testing.T) {
	f := begin(t)
	f.commit("OPEN", nil)
	f.alter(`UPDATE docs SET body = x'0000000000' WHERE id = 'f'`, `DELETE FROM outlined`)
	st := store.Open(open(t, f.path))
	defer st.Close()
	if err := st.System().Migrate(t.Context()); err != nil {
		t.Error(err)
	}
	if n := f.rows(`SELECT COUNT(*) FROM outlines`); n != 0 {
		t.Errorf("%d outlines of a document that cannot be read", n)
	}
	if said := f.faults(); !strings.Contains(said, "familyFiles/f") {
		t.Errorf("the document is not named: %q", said)
	}
}

// A file that has a table of documents alone, as before there were outlines, has them after a migration; one whose document is deleted has none.
func TestOutlinesGoWithTheirDocuments(t *testing.T) {
	f := begin(t)
	f.commit("OPEN", nil)
	f.alter(`DROP TABLE outlines`, `DROP TABLE outlined`)
	engine := open(t, f.path)
	st := store.Open(engine)
	defer st.Close()
	if got, thin := f.listed(); got != "OPEN" || thin {
		t.Errorf("before the migration the list has %s (by an outline: %v)", got, thin)
	}
	if err := st.System().Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, thin := f.listed(); got != "OPEN" || !thin {
		t.Errorf("after the migration the list has %s (by an outline: %v)", got, thin)
	}
	if err := engine.Write(t.Context(), []store.Step{{Op: store.Delete, Collection: string(store.FamilyFiles), ID: "f"}}); err != nil {
		t.Fatal(err)
	}
	if n := f.rows(`SELECT COUNT(*) FROM outlines`); n != 0 {
		t.Errorf("%d outlines of no document", n)
	}
}

func TestOutlineOf(t *testing.T) {
	doc, err := bson.Marshal(bson.D{
		{Key: "_id", Value: "f"}, {Key: "version", Value: int64(3)}, {Key: "hash", Value: []byte{1}},
		{Key: "cover", Value: bson.D{
			{Key: "number", Value: "AR/1/2026"}, {Key: "source", Value: "SCHOOL"}, {Key: "label", Value: bson.D{{Key: "family_name", Value: "Wzorcowa"}, {Key: "search", Value: bson.A{"wzorcowa"}}}},
			{Key: "children", Value: bson.A{bson.D{{Key: "member", Value: "d1"}, {Key: "left_on", Value: "2026-01-01"}}, "no child", bson.D{{Key: "member", Value: "d2"}}}},
		}},
		{Key: "deadlines", Value: bson.A{bson.D{{Key: "rule", Value: "plan"}, {Key: "open", Value: false}}, bson.D{{Key: "rule", Value: "assessment"}, {Key: "open", Value: true}}}},
		{Key: "sections", Value: bson.D{{Key: "a", Value: text("1")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	outline, err := store.OutlineOf(string(store.FamilyFiles), doc)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"_id": "f","version": {"$numberLong":"3"},"cover": {"number": "AR/1/2026","label": {"family_name": "Wzorcowa"},"children": [{"left_on": "2026-01-01"},{}]},"deadlines": [{"rule": "assessment","open": true}]}`
	if got := outline.String(); got != want || outline.Validate() != nil {
		t.Errorf("%s, want %s", got, want)
	}
	if none, err := store.OutlineOf(string(store.Staff), doc); none != nil || err != nil || store.HasOutline(string(store.Staff)) {
		t.Errorf("an outline where no list shows one: %v, %v", none, err)
	}
}
