package bsonform_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"asysta.example/internal/bsonform"
	"asysta.example/internal/calendar"
	"asysta.example/internal/deadline"
	"asysta.example/internal/directory"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/store"
	"asysta.example/services/casefile"
	"asysta.example/services/casefile/caseload"
	"asysta.example/services/casefile/workcard"
	"asysta.example/services/planning"
	"asysta.example/services/referral"
)

// loner has what the stored types do not have yet.
type loner struct {
	I8      int8  `bson:"i8"`
	I16     int16 `bson:",omitempty"`
	I64     int64 `bson:"i64,omitempty"`
	F       float64
	B       bool              `bson:"b,omitempty"`
	At      *time.Time        `bson:"at"`
	Absent  *time.Time        `bson:"absent,omitempty"`
	Raw     bson.Raw          `bson:"raw,omitempty"`
	Map     map[string]string `bson:"map,omitempty"`
	Any     any               `bson:"any,omitempty"`
	Skipped string            `bson:"-"`
	Deep    struct {
		inner `bson:",inline"`
		More  []inner `bson:"more,omitempty"`
	} `bson:"deep"`
	Self  *loner         `bson:"self,omitempty"`
	Bytes []byte         `bson:"bytes"`
	Extra map[string]any `bson:",inline"`
}

type inner struct {
	Name string        `bson:"name"`
	On   calendar.Date `bson:"on,omitempty"`
}

// stored are the types that a form is used for.
var stored = []any{
	familyfile.Cover{}, deadline.Deadline{}, casefile.Section{}, workcard.Card{}, workcard.Visit{}, workcard.Contact{}, workcard.InterventionNote{}, workcard.CourtEntry{},
	planning.Section{}, planning.VersionRecord{}, planning.Assessment{}, planning.ChildPlan{}, referral.Referral{}, caseload.Caseload{},
	directory.Gmina{}, directory.Staff{}, directory.Person{}, directory.Institution{}, directory.County{}, store.Access{}, store.Request{}, store.FeedEntry{}, store.StoredRecord{}, loner{},
}

// draw fills a value: lists of up to two, everything set as often as not.
func draw(r *rand.Rand, v reflect.Value, depth int) {
	if r.IntN(3) == 0 && depth > 0 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		switch p := v.Addr().Interface().(type) {
		case *calendar.Date:
			*p = calendar.MustOf(2020, 1, 1).AddDays(r.IntN(3000))
			return
		case *time.Time:
			*p = time.UnixMilli(r.Int64N(1 << 42)).UTC()
			return
		case *bson.RawValue:
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				draw(r, v.Field(i), depth+1)
			}
		}
	case reflect.String:
		v.SetString(fmt.Sprintf("żółw-%d", r.IntN(100)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Int8:
		n := r.Int64() >> r.IntN(64)
		if v.OverflowInt(n) {
			n = 7
		}
		v.SetInt(n)
	case reflect.Float64:
		v.SetFloat(r.Float64())
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[bson.Raw]() {
			v.SetBytes(must(bson.Marshal(bson.D{{Key: "a", Value: "b"}})))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 2))
		for range r.IntN(3) {
			e := reflect.New(v.Type().Elem()).Elem()
			if e.Kind() == reflect.Uint8 {
				e.SetUint(uint64(r.IntN(256)))
			} else if depth < 8 {
				draw(r, e, depth+1)
			}
			v.Set(reflect.Append(v, e))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		if r.IntN(2) == 0 && v.Type().Elem().Kind() == reflect.Interface {
			v.SetMapIndex(reflect.ValueOf("future").Convert(v.Type().Key()), reflect.ValueOf("x"))
		}
	case reflect.Pointer:
		if depth < 4 {
			v.Set(reflect.New(v.Type().Elem()))
			draw(r, v.Elem(), depth+1)
		}
	}
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

var alike = cmp.Options{cmp.Exporter(func(reflect.Type) bool { return true })}

// What is written is, byte by byte, what the driver writes, and what is read is what the driver reads, empty lists and absent ones told apart.
func TestAsTheDriver(t *testing.T) {
	for _, sample := range stored {
		typ := reflect.TypeOf(sample)
		t.Run(typ.String(), func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			for range 400 {
				p := reflect.New(typ)
				draw(r, p.Elem(), 0)
				want, err := bson.Marshal(p.Interface())
				if err != nil {
					if _, err := bsonform.Marshal(p.Interface()); err == nil {
						t.Fatal("written, though the driver refuses it")
					}
					continue
				}
				for _, v := range []any{p.Interface(), p.Elem().Interface()} {
					got, err := bsonform.Marshal(v)
					if err != nil || !bytes.Equal(got, want) {
						t.Fatalf("%v\n%s\n%s", err, bson.Raw(got), bson.Raw(want))
					}
				}
				sameRead(t, typ, want)
				sameRead(t, typ, spoil(r, want))
			}
		})
	}
}

