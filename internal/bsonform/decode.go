package bsonform

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Unmarshal reads a document into the struct that v points to, as bson.Unmarshal does. Its errors are the driver's.
func Unmarshal(raw []byte, v any) error {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() || p.Elem().Kind() != reflect.Struct {
		return bson.Unmarshal(raw, v)
	}
	fresh := reflect.New(p.Type().Elem()).Elem()
	in := &input{raw: raw}
	if in.value(formOf(fresh.Type()), bson.TypeEmbeddedDocument, 0, len(raw), fresh) != nil || !p.Elem().IsZero() {
		return bson.Unmarshal(raw, v)
	}
	p.Elem().Set(fresh)
	return nil
}

// UnmarshalValue reads a value, such as an array, into what v points to, as RawValue.Unmarshal does.
func UnmarshalValue(raw bson.RawValue, v any) error {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return raw.Unmarshal(v)
	}
	fresh := reflect.New(p.Type().Elem()).Elem()
	in := &input{raw: raw.Value}
	if in.value(formOf(fresh.Type()), raw.Type, 0, len(raw.Value), fresh) != nil || !p.Elem().IsZero() {
		return raw.Unmarshal(v)
	}
	p.Elem().Set(fresh)
	return nil
}

// input is a document that is being read.
type input struct {
	raw  []byte
	text string // the same, made with the first string
}

// decoder reads the value of a BSON type that stands at raw[lo:hi] into v.
type decoder func(in *input, t bson.Type, lo, hi int, v reflect.Value) error

var errCut = errors.New("bsonform: document cut off")

func (in *input) value(f *form, t bson.Type, lo, hi int, v reflect.Value) error {
	if f.decode == nil {
		return errDriver
	}
	return f.decode(in, t, lo, hi, v)
}

// string gives raw[lo:hi] as text. All strings of a document share one copy.
func (in *input) string(lo, hi int) string {
	if in.text == "" {
		in.text = string(in.raw)
	}
	return in.text[lo:hi]
}

func (in *input) int32(at int) int { return int(int32(binary.LittleEndian.Uint32(in.raw[at:]))) }

// element is one element of a document: its name at raw[name:nameEnd], its value at raw[lo:hi].
type element struct {
	t             bson.Type
	name, nameEnd int
	lo, hi        int
}

// body checks the frame of the document or array at raw[lo:hi] and gives where its elements begin and end.
func (in *input) body(lo, hi int) (int, int, error) {
	if hi-lo < 5 || in.int32(lo) != hi-lo || in.raw[hi-1] != 0 {
		return 0, 0, errCut
	}
	return lo + 4, hi - 1, nil
}

// next reads the element at at, in a document whose elements end at end.
func (in *input) next(at, end int) (element, error) {
	e := element{t: bson.Type(in.raw[at]), name: at + 1}
	n := bytes.IndexByte(in.raw[e.name:end], 0)
	if n < 0 {
		return e, errCut
	}
	e.nameEnd = e.name + n
	e.lo = e.nameEnd + 1
	size, err := in.size(e.t, e.lo, end)
	e.hi = e.lo + size
	if err == nil && (size < 0 || e.hi > end) {
		err = errCut
	}
	return e, err
}

// size of a value; types that are not stored are the driver's.
func (in *input) size(t bson.Type, at, end int) (int, error) {
	switch t {
	case bson.TypeDouble, bson.TypeDateTime, bson.TypeInt64:
		return 8, nil
	case bson.TypeInt32:
		return 4, nil
	case bson.TypeBoolean:
		return 1, nil
	case bson.TypeNull:
		return 0, nil
	case bson.TypeString, bson.TypeEmbeddedDocument, bson.TypeArray, bson.TypeBinary:
		if end-at < 4 {
			return 0, errCut
		}
		n := in.int32(at)
		switch {
		case n < 0:
			return 0, errCut
		case t == bson.TypeString:
			return n + 4, nil
		case t == bson.TypeBinary:
			return n + 5, nil
		}
		return n, nil
	}
	return 0, errDriver
}

func (s *structForm) decode(in *input, t bson.Type, lo, hi int, v reflect.Value) error {
	if t == bson.TypeNull {
		v.SetZero()
		return nil
	}
	if t != bson.TypeEmbeddedDocument {
		return errDriver
	}
	at, end, err := in.body(lo, hi)
	if err != nil {
		return err
	}
	for expected := 0; at < end; {
		e, err := in.next(at, end)
		if err != nil {
			return err
		}
		at = e.hi
		i := s.find(in.raw[e.name:e.nameEnd], expected)
		if i < 0 {
			if err := s.unknown(in, e, v); err != nil {
				return err
			}
			continue
		}
		expected = i + 1
		f := &s.fields[i]
		to := v.Field(f.index[0])
		for _, j := range f.index[1:] {
			to = to.Field(j)
		}
		if err := in.value(f.form, e.t, e.lo, e.hi, to); err != nil {
			return err
		}
	}
	return nil
}

// find gives the field of a name; most documents have them in the order of the struct.
func (s *structForm) find(name []byte, expected int) int {
	for i := expected; i < len(s.fields) && i < expected+8; i++ {
		if string(name) == s.fields[i].name {
			return i
		}
	}
	if i, ok := s.byName[string(name)]; ok {
		return i
	}
	if lower := bytes.ToLower(name); !bytes.Equal(lower, name) {
		if i, ok := s.byName[string(lower)]; ok {
			return i
		}
	}
	return -1
}

