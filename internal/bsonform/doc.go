// Package bsonform reads and writes the structs that are stored: what it makes of a value and of a document is what bson.Marshal and bson.Unmarshal of
// go.mongodb.org/mongo-driver/v2 make of it, in a fraction of the time.
//
// The driver looks up, for every field of every value, who can encode or decode it. Here the way through a type is worked out once, on its first use. Reading
// a family file spends most of its time in this, so it matters.
//
// # What holds
//
//   - The bytes are those of the driver with its default options, and so are the values; a test compares the two on every type that is stored.
//   - What this package does not know (a type, a tag, a value of another BSON type than the field's own) it gives to the driver, as a whole.
//   - Strings of a decoded value share one copy of the document's bytes; nothing of it refers to the bytes that were handed in.
//
// It must not import anything of Asysta.
package bsonform
