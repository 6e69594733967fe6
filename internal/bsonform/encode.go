package bsonform

import (
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Marshal gives the document of a struct, or of what v points to, as bson.Marshal does.
func Marshal(v any) ([]byte, error) {
	value := reflect.ValueOf(v)
	if value.Kind() == reflect.Pointer {
		value = value.Elem()
	}
	if value.Kind() != reflect.Struct {
		return bson.Marshal(v)
	}
	t, b, err := encode(value)
	if err != nil || t != bson.TypeEmbeddedDocument {
		return bson.Marshal(v)
	}
	return b, nil
}

// MarshalValue gives the type and the bytes of a value, such as a slice, as bson.MarshalValue does.
func MarshalValue(v any) (bson.Type, []byte, error) {
	value := reflect.ValueOf(v)
	if !value.IsValid() {
		return bson.MarshalValue(v)
	}
	t, b, err := encode(value)
	if err != nil {
		return bson.MarshalValue(v)
	}
	return t, b, nil
}

// scratch has buffers to encode in, so that what is handed out is as large as it needs to be and grew nowhere.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// largeScratch is the size from which a buffer is not kept.
const largeScratch = 1 << 20

func encode(value reflect.Value) (bson.Type, []byte, error) {
	buffer, _ := scratch.Get().(*[]byte)
	b, t, err := formOf(value.Type()).append((*buffer)[:0], addressable(value))
	out := append(make([]byte, 0, len(b)), b...)
	if *buffer = b; cap(b) < largeScratch {
		scratch.Put(buffer)
	}
	return t, out, err
}

// addressable gives a copy that methods of pointers can be called on.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	p := reflect.New(v.Type()).Elem()
	p.Set(v)
	return p
}

// encoder appends a value and gives its BSON type.
type encoder func(b []byte, v reflect.Value) ([]byte, bson.Type, error)

func (f *form) append(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
	if f.encode == nil {
		return b, 0, errDriver
	}
	return f.encode(b, v)
}

// open begins a document; shut puts its length in and ends it.
func open(b []byte) ([]byte, int) { return append(b, 0, 0, 0, 0), len(b) }

func shut(b []byte, at int) []byte {
	b = append(b, 0)
	binary.LittleEndian.PutUint32(b[at:], uint32(len(b)-at))
	return b
}

func (s *structForm) encode(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
	b, begun := open(b)
	var err error
	for i := range s.fields {
		f := &s.fields[i]
		from := v.Field(f.index[0])
		for _, j := range f.index[1:] {
			from = from.Field(j)
		}
		if f.omitEmpty && f.form.empty(from) {
			continue
		}
		at := len(b)
		b = append(append(append(b, 0), f.name...), 0)
		var t bson.Type
		if b, t, err = f.form.append(b, from); err != nil {
			return b, 0, err
		}
		b[at] = byte(t)
	}
	if s.extra >= 0 && v.Field(s.extra).Len() > 0 {
		if b, err = s.encodeExtra(b, v.Field(s.extra)); err != nil {
			return b, 0, err
		}
	}
	return shut(b, begun), bson.TypeEmbeddedDocument, nil
}

// encodeExtra appends the inline map, by key: the driver's order is that of the map, which is none.
func (s *structForm) encodeExtra(b []byte, m reflect.Value) ([]byte, error) {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, c reflect.Value) int { return strings.Compare(a.String(), c.String()) })
	for _, key := range keys {
		if _, known := s.byName[key.String()]; known {
			return b, errDriver // an error there
		}
		t, raw, err := bson.MarshalValue(m.MapIndex(key).Interface())
		if err != nil {
			return b, err
		}
		b = append(append(append(b, byte(t)), key.String()...), 0)
		b = append(b, raw...)
	}
	return b, nil
}

func encodeSlice(of *form) encoder {
	return func(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
		if v.IsNil() {
			return b, bson.TypeNull, nil
		}
		b, begun := open(b)
		for i := range v.Len() {
			at := len(b)
			b = append(strconv.AppendInt(append(b, 0), int64(i), 10), 0)
			var t bson.Type
			var err error
			if b, t, err = of.append(b, v.Index(i)); err != nil {
				return b, 0, err
			}
			b[at] = byte(t)
		}
		return shut(b, begun), bson.TypeArray, nil
	}
}

func encodeBool(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
	if v.Bool() {
		return append(b, 1), bson.TypeBoolean, nil
	}
	return append(b, 0), bson.TypeBoolean, nil
}

func encodeString(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
	s := v.String()
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s)+1))
	return append(append(b, s...), 0), bson.TypeString, nil
}

// encodeInt follows the driver: an int is as small as it can be, an int64 is not.
func encodeInt(k reflect.Kind) encoder {
	return func(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
		n := v.Int()
		if k != reflect.Int64 && n >= math.MinInt32 && n <= math.MaxInt32 {
			return binary.LittleEndian.AppendUint32(b, uint32(n)), bson.TypeInt32, nil
		}
		return binary.LittleEndian.AppendUint64(b, uint64(n)), bson.TypeInt64, nil
	}
}

func encodeFloat(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(v.Float())), bson.TypeDouble, nil
}

func encodeTime(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
	at := v.Addr().Interface().(*time.Time)
	return binary.LittleEndian.AppendUint64(b, uint64(at.Unix()*1000+int64(at.Nanosecond()/1e6))), bson.TypeDateTime, nil
}

func encodeBytes(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
	if v.IsNil() {
		return b, bson.TypeNull, nil
	}
	data := v.Bytes()
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(data))), bson.TypeBinaryGeneric)
	return append(b, data...), bson.TypeBinary, nil
}

func encodeRaw(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
	raw := v.Bytes()
	if len(raw) < 5 || int(binary.LittleEndian.Uint32(raw)) != len(raw) {
		return b, 0, errDriver
	}
	return append(b, raw...), bson.TypeEmbeddedDocument, nil
}
