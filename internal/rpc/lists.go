package rpc

import (
	"fmt"
	"strconv"
	"sync"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/internal/fault"
)

// Bounds of what is looked at and told of a bad request. Without them a request of one megabyte that holds nothing but a list of empty members costs ten seconds and a
// gigabyte, and is answered with 80 MB of sentences.
const (
	anyList   = 1000 // items of a list for which the contract has no bound, such as those that only answers fill
	manyItems = 5000 // messages in lists, more than any request has whose lists are as long as they may be
	toldLists = 20   // lists that are told to be too long
	toldRules = 200  // other violations that are told
)

// excessive tells whether a request has so much in lists that not every rule of the contract is asked of each item; it stops looking when that is known.
func excessive(m protoreflect.Message, items *int) (yes bool) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap(), f.Message() == nil && !f.IsList():
		case f.IsList():
			list := v.List()
			yes = list.Len() > anyList
			for i := 0; !yes && f.Message() != nil && i < list.Len(); i++ {
				*items++
				yes = *items > manyItems || excessive(list.Get(i).Message(), items)
			}
		default:
			yes = excessive(v.Message(), items)
		}
		return !yes
	})
	return yes
}

// longLists gives the faults of lists with more items than they may have. It looks into no list that is too long.
type longLists struct {
	bounds *sync.Map // protoreflect.FullName of a list → int
	found  fault.Fields
}

func (l *longLists) in(m protoreflect.Message, path string) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		at := path + string(f.Name())
		switch {
		case f.IsMap():
		case f.IsList():
			l.list(f, v.List(), at)
		case f.Message() != nil:
			l.in(v.Message(), at+".")
		}
		return len(l.found) < toldLists
	})
}

func (l *longLists) list(f protoreflect.FieldDescriptor, items protoreflect.List, path string) {
	if most := l.most(f); items.Len() > most {
		l.found.Add(path, fmt.Sprintf(sentences["repeated.max_items"], strconv.Itoa(most)))
		return
	}
	for i := 0; f.Message() != nil && i < items.Len() && len(l.found) < toldLists; i++ {
		l.in(items.Get(i).Message(), path+"["+strconv.Itoa(i)+"].")
	}
}

// most is the longest that a list may be.
func (l *longLists) most(f protoreflect.FieldDescriptor) int {
	if n, ok := l.bounds.Load(f.FullName()); ok {
		return n.(int) //nolint:forcetypeassert // nothing else is kept there
	}
	most := anyList
	if rules, err := protovalidate.ResolveFieldRules(f); err == nil && rules.GetRepeated().HasMaxItems() {
		most = int(min(rules.GetRepeated().GetMaxItems(), anyList))
	}
	l.bounds.Store(f.FullName(), most)
	return most
}

// lists refuses a request with far too much in its lists: it is told which of them are too long, and no other rule is asked.
func (v *validator) lists(req proto.Message) error {
	if !excessive(req.ProtoReflect(), new(int)) {
		return nil
	}
	l := longLists{bounds: &v.bounds}
	l.in(req.ProtoReflect(), "")
	return l.found.Err()
}
