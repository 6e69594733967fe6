// Package catalogue has the coded words of the work with families: the assistant's tasks, aims and forms of support, forms of family work,
// sources of help, life areas of a diagnosis, kinds of work-card entries and reasons of closure.
//
// The documents differ in what they list, so a catalogue is data: each entry says which document it comes from and in which days it holds. An entry
// is never taken out, for old plans and cards keep their codes; it ends with a day. Codes are stable and mean one thing for ever: a changed meaning is a
// new code. The package imports calendar alone.
package catalogue
