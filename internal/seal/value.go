package seal

import (
	"fmt"
	"log/slog"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Value is a sealed secret as it is stored inside a section. The zero Value means "none".
type Value struct {
	Cipher     []byte `bson:"cipher,omitempty"`
	GminaHash  string `bson:"gmina_hash,omitempty"`  // equal for equal plaintext within one gmina
	CountyHash string `bson:"county_hash,omitempty"` // equal for equal plaintext within one county
}

const printed = "[sealed]"

// IsZero says that nothing is sealed here.
func (v Value) IsZero() bool { return len(v.Cipher) == 0 && v.GminaHash == "" && v.CountyHash == "" }

// String gives no part of the value: even a hash tells who is the same person.
func (v Value) String() string { return printed }

// GoString gives no part of the value.
func (v Value) GoString() string { return printed }

// LogValue gives no part of the value.
func (v Value) LogValue() slog.Value { return slog.StringValue(printed) }

// cipherField is the name under which a stored Value has what is sealed.
const cipherField = "cipher"

// Holds tells whether a stored document has a sealed value in it, at whatever depth.
func Holds(doc bson.Raw) (bool, error) {
	elements, err := doc.Elements()
	if err != nil {
		return false, fmt.Errorf("seal: holds: %w", err)
	}
	for _, e := range elements {
		if e.Key() == cipherField {
			return true, nil
		}
		if held, err := within(e.Value()); held || err != nil {
			return held, err
		}
	}
	return false, nil
}

func within(v bson.RawValue) (bool, error) {
	if doc, ok := v.DocumentOK(); ok {
		return Holds(doc)
	}
	if list, ok := v.ArrayOK(); ok {
		return Holds(bson.Raw(list))
	}
	return false, nil
}
