package e2e

import "embed"

// Fixture holds the small county of this package's tests (testdata/county.yaml), its families (testdata/families.yaml) and the acts of the services' tables as
// requests (testdata/orders.yaml), for harnesses that want the same.
//
//go:embed testdata/county.yaml testdata/families.yaml testdata/orders.yaml
var Fixture embed.FS
