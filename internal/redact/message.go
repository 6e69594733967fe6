package redact

import (
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/name"
)

// Withheld stands for a value that is not shown.
const Withheld = "[withheld]"

// Shown tells whether values of a field may be written out. A field that holds a message of the contract and is not classified is shown as far as that
// message's own fields are.
func Shown(f protoreflect.FieldDescriptor) bool {
	switch s, _ := proto.GetExtension(f.Options(), optionsv1.E_Sensitivity).(optionsv1.Sensitivity); s {
	case optionsv1.Sensitivity_SENSITIVITY_PUBLIC, optionsv1.Sensitivity_SENSITIVITY_INTERNAL:
		return true
	case optionsv1.Sensitivity_SENSITIVITY_UNSPECIFIED:
		return f.Message() != nil && !f.IsMap() && ours(f.Message())
	default:
		return false
	}
}

func ours(m protoreflect.MessageDescriptor) bool {
	return strings.HasPrefix(string(m.FullName()), "asysta.")
}

// plain are the messages of others whose every field is a number.
func plain(m protoreflect.MessageDescriptor) bool {
	switch m.FullName() {
	case "google.type.Date", "google.protobuf.Timestamp", "google.protobuf.Duration", "google.protobuf.Empty":
		return true
	}
	return false
}

// Message gives a copy of m with nothing in it but what may be written out. A nil message gives nil.
func Message(m proto.Message) proto.Message {
	if m == nil {
		return nil
	}
	return reduced(m.ProtoReflect()).Interface()
}

func reduced(m protoreflect.Message) protoreflect.Message {
	out := m.New()
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if !Shown(f) {
			return true
		}
		switch {
		case f.IsMap(): // its keys are what somebody typed, and nobody has classified them
		case f.IsList():
			list := out.Mutable(f).List()
			for i := range v.List().Len() {
				if e, ok := value(f, v.List().Get(i)); ok {
					list.Append(e)
				}
			}
		default:
			if e, ok := value(f, v); ok {
				out.Set(f, e)
			}
		}
		return true
	})
	return out
}

// value gives what is shown of one value.
func value(f protoreflect.FieldDescriptor, v protoreflect.Value) (protoreflect.Value, bool) {
	switch f.Kind() {
	case protoreflect.StringKind:
		if !identifier(v.String()) {
			return protoreflect.ValueOfString(Withheld), true
		}
		return v, true
	case protoreflect.BytesKind:
		return v, false
	case protoreflect.MessageKind, protoreflect.GroupKind:
		if ours(f.Message()) {
			return protoreflect.ValueOfMessage(reduced(v.Message())), true
		}
		if !plain(f.Message()) {
			return v, false
		}
		c := proto.Clone(v.Message().Interface()).ProtoReflect()
		c.SetUnknown(nil)
		return protoreflect.ValueOfMessage(c), true
	default:
		return v, true
	}
}

// bare are the forms of identifiers beside resource names: ULIDs, numbers of up to seven digits (TERYT codes, versions), dates, months, times of day.
var bare = regexp.MustCompile(`^([0-9a-hjkmnp-tv-z]{26}|[0-9]{1,7}|[0-9]{4}-[0-9]{2}(-[0-9]{2})?|[0-9]{2}:[0-9]{2})$`)

// identifier tells whether a text is one that a program made.
func identifier(s string) bool {
	if s == "" || bare.MatchString(s) {
		return true
	}
	n, err := name.Parse(s)
	return err == nil && (n.ID == "" || bare.MatchString(n.ID)) && (n.SubID == "" || bare.MatchString(n.SubID))
}

// Log gives a message as the value of a log attribute: JSON of what Message leaves of it. It costs nothing where the line is not written.
func Log(m proto.Message) slog.LogValuer { return logged{m} }

type logged struct{ m proto.Message }

// LogValue implements slog.LogValuer.
func (l logged) LogValue() slog.Value {
	if l.m == nil {
		return slog.StringValue("")
	}
	raw, err := protojson.Marshal(Message(l.m))
	if err != nil {
		return slog.StringValue(Withheld)
	}
	return slog.AnyValue(json.RawMessage(raw))
}
