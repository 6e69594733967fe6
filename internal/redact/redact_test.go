package redact_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/dynamicpb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	_ "asysta.example/proto/gen/asysta/directory/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	optionsv1 "asysta.example/proto/gen/asysta/options/v1"
	_ "asysta.example/proto/gen/asysta/planning/v1"
	_ "asysta.example/proto/gen/asysta/referral/v1"
	_ "asysta.example/proto/gen/asysta/reporting/v1"

	"asysta.example/internal/redact"
)

// deep is how far messages are filled that hold messages of their own type.
const deep = 5

// filler fills every field of a message with a marker that tells whose value it is.
type filler struct {
	hidden map[string]string // markers that must not survive, with their field
	shown  int
	n      int
}

func (f *filler) fill(m protoreflect.Message, visible bool, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if depth == 0 && fd.Message() != nil {
			continue
		}
		visible := visible && redactable(fd)
		switch {
		case fd.IsMap():
			entries := m.Mutable(fd).Map()
			entries.Set(f.scalar(fd.MapKey(), false).MapKey(), f.value(fd.MapValue(), entries.NewValue(), false, depth))
		case fd.IsList():
			list := m.Mutable(fd).List()
			list.Append(f.value(fd, list.NewElement(), visible, depth))
			list.Append(f.value(fd, list.NewElement(), visible, depth))
		default:
			m.Set(fd, f.value(fd, m.NewField(fd), visible, depth))
		}
	}
}

func (f *filler) value(fd protoreflect.FieldDescriptor, empty protoreflect.Value, visible bool, depth int) protoreflect.Value {
	if fd.Message() != nil {
		f.fill(empty.Message(), visible, depth-1)
		return empty
	}
	return f.scalar(fd, visible)
}

// redactable reads the option itself, by another road than the package under test: the field says public or internal, or it is a message of the contract that
// leaves it to its fields, or it belongs to a date or an instant.
func redactable(fd protoreflect.FieldDescriptor) bool {
	if p := fd.Parent().FullName(); p == "google.type.Date" || p == "google.protobuf.Timestamp" || p == "google.protobuf.Duration" {
		return true
	}
	s, _ := proto.GetExtension(fd.Options(), optionsv1.E_Sensitivity).(optionsv1.Sensitivity)
	if s == optionsv1.Sensitivity_SENSITIVITY_UNSPECIFIED {
		return fd.Message() != nil && strings.HasPrefix(string(fd.Message().FullName()), "asysta.")
	}
	return s <= optionsv1.Sensitivity_SENSITIVITY_INTERNAL
}

// scalar gives a value that no other field has. A text is a marker in every field: also what is public is free text when somebody typed it.
func (f *filler) scalar(fd protoreflect.FieldDescriptor, visible bool) protoreflect.Value {
	f.n++
	number := 700_000_000 + int64(f.n)
	if visible && fd.Kind() != protoreflect.StringKind && fd.Kind() != protoreflect.BytesKind {
		f.shown++
	} else {
		f.hidden[fmt.Sprint(number)] = string(fd.FullName())
	}
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(number))
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return protoreflect.ValueOfInt32(int32(number))
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return protoreflect.ValueOfUint32(uint32(number))
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return protoreflect.ValueOfInt64(number)
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return protoreflect.ValueOfUint64(uint64(number))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(float32(number))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(number))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(fmt.Append(nil, "Żółkiewska ", number))
	default:
		return protoreflect.ValueOfString(fmt.Sprintf("Żółkiewska %d", number))
	}
}

// messages gives every message of the contract.
func messages(t *testing.T) []protoreflect.MessageDescriptor {
	t.Helper()
	var all []protoreflect.MessageDescriptor
	var add func(protoreflect.MessageDescriptors)
	add = func(ms protoreflect.MessageDescriptors) {
		for i := range ms.Len() {
			if !ms.Get(i).IsMapEntry() {
				all = append(all, ms.Get(i))
			}
			add(ms.Get(i).Messages())
		}
	}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(string(f.Package()), "asysta.") {
			add(f.Messages())
		}
		return true
	})
	if len(all) < 200 {
		t.Fatalf("only %d messages: the contract is not linked", len(all))
	}
	return all
}

func TestNothingBeyondInternalSurvivesInAnyMessage(t *testing.T) {
	hidden, shown := 0, 0
	for _, d := range messages(t) {
		f := &filler{hidden: map[string]string{}}
		m := dynamicpb.NewMessage(d)
		f.fill(m, true, deep)
		m.SetUnknown(protoreflect.RawFields{0xfa, 0xff, 0x07, 0x02, 'x', 'y'})
		hidden, shown = hidden+len(f.hidden), shown+f.shown
		got := redact.Message(m)
		wire, err := proto.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(wire, []byte("xy")) {
			t.Errorf("%s: an unknown field survives", d.FullName())
		}
		text := prototext.Format(got) + protojson.Format(got) + redact.Log(m).LogValue().String() + string(wire)
		if strings.Contains(text, "lkiewska") {
			t.Errorf("%s: a text that somebody typed survives", d.FullName())
		}
		for marker, field := range f.hidden {
			if strings.Contains(text, marker) {
				t.Errorf("%s: the value of %s survives", d.FullName(), field)
			}
		}
		onlyShown(t, got.ProtoReflect())
	}
	t.Logf("%d values to be hidden, %d to be shown, in %d messages", hidden, shown, len(messages(t)))
	if shown < 1000 || hidden < 1000 {
		t.Errorf("%d values shown, %d hidden: the filler does not fill", shown, hidden)
	}
}

