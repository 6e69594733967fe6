// Command mutants removes each guard of the system in turn and runs the tests that are to notice.
//
// A guard is a line that keeps somebody from something: the tenant's filter, a permission, an object rule, the check of the version, a claim, the write of the audit,
// the read record, validation, the seal. guards.go names each with the file, the line as it is, the line as it would be without the guard, and the test
// that must fail then. The changed file is laid over the real one (go test -overlay); no source is touched.
//
// A guard whose removal no test notices has survived, and that is a defect of the tests. A removal that does not compile is a defect of guards.go.
//
//	go run ./test/mutants             every guard
//	go run ./test/mutants -only seal  those whose name contains "seal"
//
// It must not be imported.
package main
