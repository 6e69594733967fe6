// Command stolen plays two counties and then does what a thief with the data alone would: takes the SQLite data file with its log while the process serves, or a dump of
// every collection of the Mongo engine, and looks for each value of a field that the contract calls secret (PESEL numbers, references of Blue Cards, protected addresses).
//
// A value is looked for as text in several encodings, turned round, with anything between its digits, as a number, packed two digits to a byte, in hexadecimal and base64, and
// as the plain hashes of it that are in use. Then the thief guesses: whatever stands in the data that could be a key is tried as the key of the search hashes.
//
// That the search finds what is there is shown in the same run: each form is planted and found, names stand in the data, and so do the keyed hashes that the program
// itself works out with the master key.
package main