// onlyShown looks at every field that is set, so that values without a marker (bool) are watched too.
func onlyShown(t *testing.T, m protoreflect.Message) {
	t.Helper()
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if !redactable(fd) || fd.IsMap() {
			t.Errorf("%s is set", fd.FullName())
		}
		if fd.Message() == nil || fd.IsMap() {
			return true
		}
		if !fd.IsList() {
			onlyShown(t, v.Message())
			return true
		}
		for i := range v.List().Len() {
			onlyShown(t, v.List().Get(i).Message())
		}
		return true
	})
}

func TestUnclassifiedIsSecret(t *testing.T) {
	// The options themselves carry no sensitivity: none of their own scalars may show.
	perm := &optionsv1.Permission{Resource: "1", Mutation: true, Tenant: optionsv1.Tenant_TENANT_GMINA}
	if got := redact.Message(perm); !proto.Equal(got, &optionsv1.Permission{}) {
		t.Errorf("unclassified fields survive: %v", got)
	}
}

func TestWhatIsShownOfAMessage(t *testing.T) {
	in := &casefilev1.Visit{
		Name: "gminas/3024035/familyFiles/01k9zzzzzzzzzzzzzzzzzzzzzz/visits/01k9zzzzzzzzzzzzzzzzzzzzzy", Kind: 2, PlaceNote: "u Kowalskich", FromTimeOfDay: "09:30",
		MemberIds: []string{"3", "44051401458", "Anna"},
	}
	want := &casefilev1.Visit{Name: in.GetName(), Kind: 2, FromTimeOfDay: "09:30", MemberIds: []string{"3", redact.Withheld, redact.Withheld}}
	if diff := cmp.Diff(want, redact.Message(in), protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	if got := redact.Message(&casefilev1.Visit{Name: "gminas/3024035/familyFiles/44051401458"}).(*casefilev1.Visit).GetName(); got != redact.Withheld { //nolint:forcetypeassert // Message keeps the type
		t.Errorf("a PESEL in a name shows: %q", got)
	}
	if redact.Message(nil) != nil {
		t.Error("nil is not nil")
	}
	if got := redact.Message(&familyv1.Address{}); !proto.Equal(got, &familyv1.Address{}) {
		t.Errorf("nothing becomes %v", got)
	}
}

func TestLogWritesJSON(t *testing.T) {
	var b bytes.Buffer
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", slog.Any("request", redact.Log(&casefilev1.Visit{PlaceNote: "u Kowalskich", FromTimeOfDay: "09:30"})))
	if !strings.Contains(b.String(), `"request":{"fromTimeOfDay":"09:30"}`) {
		t.Errorf("%s", b.String())
	}
}

func TestText(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":          {"store: commit: context deadline exceeded", "store: commit: context deadline exceeded"},
		"quoted":         {`parsing "44051401458": invalid syntax`, "parsing …: invalid syntax"},
		"single quotes":  {`near 'Anna Kowalska': syntax error`, "near …: syntax error"},
		"open quote":     {`near "Anna Kowalska`, "near …"},
		"polish quotes":  {"pole „Anna Kowalska” jest", "pole … jest"},
		"duplicate key":  {`E11000 duplicate key error collection: asysta.people index: by_pesel dup key: { pesel: "44051401458", of: { a: 1 } }`, "E11000 duplicate key error collection: asysta.people index: by_pesel dup key: …"},
		"list":           {"values [Anna Kowalska] refused", "values … refused"},
		"digits":         {"no row 44051401458 here", "no row # here"},
		"few digits":     {"sqlite: step 3 of 3024035@17", "sqlite: step 3 of 3024035@17"},
		"date of birth":  {"born 2010-05-14T00:00:00Z and more", "born # and more"},
		"a name":         {"cause Kowalska and Nowak-Kowalska", "cause … and …-…"},
		"a code":         {"rpc error: code = Unavailable desc = EOF", "rpc error: code = Unavailable desc = EOF"},
		"polish words":   {"person Żółć is not here", "person … is not here"},
		"lines":          {"one\ntwo\t three", "one two three"},
		"broken letters": {"bad \xff\xfe text", "bad text"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := redact.Text(c.in); got != c.want {
				t.Errorf("Text(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
	if got := redact.Text(strings.Repeat("long ", 1000)); len(got) > 410 {
		t.Errorf("%d bytes are left", len(got))
	}
}

func TestAPanicTellsNoValue(t *testing.T) {
	const marker = "Anna Kowalska 44051401458"
	told := func(value any) (text string) {
		defer func() { text = redact.Panic(recover()) + "\n" + redact.Stack(0) }()
		panic(value)
	}
	for _, value := range []any{marker, errors.New(marker), fmt.Errorf("w: %w", errors.New(marker)), []string{marker}} {
		text := told(value)
		if strings.Contains(text, "Kowalska") || strings.Contains(text, "0x") {
			t.Errorf("a panic of %T tells its value: %s", value, text)
		}
		if !strings.Contains(text, fmt.Sprintf("%T", value)) || !strings.Contains(text, "TestAPanicTellsNoValue") {
			t.Errorf("a panic of %T tells neither its type nor where it was: %s", value, text)
		}
	}
}
