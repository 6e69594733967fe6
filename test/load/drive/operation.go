package drive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"asysta.example/internal/calendar"
	"asysta.example/test/load/county"
)

// World is what operations are made of.
type World struct {
	County *county.County
	Token  func(subject string) string // bearer token; the same for the same subject
	Today  calendar.Date
	Run    string // tells the request ids of runs over one data file apart
}

// Operation is one kind of request that is measured.
type Operation struct {
	Name  string // as in -only
	Title string
	// Clients gives the source of requests of client i of n.
	client func(w *World, i, n int) Source
}

// Source makes the requests of one client and checks their answers. It is for one goroutine.
type Source interface {
	// Next gives the next request; it is valid until the one after it.
	Next() Request
	// Check looks at the answer to the last request: content in full when sampled.
	Check(body []byte, sampled bool) error
}

// Client gives the source of client i of n.
func (o Operation) Client(w *World, i, n int) Source { return o.client(w, i, n) }

// Operations are all that are measured, in the order of the table.
func Operations() []Operation {
	return []Operation{
		{"empty", "empty call, validated, through the gateway", newEmpty},
		{"visits", "record a visit", newVisits},
		{"read", "read a family file", newReads},
		{"caseload", "list a caseload (the assistant's families)", newCaseloads},
		{"deadlines", "first page (50) of an office's deadlines", newDeadlines},
		{"places", "caseload with its free places", newPlaces},
	}
}

// Find gives an operation by its name.
func Find(name string) (Operation, error) {
	for _, o := range Operations() {
		if o.Name == name {
			return o, nil
		}
	}
	return Operation{}, fmt.Errorf("drive: there is no operation %q", name)
}

// share gives client i of n its part of the files: none is two clients'.
func share(files []county.File, i, n int) []county.File {
	var own []county.File
	for j := i; j < len(files); j += n {
		own = append(own, files[j])
	}
	if len(own) == 0 {
		own = files[i%len(files) : i%len(files)+1]
	}
	return own
}

// turn goes round a list.
type turn struct{ at, n int }

func (t *turn) next() int {
	t.at = (t.at + 1) % t.n
	return t.at
}

// expect says that an answer must contain something.
func expect(body []byte, what, want string) error {
	if !bytes.Contains(body, []byte(want)) {
		return fmt.Errorf("the answer lacks %s", what)
	}
	return nil
}

// empty asks for a catalogue of two entries: token, person, permission and validation, but no data of the store.
type empty struct {
	w    *World
	who  []county.File
	turn turn
}

func newEmpty(w *World, i, n int) Source {
	who := share(w.County.Files, i, n)
	return &empty{w: w, who: who, turn: turn{n: len(who)}}
}

func (s *empty) Next() Request {
	return Request{Method: "GET", Path: "/v1/catalogueEntries?catalogue=CATALOGUE_SUPPORT_FORMS", Token: s.w.Token(s.who[s.turn.next()].Subject)}
}

func (s *empty) Check(body []byte, _ bool) error { return expect(body, "the entry", `"FAMILY_WORK"`) }

// reads gets family files as their assistants.
type reads struct {
	w     *World
	files []county.File
	turn  turn
}

func newReads(w *World, i, n int) Source {
	own := share(w.County.Files, i, n)
	return &reads{w: w, files: own, turn: turn{n: len(own)}}
}

func (s *reads) Next() Request {
	f := s.files[s.turn.next()]
	return Request{Method: "GET", Path: "/v1/" + Resource(f), Token: s.w.Token(f.Subject)}
}

