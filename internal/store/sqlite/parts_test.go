package sqlite_test

import (
	"bytes"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"asysta.example/internal/store"
	"asysta.example/internal/store/sqlite"
)

func TestJoinUndoesSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOf(rapid.String())
		whole, err := bson.Marshal(bson.D{{Key: "_id", Value: "a"}, {Key: "texts", Value: texts.Draw(t, "texts")}, {Key: "last", Value: bson.D{{Key: "texts", Value: texts.Draw(t, "last")}}}})
		if err != nil {
			t.Fatal(err)
		}
		elements, err := bson.Raw(whole).Elements()
		if err != nil {
			t.Fatal(err)
		}
		body, part := sqlite.Split(whole, len(whole)-1-len(elements[2]))
		if bson.Raw(body).Validate() != nil || bson.Raw(body).Lookup("last").Type != 0 {
			t.Fatalf("without its last element the document is %v", bson.Raw(body))
		}
		if again := sqlite.Join(body, part); !bytes.Equal(again, whole) {
			t.Fatalf("together again: %v, want %v", bson.Raw(again), bson.Raw(whole))
		}
	})
}

// file is a county's file with one family file, which commits change.
type file struct {
	t     *testing.T
	path  string
	scope store.Scope
	doc   *store.Document
}

func begin(t *testing.T) *file {
	t.Helper()
	path := filepath.Join(t.TempDir(), "asysta.db")
	st := store.Open(open(t, path))
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := st.System().Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := st.For("2004022")
	return &file{t: t, path: path, scope: s, doc: s.New(store.Ref{Kind: store.FamilyFiles, ID: "f"})}
}

func (f *file) commit(state string, sections map[string]any) {
	f.t.Helper()
	doc, _, err := f.scope.Commit(f.t.Context(), f.doc, store.Change{
		Actor: store.Actor{Person: "p", Role: "HEAD"}, Method: "/m", RecordedAt: time.Now(), Cover: bson.D{{Key: "state", Value: state}, {Key: "source", Value: "SCHOOL"}, {Key: "opened_on", Value: "2026-01-01"}},
		Sections: sections,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.doc = doc
}

// holds compares what another process reads of the file.
func (f *file) holds(state string, sections map[string]string) {
	f.t.Helper()
	st := store.Open(open(f.t, f.path))
	defer st.Close()
	doc, err := st.For("2004022").Load(f.t.Context(), f.doc.Ref())
	if err != nil {
		f.t.Fatal(err)
	}
	got := map[string]string{}
	for name, section := range doc.Sections {
		got[name] = section.Lookup("text").StringValue()
	}
	if said := doc.Cover.Lookup("state").StringValue(); said != state || !cmp.Equal(got, sections) {
		f.t.Errorf("the file is %s with %v, want %s with %v", said, got, state, sections)
	}
	report, err := st.System().Verify(f.t.Context())
	if err != nil || len(report.Faults) > 0 {
		f.t.Errorf("verify: %v, %v", report.Faults, err)
	}
}

func (f *file) rows(query string) (n int) {
	f.t.Helper()
	db, err := sql.Open("sqlite", "file:"+f.path)
	if err != nil {
		f.t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(f.t.Context(), query).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

func text(s string) bson.D { return bson.D{{Key: "text", Value: s}} }

func TestSectionsAreKeptApart(t *testing.T) {
	f := begin(t)
	f.commit("NEW", nil)
	f.holds("NEW", map[string]string{})
	f.commit("OPEN", map[string]any{"a": text("1")})
	f.holds("OPEN", map[string]string{"a": "1"})
	f.commit("CLOSED", nil)
	f.holds("CLOSED", map[string]string{"a": "1"})
	f.commit("CLOSED", map[string]any{"a": text("2"), "b": text("3")})
	f.holds("CLOSED", map[string]string{"a": "2", "b": "3"})
	if n := f.rows(`SELECT COUNT(*) FROM parts`); n != 1 {
		t.Errorf("%d parts for one document", n)
	}
	f.commit("CLOSED", map[string]any{"a": nil, "b": nil})
	f.holds("CLOSED", map[string]string{})
	if n := f.rows(`SELECT COUNT(*) FROM parts`); n != 0 {
		t.Errorf("%d parts where no document has sections", n)
	}
}

// A file that was made before sections were kept apart has whole documents, no table of parts and no index of versions.
func TestAFileOfTheFormBefore(t *testing.T) {
	f := begin(t)
	f.commit("OPEN", map[string]any{"a": text("1")})
	db, err := sql.Open("sqlite", "file:"+f.path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var rid int64
	var body, part []byte
	if err := db.QueryRowContext(t.Context(), `SELECT rid, docs.body, parts.body FROM docs JOIN parts USING (rid)`).Scan(&rid, &body, &part); err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{`DROP TABLE parts`, `DROP TABLE revision`, `DROP INDEX versions`} {
		if _, err := db.ExecContext(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE docs SET body = ? WHERE rid = ?`, sqlite.Join(body, part), rid); err != nil {
		t.Fatal(err)
	}
	st := store.Open(open(t, f.path))
	defer st.Close()
	f.scope = st.For("2004022")
	if f.doc, err = f.scope.Load(t.Context(), f.doc.Ref()); err != nil {
		t.Fatal(err)
	}
	f.holds("OPEN", map[string]string{"a": "1"})
	if n := f.rows(`SELECT COUNT(*) FROM docs INDEXED BY versions WHERE version > 0`); n == 0 {
		t.Error("no document has its version in the index")
	}
	f.commit("CLOSED", nil) // the section stays as it is
	f.holds("CLOSED", map[string]string{"a": "1"})
}
