package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"asysta.example/internal/access"
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

// Introduce tells the page of the trial's people who some of them are, by login and in Polish, in the words in which they were shown elsewhere.
func (s *Suite) Introduce(who map[string]string) { s.introduced.Store(&who) }

// introducedAs gives the words for a login, "" where nobody gave any.
func (s *Suite) introducedAs(subject string) string {
	if who := s.introduced.Load(); who != nil {
		return (*who)[subject]
	}
	return ""
}

// trialPeople lists who may be tried: everybody of every county of the store who may log in today.
func trialPeople(deps rpc.Deps, introducedAs func(subject string) string) func(context.Context) ([]identity.TrialPerson, error) {
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
				does, err := doing(ctx, deps, p, introducedAs(p.Subjects[0]))
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

// doing says what a person is: as introduced, with the gminas that those words leave out, or by their roles.
func doing(ctx context.Context, deps rpc.Deps, p directory.Person, introduced string) (string, error) {
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
		for _, r := range s.RolesOn(deps.Today()) {
			words = append(words, roleWords[r]+", "+gmina)
			if introduced != "" && !strings.Contains(introduced, gmina) {
				introduced += ", " + gmina
			}
		}
	}
	if introduced != "" {
		return introduced, nil
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
