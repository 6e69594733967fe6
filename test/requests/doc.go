// Command requests asks Asysta whatever can be asked, and holds every answer to what is promised of all of them.
//
// Requests come from the descriptors of the contract alone: for every method valid ones, mutated ones and hostile ones, over gRPC and over REST, by every role of two
// counties and by strangers. Whatever is asked, no answer is Internal or Unknown, none is late, nothing panics; a refusal has a reason and a Polish message, which
// repeat nothing personal; and what was refused, only tried or only read has written nothing, which the data file itself is asked after every single request.
//
// A run is a row of counties, numbered from 0. Each is a fresh pair of counties in this process, lives through the same number of requests, one after the other, and
// ends with the check of all its chains. What a county is asked follows from the seed and its number, so that a run can be taken up again at any county (-from)
// and a finding be met again. Several counties live at once, each with a goroutine of its own.
package main