// sameRead compares what the two make of a document: the value, or that there is none.
func sameRead(t *testing.T, typ reflect.Type, raw []byte) {
	t.Helper()
	ours, theirs := reflect.New(typ), reflect.New(typ)
	err, want := bsonform.Unmarshal(raw, ours.Interface()), bson.Unmarshal(raw, theirs.Interface())
	if (err == nil) != (want == nil) {
		t.Fatalf("%v, the driver says %v\n%s", err, want, bson.Raw(raw))
	}
	if d := cmp.Diff(theirs.Interface(), ours.Interface(), alike); err == nil && d != "" {
		t.Fatalf("%s\n%s", d, bson.Raw(raw))
	}
}

// spoil makes another document of one: elements dropped, in another order, of another type, unknown, or bytes that were changed.
func spoil(r *rand.Rand, raw []byte) []byte {
	if r.IntN(4) == 0 {
		out := bytes.Clone(raw)
		out[4+r.IntN(len(out)-4)] ^= byte(1 << r.IntN(8))
		return out[:len(out)-r.IntN(2)]
	}
	elements, err := bson.Raw(raw).Elements()
	if err != nil {
		panic(err)
	}
	d := bson.D{}
	for _, e := range elements {
		switch r.IntN(8) {
		case 0:
		case 1:
			d = append(d, bson.E{Key: e.Key(), Value: []any{nil, int32(3), int64(1) << 40, 2.0, "text", true, bson.A{}, bson.D{}, bson.Binary{Subtype: 2, Data: []byte{1}}, bson.NewObjectID()}[r.IntN(10)]})
		case 2:
			d = append(bson.D{{Key: e.Key(), Value: e.Value()}}, d...)
		case 3:
			d = append(d, bson.E{Key: "unknown" + e.Key(), Value: e.Value()})
		default:
			d = append(d, bson.E{Key: e.Key(), Value: e.Value()})
		}
	}
	return must(bson.Marshal(d))
}

// structsOf gives a struct and those inside it, each once.
func structsOf(t reflect.Type, into map[reflect.Type]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		structsOf(t.Elem(), into)
	case reflect.Struct:
		if into[t] || t.NumField() == 0 || t == reflect.TypeFor[time.Time]() {
			return
		}
		into[t] = true
		for i := range t.NumField() {
			structsOf(t.Field(i).Type, into)
		}
	}
}

// A tag says what the driver knows of: an option that it does not know, as omitzero, is one that it does not follow. What is empty is then not stored where the tag says so.
func TestWhatIsEmptyIsNotStored(t *testing.T) {
	all := map[reflect.Type]bool{}
	for _, sample := range stored {
		structsOf(reflect.TypeOf(sample), all)
	}
	known, omitted := []string{"", "omitempty", "inline"}, 0
	for typ := range all {
		raw, err := bsonform.Marshal(reflect.New(typ).Interface())
		if err != nil {
			continue // no document by itself, such as a date
		}
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("bson"), ",")
			for option := range strings.SplitSeq(options, ",") {
				if !slices.Contains(known, option) {
					t.Errorf("%s.%s: the driver does not know the option %q", typ, f.Name, option)
				}
				if option != "omitempty" || name == "" {
					continue
				}
				omitted++
				if _, err := bson.Raw(raw).LookupErr(name); err == nil {
					t.Errorf("%s.%s is stored where it is empty", typ, f.Name)
				}
			}
		}
	}
	if omitted < 50 {
		t.Errorf("only %d fields are left out where they are empty", omitted)
	}
}

