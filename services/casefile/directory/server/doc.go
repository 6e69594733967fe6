// Package server is the gRPC shell of the directory: it serves asysta.directory.v1.DirectoryService over the store and makes the first
// administrator of a county (Bootstrap).
//
// # What holds
//
//   - Rules live in package directory; a handler loads, authorizes, lets the core decide, commits through rpc.Deps.Mutate and converts.
//   - A login subject is claimed, by a commit of its own under the hash of the subject, before a person gets it, and given free after
//     the person has lost it. So two people never hold one, whatever fails in between.
//   - Family data is read for the head alone, and leaves only for families the object rules let the caller see; of other gminas' families there is a number.
//
// It must not import another service or an engine of the store.
package server