func (s *reads) Check(body []byte, sampled bool) error {
	f := s.files[s.turn.at]
	if err := expect(body, "the file asked for", Resource(f)); err != nil || !sampled {
		return err
	}
	var got struct {
		Name, Number, State string
		Members             []struct{ MemberID string }
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	if got.Name != Resource(f) || got.Number != f.Number || got.State != "FAMILY_FILE_STATE_COOPERATION" || len(got.Members) < len(f.Adults) {
		return fmt.Errorf("another file than asked for")
	}
	return nil
}

// Resource is the resource name of a family file.
func Resource(f county.File) string { return "gminas/" + f.Gmina + "/familyFiles/" + f.ID }

// caseloads lists the families of one assistant after the other.
type caseloads struct {
	w    *World
	who  []caseloadOf
	turn turn
}

type caseloadOf struct {
	gmina, subject, staff string
	files                 []string // in cooperation
}

func caseloadsOf(w *World, i, n int) []caseloadOf {
	byStaff := map[string]*caseloadOf{}
	var order []string
	for _, f := range w.County.Files {
		c, ok := byStaff[f.Staff]
		if !ok {
			c = &caseloadOf{gmina: f.Gmina, subject: f.Subject, staff: f.Staff}
			byStaff[f.Staff] = c
			order = append(order, f.Staff)
		}
		c.files = append(c.files, Resource(f))
	}
	var own []caseloadOf
	for j := i % len(order); j < len(order); j += n {
		own = append(own, *byStaff[order[j]])
	}
	return own
}

func newCaseloads(w *World, i, n int) Source {
	who := caseloadsOf(w, i, n)
	return &caseloads{w: w, who: who, turn: turn{n: len(who)}}
}

func (s *caseloads) Next() Request {
	c := s.who[s.turn.next()]
	return Request{Method: "GET", Path: "/v1/gminas/" + c.gmina + "/familyFiles?state=FAMILY_FILE_STATE_COOPERATION", Token: s.w.Token(c.subject)}
}

func (s *caseloads) Check(body []byte, sampled bool) error {
	c := s.who[s.turn.at]
	if err := expect(body, "a family of the assistant", c.files[0]); err != nil || !sampled {
		return err
	}
	var got struct {
		FamilyFiles []struct{ Name, Assistant, Number string }
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	if len(got.FamilyFiles) != len(c.files) {
		return fmt.Errorf("%d families instead of %d", len(got.FamilyFiles), len(c.files))
	}
	for _, f := range got.FamilyFiles {
		if !slices.Contains(c.files, f.Name) || f.Assistant != "gminas/"+c.gmina+"/staff/"+c.staff {
			return fmt.Errorf("a family that is not the assistant's")
		}
	}
	return nil
}

// loads asks for the caseload of one assistant after the other, as its free places count.
type loads struct {
	w    *World
	who  []caseloadOf
	turn turn
}

func newPlaces(w *World, i, n int) Source {
	who := caseloadsOf(w, i, n)
	return &loads{w: w, who: who, turn: turn{n: len(who)}}
}

func (s *loads) Next() Request {
	c := s.who[s.turn.next()]
	return Request{Method: "GET", Path: "/v1/gminas/" + c.gmina + "/staff/" + c.staff + "/caseload", Token: s.w.Token(c.subject)}
}

func (s *loads) Check(body []byte, sampled bool) error {
	c := s.who[s.turn.at]
	if err := expect(body, "a family of the assistant", c.files[0]); err != nil || !sampled {
		return err
	}
	var got struct{ Taken, Limit, FamiliesHere int }
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	if got.Limit != 15 || got.Taken < len(c.files) || got.FamiliesHere != got.Taken {
		return fmt.Errorf("%d of %d places, %d here, for %d families", got.Taken, got.Limit, got.FamiliesHere, len(c.files))
	}
	return nil
}

// deadlines asks for the office's open terms, as the heads of the offices and who stands in for them.
type deadlines struct {
	w    *World
	who  []headOf
	turn turn
}

type headOf struct{ gmina, subject string }

func newDeadlines(w *World, i, n int) Source {
	var all []headOf
	for j := range w.County.Offices[0].Heads {
		for _, o := range w.County.Offices {
			all = append(all, headOf{o.Gmina, o.Heads[j]})
		}
	}
	var own []headOf
	for j := i % len(all); j < len(all); j += n {
		own = append(own, all[j])
	}
	return &deadlines{w: w, who: own, turn: turn{n: len(own)}}
}

func (s *deadlines) Next() Request {
	h := s.who[s.turn.next()]
	return Request{Method: "GET", Path: "/v1/gminas/" + h.gmina + "/deadlines", Token: s.w.Token(h.subject)}
}

func (s *deadlines) Check(body []byte, sampled bool) error {
	h := s.who[s.turn.at]
	if err := expect(body, "a term of the office", `"gminas/`+h.gmina+"/familyFiles/"); err != nil || !sampled {
		return err
	}
	var got struct {
		Deadlines []struct {
			Resource string
			DueDate  struct{ Year, Month, Day int }
		}
		NextPageToken string
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	full := len(s.w.County.Files) < 500 || (len(got.Deadlines) >= 45 && got.NextPageToken != "")
	if len(got.Deadlines) == 0 || len(got.Deadlines) > 55 || !full {
		return fmt.Errorf("a page of %d terms", len(got.Deadlines))
	}
	for _, d := range got.Deadlines {
		if !bytes.HasPrefix([]byte(d.Resource), []byte("gminas/"+h.gmina+"/")) {
			return fmt.Errorf("a term of another office")
		}
	}
	return nil
}

// visits records entries of today.
type visits struct {
	w      *World
	client int
	files  []county.File
	turn   turn
	n      int
	body   []byte
	made   []string // names of the sampled entries
}

func newVisits(w *World, i, n int) Source {
	own := share(w.County.Files, i, n)
	return &visits{w: w, client: i, files: own, turn: turn{n: len(own)}}
}

func (s *visits) Next() Request {
	f := s.files[s.turn.next()]
	s.n++
	s.body = appendVisit(s.body[:0], s.w, f, "load-"+s.w.Run+"-"+strconv.Itoa(s.client)+"-"+strconv.Itoa(s.n))
	return Request{Method: "POST", Path: "/v1/" + Resource(f) + "/visits", Token: s.w.Token(f.Subject), Body: s.body}
}

// finding is what the measured entries say, as long as entries are.
const finding = "Omówiono tydzień: dzieci chodziły do szkoły bez opóźnień, zeszyty są prowadzone. Matka przygotowała listę opłat i wspólnie ustalono kolejność ich regulowania; " +
	"zaległość czynszowa zmniejszyła się o jedną ratę. W mieszkaniu porządek, pokój dzieci przemalowany."

func appendVisit(b []byte, w *World, f county.File, request string) []byte {
	day := func(b []byte, d calendar.Date) []byte {
		return fmt.Appendf(b, `{"year":%d,"month":%d,"day":%d}`, d.Year(), d.Month(), d.Day())
	}
	b = append(b, `{"visit":{"visitedOn":`...)
	b = day(b, w.Today.AddDays(-1)) // at any hour of today the meeting is over
	b = append(b, `,"kind":"VISIT_KIND_MEETING","place":"VISIT_PLACE_HOME","fromTimeOfDay":"10:00","toTimeOfDay":"11:30","memberIds":[`...)
	for i, m := range f.Adults {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendQuote(b, m)
	}
	b = append(b, `],"taskCodes":["3","6"],"findings":"`+finding+`","agreements":"Rodzice prowadzą zeszyt wydatków do następnego spotkania.",`+
		`"familyTasks":"Zebrać rachunki z ostatniego miesiąca.","assistantTasks":"Porozmawiać z pedagogiem szkolnym.","nextMeetingDate":`...)
	b = day(b, w.Today.AddDays(14))
	b = append(b, `,"signatures":[{"signer":"m","signedOn":`...)
	b = day(b, w.Today)
	b = append(b, `,"originalAt":"karta pracy, k. 31"}]},"requestId":"`...)
	return append(append(b, request...), `"}`...)
}

func (s *visits) Check(body []byte, sampled bool) error {
	f := s.files[s.turn.at]
	if err := expect(body, "the entry of the file", Resource(f)+"/visits/"); err != nil || !sampled {
		return err
	}
	var got struct {
		Name, Findings string
		Minutes        int
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	if got.Minutes != 90 || got.Findings != finding {
		return fmt.Errorf("another entry than recorded")
	}
	s.made = append(s.made, got.Name)
	return nil
}
