package store

import "go.mongodb.org/mongo-driver/v2/bson"

// sectionsAt is where the sections begin in the encoded bytes of a document, of which they are the last element; 0 where it has none.
func sectionsAt(d *Document, body bson.Raw) int {
	if len(d.Sections) == 0 {
		return 0
	}
	const key = "sections"
	size := 1 + len(key) + 1 + 4 + 1 // type and key of the element; length and end of its document
	for name, section := range d.Sections {
		size += 1 + len(name) + 1 + len(section)
	}
	return len(body) - 1 - size
}
