package rpc

import "google.golang.org/protobuf/reflect/protoreflect"

// PolicyFault tells what keeps a server with a method from starting, for tests.
func PolicyFault(m protoreflect.MethodDescriptor) error {
	_, err := policyOf(m)
	return err
}
