package rpc

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// unspecified ends the name of every enum's value 0, which says nothing; what stands before it is the prefix of all values. The contract's lint sees to both.
const unspecified = "UNSPECIFIED"

// wireEnum is a generated enum of the contract.
type wireEnum interface {
	~int32
	protoreflect.Enum
}

// Enum writes a core's word for the wire: cores spell their words as the contract's enum without its prefix. A word that the contract does not have, "" among
// them, is UNSPECIFIED.
func Enum[E wireEnum, W ~string](word W) E {
	values := E(0).Descriptor().Values()
	v := values.ByName(protoreflect.Name(prefixOf(values) + string(word)))
	if v == nil {
		return 0
	}
	return E(v.Number())
}

// Word reads an enum of the wire as the core's word; "" for UNSPECIFIED. A number that the contract does not have stays a number, which no core knows.
func Word[W ~string, E wireEnum](value E) W {
	values := value.Descriptor().Values()
	v := values.ByNumber(value.Number())
	if v == nil {
		return W(strconv.Itoa(int(value)))
	}
	if value == 0 {
		return ""
	}
	return W(strings.TrimPrefix(string(v.Name()), prefixOf(values)))
}

func prefixOf(values protoreflect.EnumValueDescriptors) string {
	return strings.TrimSuffix(string(values.ByNumber(0).Name()), unspecified)
}
