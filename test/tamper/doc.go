// Command tamper edits the data file of a county from beside the program, in one random place at a time, and asks `audit verify` each time whether it notices.
//
// A trial changes a value anywhere inside a commit, a record, a document or an entry of a feed; flips bits; takes a commit, a record, a document or an entry away or puts
// one in; swaps commits within a file and between files; renames; and falsifies what SQLite keeps beside the documents. It does the same to lines of the access log that are in
// a segment, to segments and to postings, and takes a line out and moves those behind it up. Every trial must be noticed.
//
// What leaves everything in agreement is noticed with the anchors alone: the end of a file cut off together with all that came of it, a file removed whole, a commit rewritten
// with the hashes of all after it, an older database put back, the end of the access log cut off with its segments and postings, a line of it rewritten with all digests. Each such trial must pass without the anchors (or the trial is not what it says) and be noticed with them.
//
// Before, between and after the trials the untouched county is verified: there must be nothing to notice.
package main
