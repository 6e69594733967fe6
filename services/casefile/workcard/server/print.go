package server

import (
	"context"
	_ "embed"
	"errors"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/httpbody"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"

	"asysta.example/internal/calendar"
	"asysta.example/internal/catalogue"
	"asysta.example/internal/directory"
	"asysta.example/internal/fault"
	"asysta.example/internal/printpage"
	"asysta.example/internal/store"
	"asysta.example/services/casefile/workcard"
)

//go:embed card.html
var cardHTML string

var cardPage = printpage.New("work card", cardHTML)

// printedEntries is how many entries one printed card holds at most; longer periods are printed in parts.
const printedEntries = 1000

// cardData is what the printed card shows.
type cardData struct {
	FamilyName string
	Members    []string
	Assistant  string
	Worker     string // social worker
	Day0       calendar.Date
	Entries    []cardEntry
}

// cardEntry is one row of the printed card.
type cardEntry struct {
	On               calendar.Date
	Hours            string
	Assistant        string
	Kind, Place      string
	Present          string
	Tasks            []string
	Findings         string
	Agreements       string
	FamilyTasks      string
	AssistantTasks   string
	NextOn           calendar.Date
	Signed           []string
	CorrectedBecause string
}

// PrintWorkCard implements the service.
func (s *Server) PrintWorkCard(ctx context.Context, req *casefilev1.PrintWorkCardRequest) (*httpbody.HttpBody, error) {
	n, err := parse(req.GetName())
	if err != nil {
		return nil, err
	}
	from, to, err := printedPeriod(req)
	if err != nil {
		return nil, err
	}
	f, err := s.load(ctx, n)
	if err != nil {
		return nil, err
	}
	gmina, _, err := s.deps.Directory.Gmina(ctx, n.Gmina)
	if err != nil {
		return nil, err
	}
	data, err := s.cardOf(ctx, f, store.RecordQuery{Type: store.Visits, File: n.ID, From: from.String(), To: to.AddDays(1).String()})
	if err != nil {
		return nil, err
	}
	o := gmina.Office
	page, err := cardPage.Render(printpage.Frame{
		Office: printpage.Office{Name: o.Name, Address: o.Address, Place: o.Place, Phone: o.Phone, Email: o.Email},
		Title:  "Karta pracy z rodziną", Number: f.card.Cover.Number, Subtitle: spanOf(from, to), PrintedOn: s.deps.Today(),
		Signatures: []string{"asystent rodziny", "członek rodziny"},
	}, data)
	return &httpbody.HttpBody{ContentType: printpage.ContentType, Data: page}, err
}

// printedPeriod reads the days of the request, of which either may be absent.
func printedPeriod(req *casefilev1.PrintWorkCardRequest) (from, to calendar.Date, err error) {
	for _, d := range []struct {
		text, field string
		into        *calendar.Date
	}{{req.GetFrom(), "from", &from}, {req.GetTo(), "to", &to}} {
		if d.text == "" {
			continue
		}
		if *d.into, err = calendar.Parse(d.text); err != nil {
			return from, to, fault.Invalid(d.field, "NO_SUCH_DATE", "nie ma takiej daty; podaj rok, miesiąc i dzień.")
		}
	}
	if !to.IsZero() && to.Before(from) {
		return from, to, fault.Invalid("to", "PERIOD", "koniec okresu nie może być przed jego początkiem.")
	}
	return from, to, nil
}

func spanOf(from, to calendar.Date) string {
	switch {
	case from.IsZero() && to.IsZero():
		return ""
	case from.IsZero():
		return "do " + to.Polish()
	case to.IsZero():
		return "od " + from.Polish()
	}
	return "od " + from.Polish() + " do " + to.Polish()
}

// cardOf gathers the entries that stand, the oldest first.
func (s *Server) cardOf(ctx context.Context, f file, q store.RecordQuery) (cardData, error) {
	visits, next, err := records(ctx, s.deps.Scope(ctx), q, printedEntries, func(_ store.StoredRecord, v workcard.Visit) (*workcard.Visit, error) {
		if f.card.Card.SupersededBy(v.ID) != "" {
			return nil, nil
		}
		return &v, nil
	})
	if err != nil {
		return cardData{}, err
	}
	if next != "" {
		return cardData{}, fault.Exhausted("PERIOD_TOO_LONG", "W tym okresie jest zbyt wiele wpisów na jeden wydruk. Wydrukuj kartę w częściach, podając krótsze okresy.")
	}
	slices.Reverse(visits)
	names := staffNames{server: s, gmina: f.gmina, known: map[string]string{}}
	c := f.card.Cover
	data := cardData{FamilyName: c.Label.FamilyName, Day0: c.Day0}
	for _, m := range f.members {
		if m.Present() {
			data.Members = append(data.Members, m.GivenName+" "+m.FamilyName)
		}
	}
	if data.Assistant, err = names.of(ctx, c.Assistant); err != nil {
		return data, err
	}
	if data.Worker, err = names.of(ctx, c.SocialWorker); err != nil {
		return data, err
	}
	for _, v := range visits {
		e, err := f.entryOf(ctx, names, *v)
		if err != nil {
			return data, err
		}
		data.Entries = append(data.Entries, e)
	}
	return data, nil
}

// entryOf writes an entry in words.
func (f file) entryOf(ctx context.Context, names staffNames, v workcard.Visit) (cardEntry, error) {
	e := cardEntry{
		On: v.On, Kind: workcard.KindTitles[v.Kind], Place: workcard.PlaceTitles[v.Place], Findings: v.Findings, Agreements: v.Agreements,
		FamilyTasks: v.FamilyTasks, AssistantTasks: v.AssistantTasks, NextOn: v.NextOn, CorrectedBecause: v.Reason,
	}
	if v.From != "" {
		e.Hours = v.From + "–" + v.To
	}
	if v.PlaceNote != "" {
		e.Place += " (" + v.PlaceNote + ")"
	}
	if v.Failure != "" {
		e.Kind += ": " + workcard.FailureTitles[v.Failure]
	}
	var present []string
	for _, id := range v.Members {
		present = append(present, f.person(id))
	}
	for _, id := range v.WithStaff {
		with, err := names.of(ctx, id)
		if err != nil {
			return e, err
		}
		present = append(present, with)
	}
	e.Present = strings.Join(append(present, v.Others...), ", ")
	for _, t := range v.Tasks {
		e.Tasks = append(e.Tasks, t+" – "+catalogue.Tasks.Title(t))
	}
	var err error
	if e.Assistant, err = names.of(ctx, v.Staff); err != nil {
		return e, err
	}
	for _, sig := range v.Signatures {
		who := f.person(sig.Member)
		if sig.Staff != "" {
			if who, err = names.of(ctx, sig.Staff); err != nil {
				return e, err
			}
		}
		how := "podpis z "
		if sig.Refused {
			how = "odmowa podpisu "
		}
		e.Signed = append(e.Signed, who+" – "+how+sig.On.Polish())
	}
	return e, nil
}

// staffNames finds the names of staff, each once.
type staffNames struct {
	server *Server
	gmina  string
	known  map[string]string
}

// of gives the name of a staff member, "" for no id or one that is gone.
func (n staffNames) of(ctx context.Context, id string) (string, error) {
	if found, ok := n.known[id]; ok || id == "" {
		return found, nil
	}
	staff, err := n.server.deps.Directory.Staff(ctx, n.gmina, id)
	if errors.Is(err, store.ErrNotFound) {
		staff, err = directory.Staff{}, nil
	}
	n.known[id] = staff.DisplayName
	return staff.DisplayName, err
}
