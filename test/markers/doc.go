// Command markers plays the whole scenario of the demo with values that stand nowhere else (every name, address, note and purpose carries a word without
// vowels; the PESEL numbers are markers themselves), beside it requests that are malformed, refused, broken off by panics and failures of the store, and
// then looks for each marker where none may be: logs at level DEBUG, answers of errors, metrics, traces, addresses of requests; and, for fields that the
// contract calls secret, in the data files.
//
// That the search finds what is there is shown by the same run: the markers of personal fields must stand in the data file.
package main
