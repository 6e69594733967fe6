// Package server is the gRPC shell of the reporting service: it reads covers and visits through the scope of the tenant, lets the core count and
// converts what comes out.
//
// Counting for a gmina looks at all its files; what is handed out are numbers, so only drill-down is noted in the access log, for the files it names. The county's
// counting goes through the county's scope, which has no labels and no ids. It must not import another service.
package server
