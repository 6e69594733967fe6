package seal

import "log/slog"

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
