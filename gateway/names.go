package gateway

import (
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// fieldNames are the names of all fields that requests of the contract have, as JSON and as the contract spells them, sorted. An answer repeats no other name:
// what stands in the place of a field's name may be anything that somebody typed.
var fieldNames = sync.OnceValue(func() []string {
	names, seen := map[string]bool{}, map[protoreflect.FullName]bool{}
	var walk func(protoreflect.MessageDescriptor)
	walk = func(m protoreflect.MessageDescriptor) {
		if seen[m.FullName()] {
			return
		}
		seen[m.FullName()] = true
		for i := range m.Fields().Len() {
			f := m.Fields().Get(i)
			names[f.JSONName()], names[string(f.Name())] = true, true
			if f.Message() != nil {
				walk(f.Message())
			}
		}
	}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			for j := range f.Services().Get(i).Methods().Len() {
				if strings.HasPrefix(string(f.Package()), "asysta.") {
					walk(f.Services().Get(i).Methods().Get(j).Input())
				}
			}
		}
		return true
	})
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
})

// published tells whether a path is made of names of the contract alone.
func published(path string) bool {
	for _, part := range strings.Split(path, ".") {
		name, _, _ := strings.Cut(part, "[")
		if _, known := slices.BinarySearch(fieldNames(), name); !known {
			return false
		}
	}
	return true
}

// misspelt is how many letters may be wrong in a name that is taken for another one.
const misspelt = 2

// meant gives which of some names a misspelt one stands for, "" for none.
func meant(typed string, names []string) string {
	if len(typed) < 2*misspelt || len(typed) > 64 {
		return ""
	}
	best, least := "", misspelt+1
	for _, name := range names {
		if d := distance(typed, name, least); d < least {
			best, least = name, d
		}
	}
	return best
}

// distance counts the letters to put in, take out or change between two names, up to a limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
