package server

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"asysta.example/internal/fault"
)

// merge gives the current resource with the fields of the mask taken from the update. Only fields below those that may change are accepted;
// "*" means all of these. A message named as a whole is replaced as a whole. A mask that the gateway makes of a body without fields has one path without a name: like
// an absent one it names nothing to change.
func merge[M proto.Message](current, update M, mask *fieldmaskpb.FieldMask, mayChange ...string) (M, error) {
	next, _ := proto.Clone(current).(M)
	paths := mask.GetPaths()
	if slices.Contains(paths, "*") {
		paths = mayChange
	}
	if !slices.ContainsFunc(paths, func(path string) bool { return path != "" }) {
		return next, fault.Invalid("update_mask", "UPDATE_MASK", "nie podano niczego do zmiany. Wpisz w treści żądania pola, które mają się zmienić, albo wskaż je w update_mask.")
	}
	for _, path := range paths {
		steps := strings.Split(path, ".")
		if !slices.Contains(mayChange, steps[0]) || !copyField(next.ProtoReflect(), update.ProtoReflect(), steps) {
			return next, fault.Invalid("update_mask", "UPDATE_MASK", "update_mask zawiera pole, którego nie można tu zmienić.")
		}
	}
	return next, nil
}

// copyField copies the field at the end of a path; false where the path leads nowhere.
func copyField(dst, src protoreflect.Message, steps []string) bool {
	f := dst.Descriptor().Fields().ByName(protoreflect.Name(steps[0]))
	if f == nil {
		return false
	}
	if len(steps) > 1 {
		if f.Message() == nil || f.IsList() || f.IsMap() {
			return false
		}
		return copyField(dst.Mutable(f).Message(), src.Get(f).Message(), steps[1:])
	}
	if !src.Has(f) {
		dst.Clear(f)
		return true
	}
	dst.Set(f, src.Get(f))
	return true
}
