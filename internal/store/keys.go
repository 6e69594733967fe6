package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ErrTwoArrays says that the paths of an index lead through two different arrays, which no index may.
var ErrTwoArrays = errors.New("store: index over two arrays")

// Normalize gives the form that index values have everywhere: nil, bool, int64, float64 (not integral), string, []byte or time.Time (UTC,
// milliseconds). Types of their own (a civil date, a named string) become what they are in BSON. What cannot be ordered is an error.
func Normalize(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, bool, int64:
		return v, nil
	}
	typ, data, err := bson.MarshalValue(v)
	if err != nil {
		return nil, fmt.Errorf("store: index value: %w", err)
	}
	out, ok := normalRaw(bson.RawValue{Type: typ, Value: data})
	if !ok {
		return nil, fmt.Errorf("store: index value of BSON type %s", typ)
	}
	return out, nil
}

// normalRaw gives the index value of a BSON value; false for what cannot be ordered.
func normalRaw(v bson.RawValue) (any, bool) {
	switch v.Type {
	case 0, bson.TypeNull, bson.TypeUndefined:
		return nil, true
	case bson.TypeBoolean:
		return v.Boolean(), true
	case bson.TypeInt32:
		return int64(v.Int32()), true
	case bson.TypeInt64:
		return v.Int64(), true
	case bson.TypeDouble:
		f := v.Double()
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return int64(f), true
		}
		return f, true
	case bson.TypeString:
		return v.StringValue(), true
	case bson.TypeBinary:
		_, b := v.Binary()
		return bytes.Clone(b), true
	case bson.TypeDateTime:
		return time.UnixMilli(v.DateTime()).UTC(), true
	}
	return nil, false
}

// IndexKeys gives the keys of a document in an index over the paths, without the _id: one, or one for each different element when the paths lead
// through an array. A path that leads nowhere, through an empty array or to something that cannot be ordered gives nil.
func IndexKeys(body bson.Raw, fields []string) ([][]any, error) {
	array, elements, err := indexArray(body, fields)
	if err != nil {
		return nil, err
	}
	if len(elements) == 0 {
		elements = []bson.RawValue{{}}
	}
	paths := make([]path, len(fields))
	for i, field := range fields {
		paths[i] = pathOf(field, array)
	}
	whole := bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: body}
	keys := make([][]any, 0, len(elements))
	for _, element := range elements {
		key := make([]any, len(fields))
		for i, p := range paths {
			from := whole
			if p.inArray {
				from = element
			}
			key[i] = lookupScalar(from, p.names)
		}
		keys = append(keys, key)
	}
	slices.SortFunc(keys, CompareKeys)
	return slices.CompactFunc(keys, func(a, b []any) bool { return CompareKeys(a, b) == 0 }), nil
}

// path is the way to a value of an index: from the document, or from an element of the array that the index leads through.
type path struct {
	inArray bool
	names   []string
}

func pathOf(field, array string) path {
	if rest, ok := strings.CutPrefix(field, array); ok && array != "" {
		if rest == "" {
			return path{inArray: true}
		}
		if rest[0] == '.' {
			return path{true, strings.Split(rest[1:], ".")}
		}
	}
	return path{false, strings.Split(field, ".")}
}

// indexArray finds the array that the paths lead through, "" when there is none.
func indexArray(body bson.Raw, fields []string) (array string, elements []bson.RawValue, err error) {
	for _, field := range fields {
		v := bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: body}
		parts := strings.Split(field, ".")
		for i, part := range parts {
			v = step(v, part)
			if v.Type != bson.TypeArray {
				continue
			}
			at := strings.Join(parts[:i+1], ".")
			if array != "" && array != at {
				return "", nil, ErrTwoArrays
			}
			array = at
			if elements, err = v.Array().Values(); err != nil {
				return "", nil, fmt.Errorf("store: index array: %w", err)
			}
			break
		}
	}
	return array, elements, nil
}

// step goes one name down; the zero value when there is nothing.
func step(v bson.RawValue, name string) bson.RawValue {
	if v.Type != bson.TypeEmbeddedDocument {
		return bson.RawValue{}
	}
	return bson.Raw(v.Value).Lookup(name)
}

// lookupScalar gives the index value at the end of a way, nil where it cannot be ordered.
func lookupScalar(v bson.RawValue, names []string) any {
	for _, name := range names {
		v = step(v, name)
	}
	out, _ := normalRaw(v)
	return out
}

// CompareKeys orders normalized keys value by value; a key that the other one continues comes first.
func CompareKeys(a, b []any) int {
	for i := range min(len(a), len(b)) {
		if c := compareValues(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// SameType tells whether two normalized values are of one type for the bounds of a query (numbers are one type).
func SameType(a, b any) bool { return valueRank(a) == valueRank(b) }

func compareValues(a, b any) int {
	if c := cmp.Compare(valueRank(a), valueRank(b)); c != 0 {
		return c
	}
	switch x := a.(type) {
	case string:
		return strings.Compare(x, b.(string))
	case []byte:
		y := b.([]byte)
		if c := cmp.Compare(len(x), len(y)); c != 0 {
			return c // as MongoDB: the shorter one first
		}
		return bytes.Compare(x, y)
	case bool:
		return cmp.Compare(boolRank(x), boolRank(b.(bool)))
	case time.Time:
		return x.Compare(b.(time.Time))
	case int64, float64:
		return compareNumbers(a, b)
	}
	return 0
}

func compareNumbers(a, b any) int {
	x, xInt := a.(int64)
	y, yInt := b.(int64)
	if xInt && yInt {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(toFloat(a), toFloat(b))
}

func toFloat(v any) float64 {
	if i, ok := v.(int64); ok {
		return float64(i)
	}
	return v.(float64)
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func valueRank(v any) int {
	switch v.(type) {
	case nil:
		return 0
	case int64, float64:
		return 1
	case string:
		return 2
	case []byte:
		return 3
	case bool:
		return 4
	case time.Time:
		return 5
	}
	return 6
}
