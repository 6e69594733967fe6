// Package pesel knows the Polish national identification number: eleven digits that carry a birth date, a sex and a check digit.
//
// Source: ustawa z dnia 24 września 2010 r. o ewidencji ludności, art. 15. A number is secret: nothing here prints one, and no error names one.
// The package must import nothing of Asysta but civil dates.
package pesel
