package rpc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"asysta.example/internal/access"
	"asysta.example/internal/familyfile"
	"asysta.example/internal/store"
)

// PartiesWithFile gives the parties of a referral as those of its family are today. A referral holds the same family's data as the file that it led to, and the head
// decides on the file who is kept from the family (DOMAIN 7): who is locked out of the file by name is locked out of the referral, and a contracted body reaches the
// referral while the file is given to it. Where there is no file (yet) the referral's own parties stand. The look at the file hands nothing of it out, so that it is
// no reading of it.
func (d Deps) PartiesWithFile(ctx context.Context, gmina, file string, p access.Parties) (access.Parties, error) {
	if file == "" {
		return p, nil
	}
	doc, err := d.Store.For(gmina).Load(store.Unnoted(ctx), store.Ref{Kind: store.FamilyFiles, ID: file})
	if errors.Is(err, store.ErrNotFound) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("rpc: family file of a referral: %w", err)
	}
	c, err := Part[familyfile.Cover](doc, doc.Cover)
	if err != nil || c.State == familyfile.Fenced {
		return p, err
	}
	p.LockedOut = slices.Concat(p.LockedOut, c.LockedOut)
	if c.ContractedBody != p.ContractedBody {
		p.ContractedBody = ""
	}
	return p, nil
}
