package server

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"google.golang.org/protobuf/testing/protocmp"

	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
)

// A line of the list and the object rules say of an outline what they say of the whole file, whatever it holds: store.outlineFacts has every fact that they look at.
func TestOutlinesHaveWhatALineShows(t *testing.T) {
	var cover familyfile.Cover
	fill(reflect.ValueOf(&cover).Elem())
	inCare := cover.Children[0]
	inCare.CareEndedOn, inCare.LeftOn, inCare.Coordinator = calendar.Date{}, calendar.Date{}, "somebody else"
	cover.Children = append(cover.Children, inCare)
	closed, open := deadline.Deadline{}, deadline.Deadline{}
	fill(reflect.ValueOf(&closed).Elem())
	fill(reflect.ValueOf(&open).Elem())
	closed.Open, open.Open, open.ClosedOn, open.Rule = false, true, calendar.Date{}, deadline.RulePlan
	full := &store.Document{ID: "f", Kind: store.FamilyFiles, Gmina: "2004022", County: "2004", Version: 7, Cover: marshal(t, cover)}
	typ, value, err := bson.MarshalValue([]deadline.Deadline{closed, open})
	if err != nil {
		t.Fatal(err)
	}
	full.Deadlines = bson.RawValue{Type: typ, Value: value}

	outline, err := store.OutlineOf(string(store.FamilyFiles), marshal(t, full))
	if err != nil {
		t.Fatal(err)
	}
	var thin store.Document
	if err := bson.Unmarshal(outline, &thin); err != nil {
		t.Fatal(err)
	}
	if len(thin.Cover) > len(full.Cover)/2 {
		t.Errorf("the outline's cover has %d bytes, the file's %d", len(thin.Cover), len(full.Cover))
	}
	s := &Server{deps: rpc.Deps{Clock: func() time.Time { return time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC) }}}
	of, thinOf := lineOf(t, full), lineOf(t, &thin)
	if diff := cmp.Diff(of.file.Cover.Parties(), thinOf.file.Cover.Parties()); diff != "" {
		t.Errorf("the parties differ: %s", diff)
	}
	want, err := s.summary(of)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.summary(thinOf)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("the line differs: %s", diff)
	}
	for name, f := range map[string]filter{
		"state": {state: cover.State}, "assistant": {assistant: cover.Assistant}, "social worker": {socialWorker: cover.SocialWorker}, "body": {body: cover.ContractedBody},
		"opened": {from: cover.OpenedOn, to: cover.OpenedOn},
	} {
		if !f.fits(of.file.Cover) || !f.fits(thinOf.file.Cover) {
			t.Errorf("by %s the outline or the file itself is not found", name)
		}
	}
}

func lineOf(t *testing.T, doc *store.Document) loaded {
	t.Helper()
	cover, err := rpc.Part[familyfile.Cover](doc, doc.Cover)
	if err != nil {
		t.Fatal(err)
	}
	return loaded{doc: doc, file: casefile.File{Cover: cover}}
}

func marshal(t *testing.T, v any) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// fill gives every field something that is not its zero.
func fill(v reflect.Value) {
	if v.Type() == reflect.TypeFor[calendar.Date]() {
		v.Set(reflect.ValueOf(calendar.MustParse("2026-03-02")))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("something")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(2)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	}
}
