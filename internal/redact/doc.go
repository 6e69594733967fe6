// Package redact decides what of a message or of an error may be written where people other than the family's own workers read: logs, traces, metrics and
// error details. It is the one place that does.
//
// # What holds
//
//   - Of a message only fields survive that the contract calls public or internal; a field that it does not classify is as good as secret.
//   - A text survives only in the form of an identifier (resource name, id, date, time of day, number of few digits), whatever its class: a request is
//     what somebody typed, also into the wrong field. Bytes and unknown fields never survive.
//   - Of an error's text whatever was quoted, listed in braces or counted in many digits is cut out, and every word that may be a name.
//   - A panic is told by its type and the functions it passed, never by its value.
//
// It reads descriptors alone, so that a field added to the contract is redacted by its own option. It must not import a service, the store or internal/rpc.
package redact
