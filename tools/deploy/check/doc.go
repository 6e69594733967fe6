// Package check reads what is in deploy/ with the types of those who will read it there: Kubernetes' own Go types, strictly, after kustomize has put base and
// overlays together, and the library behind docker compose. What these formats do not know, such as Asysta's settings, the tests of the package deploy check.
package check
