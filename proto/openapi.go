// Package proto carries the contract's OpenAPI document, so that whoever serves the contract over REST can publish it. The generated Go packages are
// in the folders below gen/asysta.
package proto

import _ "embed"

// OpenAPI is the OpenAPI 2 document of every method that has a REST path, as JSON.
//
//go:embed gen/openapi/asysta.swagger.json
var OpenAPI []byte
