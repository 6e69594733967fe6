package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

// roleWords are the roles as an office calls them.
var roleWords = map[access.Role]string{
	access.Head: "kierownik ośrodka", access.SocialWorker: "pracownik socjalny", access.Assistant: "asystent rodziny", access.ContractedBody: "podmiot z umowy (art. 190)",
	access.Coordinator: "koordynator rodzinnej pieczy zastępczej", access.CountyReporting: "sprawozdawczość powiatu", access.CountyAdministrator: "administrator powiatu", access.Auditor: "audytor",
}

// trialPeople lists who may be tried: everybody of every county of the store who may log in today.
func trialPeople(deps rpc.Deps) func(context.Context) ([]identity.TrialPerson, error) {
	return func(ctx context.Context) ([]identity.TrialPerson, error) {
		counties, err := deps.Store.System().List(ctx, store.Counties, store.Query{Index: "all", Limit: 100})
		if err != nil {
			return nil, fmt.Errorf("suite: trial people: %w", err)
		}
		var out []identity.TrialPerson
		for _, hit := range counties.Hits {
			people, err := deps.Directory.ListPeople(ctx, hit.Doc.ID, "")
			if err != nil {
				return nil, fmt.Errorf("suite: trial people: %w", err)
			}
			for _, p := range people {
				if len(p.Subjects) == 0 || !p.ActiveOn(deps.Today()) {
					continue
				}
				does, err := rolesOf(ctx, deps, p, deps.Today())
				if err != nil {
					return nil, err
				}
				out = append(out, identity.TrialPerson{Subject: p.Subjects[0], DisplayName: p.DisplayName, Does: does})
			}
		}
		slices.SortFunc(out, func(a, b identity.TrialPerson) int {
			return cmp.Or(cmp.Compare(a.Does, b.Does), cmp.Compare(a.DisplayName, b.DisplayName))
		})
		return out, nil
	}
}

func rolesOf(ctx context.Context, deps rpc.Deps, p directory.Person, today calendar.Date) (string, error) {
	var words []string
	for _, r := range p.CountyRoles {
		words = append(words, roleWords[r])
	}
	staff, err := deps.Directory.Employments(ctx, p.ID)
	if err != nil {
		return "", fmt.Errorf("suite: trial people: %w", err)
	}
	for _, s := range staff {
		gmina, err := gminaWords(ctx, deps, s.Gmina)
		if err != nil {
			return "", err
		}
		for _, r := range s.RolesOn(today) {
			words = append(words, roleWords[r]+", "+gmina)
		}
	}
	return strings.Join(words, "; "), nil
}

// gminaWords names a gmina as its people do; by its number where nobody has named it.
func gminaWords(ctx context.Context, deps rpc.Deps, teryt string) (string, error) {
	g, _, err := deps.Directory.Gmina(ctx, teryt)
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return "", fmt.Errorf("suite: trial people: %w", err)
	case g.DisplayName == "":
		return "gmina " + teryt, nil
	}
	return g.DisplayName, nil
}
