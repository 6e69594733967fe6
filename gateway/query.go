package gateway

import (
	"net/url"
	"strings"
	"sync"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/grpc-ecosystem/grpc-gateway/v2/utilities"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// strictQuery reads query parameters as the library does, but refuses one that the request does not have: a misspelt filter must not
// silently list everything.
type strictQuery struct{}

// parseStrictly makes strictQuery the parser of this process. The library keeps the parser in a variable of its package, not in the mux: set
// with each mux, it would be written while the requests of another gateway read it.
var parseStrictly = sync.OnceFunc(func() { runtime.NewServeMux(runtime.SetQueryParameterParser(strictQuery{})) })

// Parse implements runtime.QueryParameterParser.
func (strictQuery) Parse(msg proto.Message, values url.Values, filter *utilities.DoubleArray) error {
	for key := range values {
		if d, name := unknownIn(msg.ProtoReflect().Descriptor(), strings.Split(key, ".")); d != nil {
			return misreadError("nieznany parametr" + unknown(d, name) + ". Sprawdź pisownię pod /docs/.")
		}
	}
	return (&runtime.DefaultQueryParser{}).Parse(msg, values, filter)
}

// unknownIn gives the first name of a path that there is no field for, and the message that lacks it; nil where the path leads to a field.
func unknownIn(d protoreflect.MessageDescriptor, path []string) (protoreflect.MessageDescriptor, string) {
	f := d.Fields().ByJSONName(path[0])
	if f == nil {
		f = d.Fields().ByTextName(path[0])
	}
	switch {
	case f == nil:
		return d, path[0]
	case len(path) == 1:
		return nil, ""
	case f.Message() == nil:
		return d, strings.Join(path, ".")
	}
	return unknownIn(f.Message(), path[1:])
}
