package rpc

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"asysta.example/internal/fault"
)

// Merge gives the current resource with the fields of the mask taken from the update. Only fields below those that may change are accepted;
// "*" means all of these. A message named as a whole is replaced as a whole. The gateway makes the mask of a body itself and names the leaves of it, a date by
// its year, month and day; of a body without fields it makes one path without a name: like an absent mask it names nothing to change.
func Merge[M proto.Message](current, update M, mask *fieldmaskpb.FieldMask, mayChange ...string) (M, error) {
	next, _ := proto.Clone(current).(M)
	paths := mask.GetPaths()
	if slices.Contains(paths, "*") {
		paths = mayChange
	}
	if !slices.ContainsFunc(paths, func(path string) bool { return path != "" }) {
		return next, nothingToChange()
	}
	for _, path := range paths {
		below := func(may string) bool { return path == may || strings.HasPrefix(path, may+".") }
		if !slices.ContainsFunc(mayChange, below) || !copyField(next.ProtoReflect(), update.ProtoReflect(), strings.Split(path, ".")) {
			return next, fault.Invalid("update_mask", "UPDATE_MASK",
				"treść żądania albo update_mask zawiera pole, którego nie można tu zmienić. Zmienić można: "+strings.Join(mayChange, ", ")+".")
		}
	}
	return next, nil
}

// MergeAll is Merge where a change without a mask means all that may change, as the contract of the resource says. An update that holds none of it, the
// request without a body over REST, would leave nothing of the resource: like a mask that names nothing it is refused.
func MergeAll[M proto.Message](current, update M, mask *fieldmaskpb.FieldMask, mayChange ...string) (M, error) {
	if len(mask.GetPaths()) > 0 {
		return Merge(current, update, mask, mayChange...)
	}
	m := update.ProtoReflect()
	said := slices.ContainsFunc(mayChange, func(name string) bool {
		f := m.Descriptor().Fields().ByName(protoreflect.Name(name))
		return f != nil && m.Has(f)
	})
	if !said {
		return current, nothingToChange()
	}
	return Merge(current, update, &fieldmaskpb.FieldMask{Paths: []string{"*"}}, mayChange...)
}

// Named gives the fields of the resource that a mask names, each once: of the leaves that the gateway names the field that they are of. Services whose fields are
// changed by commands of their own take the values from Merge and the commands from here.
func Named(mask *fieldmaskpb.FieldMask) []string {
	var out []string
	for _, path := range mask.GetPaths() {
		if field, _, _ := strings.Cut(path, "."); field != "" && !slices.Contains(out, field) {
			out = append(out, field)
		}
	}
	return out
}

func nothingToChange() error {
	return fault.Invalid("update_mask", "UPDATE_MASK", "nie podano niczego do zmiany. Wpisz w treści żądania pola, które mają się zmienić, albo wskaż je w update_mask.")
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
