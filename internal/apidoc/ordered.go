package apidoc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// object is a JSON object that keeps the order of its keys: readers meet the fields as the contract lists them.
type object struct {
	keys   []string
	values map[string]any
}

func newObject(pairs ...any) *object {
	o := &object{values: map[string]any{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.set(pairs[i].(string), pairs[i+1])
	}
	return o
}

func (o *object) set(key string, v any) {
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key] = v
}

func (o *object) remove(key string) {
	delete(o.values, key)
	o.keys = slices.DeleteFunc(o.keys, func(k string) bool { return k == key })
}

// object gives the object at a path of keys; nil where there is none. A nil object has none.
func (o *object) object(path ...string) *object {
	for _, key := range path {
		if o == nil {
			return nil
		}
		o, _ = o.values[key].(*object)
	}
	return o
}

func (o *object) list(key string) []any {
	l, _ := o.values[key].([]any)
	return l
}

func (o *object) text(key string) string {
	s, _ := o.values[key].(string)
	return s
}

// MarshalJSON implements json.Marshaler.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, key := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, part := range []any{key, o.values[key]} {
			if j > 0 {
				b.WriteByte(':')
			}
			raw, err := compact(part)
			if err != nil {
				return nil, err
			}
			b.Write(raw)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// compact writes a value without the escapes that HTML would need.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// read reads JSON; its objects become ordered ones, its numbers keep their digits.
func read(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return readValue(d)
}

func readObject(raw []byte) (*object, error) {
	v, err := read(raw)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*object)
	if !ok {
		return nil, fmt.Errorf("apidoc: %T where an object belongs", v)
	}
	return o, nil
}

func readValue(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		o := newObject()
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := readValue(d)
			if err != nil {
				return nil, err
			}
			o.set(fmt.Sprint(key), v)
		}
		_, err := d.Token()
		return o, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := readValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return t, nil
}

// like keeps of an ordered value what a plain one has, so that the plain one gets the order.
func like(ordered, plain any) any {
	o, ok := ordered.(*object)
	fields, same := plain.(map[string]any)
	if !ok || !same {
		return ordered
	}
	kept := newObject()
	for _, key := range o.keys {
		if v, ok := fields[key]; ok {
			kept.set(key, like(o.values[key], v))
		}
	}
	return kept
}
