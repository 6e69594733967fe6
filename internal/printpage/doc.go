// Package printpage is the frame of every paper that Asysta prints: a plain HTML page for A4 in Polish, with the office on top and space for signatures below.
//
// Values are escaped by html/template; a page has no script, no image and no address of another server, and its own policy forbids them, so that a paper with
// family data can be opened from anywhere without telling anybody. Nothing on a page may come from outside the data handed to Render. It imports calendar alone.
package printpage
