package bsonform

import (
	"errors"
	"reflect"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// errDriver says that a value is the driver's to encode or decode.
var errDriver = errors.New("bsonform: left to the driver")

// form is the way through a type, both ways. A nil function leaves values of the type to the driver.
type form struct {
	decode decoder
	encode encoder
	empty  func(reflect.Value) bool // as the driver's omitempty has it
}

var (
	forms   sync.Map // reflect.Type → *form, complete
	working sync.Mutex
)

// formOf gives the way through a type.
func formOf(t reflect.Type) *form {
	if f, ok := forms.Load(t); ok {
		return f.(*form)
	}
	working.Lock()
	defer working.Unlock()
	made := map[reflect.Type]*form{}
	f := describe(t, made)
	for t, f := range made { // all at once: a form may refer to another that was not complete before
		forms.LoadOrStore(t, f)
	}
	return f
}

// appender may be implemented beside bson.ValueMarshaler by a type of which a document has many: it appends the same value without allocating it.
type appender interface {
	AppendBSONValue(b []byte) (typ byte, out []byte)
}

var (
	tTime        = reflect.TypeFor[time.Time]()
	tRaw         = reflect.TypeFor[bson.Raw]()
	tBytes       = reflect.TypeFor[[]byte]()
	tMarshaler   = reflect.TypeFor[bson.ValueMarshaler]()
	tUnmarshaler = reflect.TypeFor[bson.ValueUnmarshaler]()
	tAppender    = reflect.TypeFor[appender]()
	tZeroer      = reflect.TypeFor[bson.Zeroer]()

	// others are the driver's hooks that no form knows.
	others = []reflect.Type{reflect.TypeFor[bson.Marshaler](), reflect.TypeFor[bson.Unmarshaler]()}
)

// describe works out the way through a type. made has the forms that are being worked out, so that a type may contain itself.
func describe(t reflect.Type, made map[reflect.Type]*form) *form {
	if f, ok := forms.Load(t); ok {
		return f.(*form)
	}
	if f, ok := made[t]; ok {
		return f
	}
	f := &form{empty: emptyOf(t)}
	made[t] = f
	p := reflect.PointerTo(t)
	for _, hook := range others {
		if t.Implements(hook) || p.Implements(hook) {
			return f
		}
	}
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface && (p.Implements(tMarshaler) || p.Implements(tUnmarshaler)) {
		f.decode, f.encode = hooked(t)
		return f
	}
	if t.PkgPath() == "go.mongodb.org/mongo-driver/v2/bson" && t != tRaw {
		return f
	}
	switch t.Kind() {
	case reflect.Bool:
		f.decode, f.encode = decodeBool, encodeBool
	case reflect.String:
		f.decode, f.encode = decodeString, encodeString
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		f.decode, f.encode = decodeInt, encodeInt(t.Kind())
	case reflect.Float64:
		f.decode, f.encode = decodeFloat, encodeFloat
	case reflect.Pointer:
		f.decode, f.encode = pointer(t, describe(t.Elem(), made))
	case reflect.Slice:
		switch {
		case t == tRaw:
			f.decode, f.encode = decodeRaw, encodeRaw
		case t == tBytes:
			f.decode, f.encode = decodeBytes, encodeBytes
		case t.Elem().Kind() != reflect.Uint8:
			f.decode, f.encode = slice(t, describe(t.Elem(), made))
		}
	case reflect.Struct:
		if t == tTime {
			f.decode, f.encode = decodeTime, encodeTime
		} else if s, ok := structOf(t, made); ok {
			f.decode, f.encode = s.decode, s.encode
		}
	}
	return f
}

// emptyOf is what the driver's omitempty takes for empty.
func emptyOf(t reflect.Type) func(reflect.Value) bool {
	zeroer := t.Implements(tZeroer)
	byPointer := zeroer && t.Kind() != reflect.Pointer
	return func(v reflect.Value) bool {
		if byPointer && v.CanAddr() {
			return v.Addr().Interface().(bson.Zeroer).IsZero() // no copy of the value
		}
		if zeroer && (v.Kind() != reflect.Pointer || !v.IsNil()) {
			return v.Interface().(bson.Zeroer).IsZero()
		}
		switch v.Kind() {
		case reflect.Map, reflect.Slice, reflect.String, reflect.Array:
			return v.Len() == 0
		case reflect.Struct:
			return false
		}
		return v.IsZero()
	}
}

// field is one field of a struct, or of a struct that is inline in it.
type field struct {
	name      string
	index     []int
	omitEmpty bool
	form      *form
}

// structForm is the way through a struct.
type structForm struct {
	fields []field
	byName map[string]int
	extra  int // index of the inline map; -1: none
}

// structOf works out a struct; false where it has something that is the driver's to judge.
func structOf(t reflect.Type, made map[reflect.Type]*form) (*structForm, bool) {
	s := &structForm{byName: map[string]int{}, extra: -1}
	if !s.add(t, nil, made) {
		return nil, false
	}
	for i, f := range s.fields {
		if _, twice := s.byName[f.name]; twice {
			return nil, false
		}
		s.byName[f.name] = i
	}
	return s, true
}

func (s *structForm) add(t reflect.Type, at []int, made map[reflect.Type]*form) bool {
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.PkgPath != "" && !sf.Anonymous {
			continue
		}
		tag, tagged := sf.Tag.Lookup("bson")
		name, options, _ := strings.Cut(tag, ",")
		if name == "-" {
			continue
		}
		if sf.PkgPath != "" || !tagged && sf.Tag != "" {
			return false // unexported but embedded, or another kind of tag
		}
		if name == "" {
			name = strings.ToLower(sf.Name)
		}
		index := append(append([]int(nil), at...), i)
		f := field{name: name, index: index}
		inline := false
		for option := range strings.SplitSeq(options, ",") {
			switch option {
			case "omitempty":
				f.omitEmpty = true
			case "inline":
				inline = true
			case "minsize", "truncate":
				return false
			}
		}
		switch {
		case inline && sf.Type.Kind() == reflect.Map && len(at) == 0 && s.extra < 0 && sf.Type.Key().Kind() == reflect.String:
			s.extra = i
		case inline && sf.Type.Kind() == reflect.Struct:
			if !s.add(sf.Type, index, made) {
				return false
			}
		case inline:
			return false
		default:
			f.form = describe(sf.Type, made)
			s.fields = append(s.fields, f)
		}
	}
	return true
}