// unknown keeps an element that no field has in the inline map, if there is one.
func (s *structForm) unknown(in *input, e element, v reflect.Value) error {
	if s.extra < 0 {
		return nil
	}
	m := v.Field(s.extra)
	if m.IsNil() {
		m.Set(reflect.MakeMap(m.Type()))
	}
	value := reflect.New(m.Type().Elem())
	raw := bson.RawValue{Type: e.t, Value: bytes.Clone(in.raw[e.lo:e.hi])}
	if err := raw.Unmarshal(value.Interface()); err != nil {
		return err
	}
	m.SetMapIndex(reflect.ValueOf(strings.Clone(in.string(e.name, e.nameEnd))).Convert(m.Type().Key()), value.Elem())
	return nil
}

func slice(t reflect.Type, of *form) (decoder, encoder) {
	decode := func(in *input, bt bson.Type, lo, hi int, v reflect.Value) error {
		if bt == bson.TypeNull {
			v.SetZero()
			return nil
		}
		if bt != bson.TypeArray || of.decode == nil {
			return errDriver
		}
		first, end, err := in.body(lo, hi)
		if err != nil {
			return err
		}
		n := 0
		for at := first; at < end; n++ {
			e, err := in.next(at, end)
			if err != nil {
				return err
			}
			at = e.hi
		}
		v.Set(reflect.MakeSlice(t, n, n))
		for i, at := 0, first; at < end; i++ {
			e, err := in.next(at, end)
			if err != nil {
				return err
			}
			at = e.hi
			if err := of.decode(in, e.t, e.lo, e.hi, v.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	return decode, encodeSlice(of)
}

func pointer(t reflect.Type, of *form) (decoder, encoder) {
	decode := func(in *input, bt bson.Type, lo, hi int, v reflect.Value) error {
		if bt == bson.TypeNull {
			v.SetZero()
			return nil
		}
		p := reflect.New(t.Elem())
		if err := in.value(of, bt, lo, hi, p.Elem()); err != nil {
			return err
		}
		v.Set(p)
		return nil
	}
	encode := func(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
		if v.IsNil() {
			return b, bson.TypeNull, nil
		}
		return of.append(b, v.Elem())
	}
	return decode, encode
}

// hooked is a type with a form of its own.
func hooked(t reflect.Type) (decoder, encoder) {
	var decode decoder
	var encode encoder
	if reflect.PointerTo(t).Implements(tUnmarshaler) {
		decode = func(in *input, bt bson.Type, lo, hi int, v reflect.Value) error {
			return v.Addr().Interface().(bson.ValueUnmarshaler).UnmarshalBSONValue(byte(bt), in.raw[lo:hi:hi])
		}
	}
	switch {
	case t.Implements(tAppender):
		encode = func(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
			if v.CanAddr() {
				v = v.Addr() // no copy of the value
			}
			a, ok := v.Interface().(appender)
			if !ok {
				return b, 0, errDriver
			}
			bt, b := a.AppendBSONValue(b)
			return b, bson.Type(bt), nil
		}
	case t.Implements(tMarshaler):
		encode = func(b []byte, v reflect.Value) ([]byte, bson.Type, error) {
			if v.CanAddr() {
				v = v.Addr() // no copy of the value
			}
			m, ok := v.Interface().(bson.ValueMarshaler)
			if !ok {
				return b, 0, errDriver
			}
			bt, raw, err := m.MarshalBSONValue()
			return append(b, raw...), bson.Type(bt), err
		}
	}
	return decode, encode
}

func decodeBool(in *input, t bson.Type, lo, _ int, v reflect.Value) error {
	if t != bson.TypeBoolean || in.raw[lo] > 1 {
		return errDriver
	}
	v.SetBool(in.raw[lo] != 0)
	return nil
}

func decodeString(in *input, t bson.Type, lo, hi int, v reflect.Value) error {
	if t != bson.TypeString || hi-lo < 5 || in.raw[hi-1] != 0 {
		return errDriver
	}
	v.SetString(in.string(lo+4, hi-1))
	return nil
}

func decodeInt(in *input, t bson.Type, lo, _ int, v reflect.Value) error {
	var n int64
	switch t {
	case bson.TypeInt32:
		n = int64(in.int32(lo))
	case bson.TypeInt64:
		n = int64(binary.LittleEndian.Uint64(in.raw[lo:]))
	default:
		return errDriver
	}
	if v.OverflowInt(n) {
		return errDriver
	}
	v.SetInt(n)
	return nil
}

func decodeFloat(in *input, t bson.Type, lo, _ int, v reflect.Value) error {
	if t != bson.TypeDouble {
		return errDriver
	}
	v.SetFloat(math.Float64frombits(binary.LittleEndian.Uint64(in.raw[lo:])))
	return nil
}

func decodeTime(in *input, t bson.Type, lo, _ int, v reflect.Value) error {
	if t != bson.TypeDateTime {
		return errDriver
	}
	*v.Addr().Interface().(*time.Time) = time.UnixMilli(int64(binary.LittleEndian.Uint64(in.raw[lo:]))).UTC()
	return nil
}

func decodeBytes(in *input, t bson.Type, lo, hi int, v reflect.Value) error {
	if t != bson.TypeBinary || in.raw[lo+4] != bson.TypeBinaryGeneric {
		return errDriver
	}
	v.SetBytes(append(make([]byte, 0, hi-lo-5), in.raw[lo+5:hi]...))
	return nil
}

func decodeRaw(in *input, t bson.Type, lo, hi int, v reflect.Value) error {
	if t != bson.TypeEmbeddedDocument {
		return errDriver
	}
	v.SetBytes(bytes.Clone(in.raw[lo:hi]))
	return nil
}
