// Package access says who a caller is and what they may see and do: principals, roles, grants and the object rules of the family file.
//
// A grant is the answer to one question, decided before the store is asked: which of the caller's roles does the contract's permission accept
// in the tenant of the resource. The object rules then decide on the loaded file: own families, own area, families given to a
// contracted body, files with a linked child. Who is locked out by name sees nothing, whatever the role. It imports nothing of Asysta.
package access