// Documents written before dates were left out have empty texts in their places, and read the same.
func TestAnEmptyTextReadsAsNoDate(t *testing.T) {
	want := familyfile.Cover{Number: "AR/1/2026", Children: []familyfile.Child{{Member: "d1", BornOn: calendar.MustOf(2019, 1, 18)}}}
	old := bson.D{{Key: "number", Value: "AR/1/2026"}, {Key: "day0", Value: ""}, {Key: "closed_on", Value: ""}, {Key: "children", Value: bson.A{
		bson.D{{Key: "member", Value: "d1"}, {Key: "born_on", Value: "2019-01-18"}, {Key: "in_care_since", Value: ""}, {Key: "left_on", Value: ""}},
	}}}
	for name, raw := range map[string][]byte{"as it was": must(bson.Marshal(old)), "as it is": must(bsonform.Marshal(want))} {
		var ours, theirs familyfile.Cover
		if err := errors.Join(bsonform.Unmarshal(raw, &ours), bson.Unmarshal(raw, &theirs)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, got := range []familyfile.Cover{ours, theirs} {
			got.Label.Search, got.Terms = nil, familyfile.Terms{}
			if d := cmp.Diff(want, got, alike); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
	}
}

func TestValues(t *testing.T) {
	terms := []deadline.Deadline{{Rule: "plan", Due: calendar.MustOf(2026, 1, 31), Open: true}, {Rule: "visit"}}
	for _, list := range [][]deadline.Deadline{terms, {}, nil} {
		wantType, want, err := bson.MarshalValue(list)
		if err != nil {
			t.Fatal(err)
		}
		typ, got, err := bsonform.MarshalValue(list)
		if err != nil || typ != wantType || !bytes.Equal(got, want) {
			t.Fatalf("%v %s %x, want %s %x", err, typ, got, wantType, want)
		}
		var ours, theirs []deadline.Deadline
		raw := bson.RawValue{Type: typ, Value: got}
		if err := bsonform.UnmarshalValue(raw, &ours); err != nil {
			t.Fatal(err)
		}
		if err := raw.Unmarshal(&theirs); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(theirs, ours, alike); d != "" {
			t.Error(d)
		}
	}
}

// A value that was read does not change when the bytes do.
func TestValueIsItsOwn(t *testing.T) {
	raw := must(bson.Marshal(loner{Bytes: []byte("abc"), Raw: must(bson.Marshal(bson.D{{Key: "a", Value: 1}})), Extra: map[string]any{"x": "y"}, Self: &loner{Any: "any"}}))
	var before, after loner
	for _, v := range []*loner{&before, &after} {
		if err := bsonform.Unmarshal(raw, v); err != nil {
			t.Fatal(err)
		}
	}
	clear(raw)
	if d := cmp.Diff(before, after, alike); d != "" || string(after.Bytes) != "abc" || after.Extra["x"] != "y" {
		t.Error(d, after)
	}
}

func FuzzUnmarshal(f *testing.F) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, sample := range stored {
		p := reflect.New(reflect.TypeOf(sample))
		draw(r, p.Elem(), 0)
		f.Add(must(bson.Marshal(p.Interface())))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		for _, sample := range []any{familyfile.Cover{}, planning.Section{}, loner{}} {
			sameRead(t, reflect.TypeOf(sample), raw)
		}
	})
}

func BenchmarkUnmarshalCover(b *testing.B) {
	p := reflect.New(reflect.TypeFor[familyfile.Cover]())
	draw(rand.New(rand.NewPCG(5, 6)), p.Elem(), 0)
	raw := must(bson.Marshal(p.Interface()))
	for name, unmarshal := range map[string]func([]byte, any) error{"driver": bson.Unmarshal, "form": bsonform.Unmarshal} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				var c familyfile.Cover
				if err := unmarshal(raw, &c); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMarshalCover(b *testing.B) {
	p := reflect.New(reflect.TypeFor[familyfile.Cover]())
	draw(rand.New(rand.NewPCG(5, 6)), p.Elem(), 0)
	for name, marshal := range map[string]func(any) ([]byte, error){"driver": bson.Marshal, "form": bsonform.Marshal} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := marshal(p.Interface()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
