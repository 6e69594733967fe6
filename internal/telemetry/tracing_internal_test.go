package telemetry

import (
	"testing"

	"asysta.example/internal/testkit/contract"
	_ "asysta.example/proto/gen/asysta/casefile/v1"
	_ "asysta.example/proto/gen/asysta/directory/v1"
	_ "asysta.example/proto/gen/asysta/planning/v1"
	_ "asysta.example/proto/gen/asysta/referral/v1"
	_ "asysta.example/proto/gen/asysta/reporting/v1"
)

// Spans are made of the contract's methods, of all of them and of no other.
func TestContractMethods(t *testing.T) {
	all, err := contract.Methods()
	if err != nil {
		t.Fatal(err)
	}
	known := contractMethods()
	for _, m := range all {
		if !known[m.Call] {
			t.Errorf("no spans of %s", m.Call)
		}
	}
	if len(known) != len(all) || len(all) < 50 {
		t.Errorf("spans of %d methods, the contract has %d", len(known), len(all))
	}
}
