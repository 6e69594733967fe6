package gateway

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// misread begins the text of an error whose rest is a Polish sentence of this package: the library passes on nothing but text. Its own errors begin otherwise, so
// that nothing that somebody typed is taken for such a sentence.
const misread = "misread: "

func misreadError(sentence string) error { return errors.New(misread + sentence) }

// messageOf gives the message that something is read into: itself, or the field of a request that holds it; nil for whatever else.
func messageOf(v any) proto.Message {
	if m, ok := v.(proto.Message); ok {
		return m
	}
	field := reflect.ValueOf(v)
	if field.Kind() != reflect.Pointer {
		return nil
	}
	m, _ := field.Elem().Interface().(proto.Message)
	return m
}

// explained gives the sentence of a body that a message could not be read from where it has a field that the message does not have, or another kind of value
// than a field takes; else the error as it was.
func explained(m protoreflect.MessageDescriptor, from io.Reader, err error) error {
	body, ok := from.(io.ReadSeeker)
	if !ok || errors.Is(err, io.EOF) {
		return err
	}
	if _, again := body.Seek(0, io.SeekStart); again != nil {
		return err
	}
	var value any
	if json.NewDecoder(body).Decode(&value) != nil {
		return err
	}
	if sentence := misfit(m, "", value); sentence != "" {
		return misreadError(sentence)
	}
	return err
}

// misfit looks for the first field, by name, that does not fit its message. Of what was typed it repeats no more than unknown does.
func misfit(m protoreflect.MessageDescriptor, path string, value any) string {
	object, _ := value.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(object)) {
		f := m.Fields().ByJSONName(key)
		if f == nil {
			f = m.Fields().ByTextName(key)
		}
		switch {
		case f == nil:
			return "nieznane pole" + unknown(m, key) + ". Sprawdź pisownię pod /docs/."
		case object[key] == nil:
			continue
		}
		if found := misfitOf(f, path+f.JSONName(), object[key]); found != "" {
			return found
		}
	}
	return ""
}

// misfitOf looks at what a field holds. Scalars are the library's, which names them well.
func misfitOf(f protoreflect.FieldDescriptor, path string, value any) string {
	switch {
	case f.IsMap():
		return ""
	case f.IsList():
		list, ok := value.([]any)
		if !ok {
			return wants(path, "listę w nawiasach kwadratowych: [ ]")
		}
		for _, one := range list {
			if found := misfitOne(f, path, one); found != "" {
				return found
			}
		}
		return ""
	}
	return misfitOne(f, path, value)
}

func misfitOne(f protoreflect.FieldDescriptor, path string, value any) string {
	m := f.Message()
	if m == nil || m.FullName().Parent() == "google.protobuf" { // which are written in ways of their own
		return ""
	}
	if _, ok := value.(map[string]any); ok {
		return misfit(m, path+".", value)
	}
	if m.FullName() == "google.type.Date" {
		return wants(path, `datę w postaci {"year": 2026, "month": 3, "day": 1}`)
	}
	return wants(path, "obiekt w nawiasach klamrowych: { }")
}

func wants(path, what string) string {
	return "niewłaściwa wartość pola „" + path + "”: wpisz " + what + ". Sprawdź je pod /docs/."
}

// unknown names a field that a message does not have, if the contract has it elsewhere, and the field of the message that it seems to stand for.
func unknown(m protoreflect.MessageDescriptor, typed string) string {
	text := " w żądaniu"
	if published(typed) {
		text = " „" + typed + "”"
	}
	var names []string
	for i := range m.Fields().Len() {
		names = append(names, m.Fields().Get(i).JSONName())
	}
	if name := meant(typed, names); name != "" {
		text += ", może zamiast „" + name + "”"
	}
	return text
}

// sentenceOf gives the sentence of a misreadError's text.
func sentenceOf(text string) (string, bool) { return strings.CutPrefix(text, misread) }
