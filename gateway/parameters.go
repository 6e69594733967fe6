package gateway

import (
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

var (
	problemNoParameters = &problem{Code: http.StatusBadRequest, Status: "INVALID_ARGUMENT", Reason: "MALFORMED_REQUEST",
		Message: "Popraw dane: ten adres nie przyjmuje parametrów. Usuń z niego wszystko od znaku „?”."}
	problemAllInBody = &problem{Code: http.StatusBadRequest, Status: "INVALID_ARGUMENT", Reason: "MALFORMED_REQUEST",
		Message: "Popraw dane: to żądanie nie przyjmuje parametrów w adresie. Przenieś je do treści żądania (JSON); opis jest pod /docs/. Nic nie zostało zapisane."}
)

// parameterless has the methods of the contract that read no parameter of the address, by HTTP method and pattern of the path, with what is said of one. The library
// calls its parser for the others alone, so that these would drop whatever stands in the address.
var parameterless = sync.OnceValue(func() map[string]*problem {
	found := map[string]*problem{}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			methods := f.Services().Get(i).Methods()
			for j := range methods.Len() {
				if rule, ok := proto.GetExtension(methods.Get(j).Options(), annotations.E_Http).(*annotations.HttpRule); ok && rule != nil {
					verb, path := verbOf(rule)
					if p := withoutParameters(methods.Get(j).Input(), rule.GetBody(), path); p != nil {
						found[verb+" "+path] = p
					}
				}
			}
		}
		return true
	})
	return found
})

func verbOf(rule *annotations.HttpRule) (verb, path string) {
	switch p := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return http.MethodGet, p.Get
	case *annotations.HttpRule_Post:
		return http.MethodPost, p.Post
	case *annotations.HttpRule_Patch:
		return http.MethodPatch, p.Patch
	case *annotations.HttpRule_Put:
		return http.MethodPut, p.Put
	case *annotations.HttpRule_Delete:
		return http.MethodDelete, p.Delete
	}
	return "", ""
}

// withoutParameters gives what is said of a parameter where body and path take every field of a request; nil where some are left for parameters.
func withoutParameters(in protoreflect.MessageDescriptor, body, path string) *problem {
	if body == "*" {
		return problemAllInBody
	}
	for i := range in.Fields().Len() {
		field := string(in.Fields().Get(i).Name())
		if field != body && !strings.Contains(path, "{"+field+"=") && !strings.Contains(path, "{"+field+"}") {
			return nil
		}
	}
	return problemNoParameters
}

// strict refuses parameters where none is read. It is a middleware of the library's mux, which finds the path.
func strict(next runtime.HandlerFunc) runtime.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
		if r.URL.RawQuery != "" {
			if pattern, ok := runtime.HTTPPattern(r.Context()); ok {
				if p := parameterless()[r.Method+" "+pattern.String()]; p != nil && slices.ContainsFunc(strings.Split(r.URL.RawQuery, "&"), func(s string) bool { return s != "" }) {
					p.write(r.Context(), w)
					return
				}
			}
		}
		next(w, r, params)
	}
}
