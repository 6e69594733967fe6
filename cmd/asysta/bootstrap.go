package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"asysta.example/cmd/asysta/suite"
)

// bootstrap puts the first county, gmina and administrator into an empty store; everything else is done by that administrator through the API.
func (p program) bootstrap(ctx context.Context) (err error) {
	var first suite.First
	ok, err := p.flags("bootstrap", p.args, func(f *flag.FlagSet) {
		f.StringVar(&first.Gmina, "gmina", "", "TERYT code of the first gmina, 7 digits; its first four are the county")
		f.StringVar(&first.GminaName, "gmina-name", "", `name of the gmina, e.g. "gmina Radziłów"`)
		f.StringVar(&first.CountyName, "county-name", "", `name of the county, e.g. "powiat grajewski"`)
		f.StringVar(&first.Office.Name, "office", "", `social assistance centre of the gmina as on papers, e.g. "Gminny Ośrodek Pomocy Społecznej w Radziłowie"`)
		f.StringVar(&first.Office.Address, "office-address", "", "its street and number")
		f.StringVar(&first.Office.Place, "office-place", "", "its postal code and town")
		f.StringVar(&first.CountyOffice.Name, "county-office", "", "the county's PCPR as on papers")
		f.StringVar(&first.Person, "person", "", "name of the county's first administrator")
		f.StringVar(&first.Subject, "subject", "", "login subject of the administrator: the claim sub of their tokens")
	})
	if !ok {
		return err
	}
	if err := first.Faults(); err != nil { // before a store and a key are made
		return err
	}
	base, err := p.openTool(ctx, true, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, base.Close()) }()
	person, err := suite.Bootstrap(ctx, base.Deps, first)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "county powiaty/%s, gmina gminas/%s, administrator %s\n", first.Gmina[:4], first.Gmina, person)
	return err
}
