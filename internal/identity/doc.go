// Package identity finds out who calls: it verifies bearer tokens and resolves their subject in the county's directory.
//
// # What holds
//
//   - A person's token is an OpenID Connect token of the one configured issuer, for the configured audience, not expired by the injected clock. What it
//     says about roles counts for nothing: roles come from the directory as in force on the day of the call, at every call, so that who is revoked is out at once.
//   - A service's token is signed with the deployment's own key, lives a minute, names the service and on whose behalf it acts, and gives ROLE_SYSTEM alone.
//   - The trial issuer, which gives a token to whoever asks, answers nobody but this machine.
//
// It must not import a service, package rpc's server or the gateway, and never logs a token.
package identity
