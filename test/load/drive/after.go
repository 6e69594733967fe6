package drive

import (
	"encoding/json"
	"fmt"
	"strings"
)

// After sees that what a run has read and written is there, and returns how many facts it looked at: each sampled entry is read back, and the access log of the
// files has a line for the method.
func After(w *World, address string, r Result) (int, error) {
	conn := NewConn(address)
	defer conn.Close()
	seen := 0
	for _, s := range r.Sources {
		var err error
		var n int
		switch s := s.(type) {
		case *visits:
			n, err = s.after(conn)
		case *reads:
			f := s.files[s.turn.at]
			n, err = 1, logged(w, conn, f.Gmina, Resource(f), "GetFamilyFile")
		case *caseloads:
			c := s.who[s.turn.at]
			n, err = 1, logged(w, conn, c.gmina, c.files[0], "ListFamilyFiles")
		}
		if err != nil {
			return seen, fmt.Errorf("%s, afterwards: %w", r.Operation.Name, err)
		}
		seen += n
	}
	return seen, nil
}

// after reads back some of the entries recorded.
func (s *visits) after(conn *Conn) (int, error) {
	made := s.made[:min(len(s.made), 5)]
	for _, name := range made {
		subject := ""
		for _, f := range s.files {
			if strings.HasPrefix(name, Resource(f)+"/") {
				subject = f.Subject
			}
		}
		status, body, err := conn.Do(Request{Method: "GET", Path: "/v1/" + name, Token: s.w.Token(subject)})
		if err != nil {
			return 0, err
		}
		var got struct{ Name, Findings string }
		if err := json.Unmarshal(body, &got); status != 200 || err != nil || got.Name != name || got.Findings != finding {
			return 0, fmt.Errorf("an entry that was acknowledged is not there: status %d", status)
		}
	}
	if len(made) == 0 {
		return 0, nil
	}
	file, _, _ := strings.Cut(made[len(made)-1], "/visits/")
	return len(made) + 1, logged(s.w, conn, strings.Split(file, "/")[1], file, "RecordVisit", "GetVisit")
}

// logged sees that the access log of a file has a line of one of the methods.
func logged(w *World, conn *Conn, gmina, file string, methods ...string) error {
	head := ""
	for _, o := range w.County.Offices {
		if o.Gmina == gmina {
			head = o.Heads[0]
		}
	}
	status, body, err := conn.Do(Request{Method: "GET", Path: "/v1/" + file + "/accesses?pageSize=200", Token: w.Token(head)})
	if err != nil {
		return err
	}
	var got struct {
		Accesses []struct{ Method string }
	}
	if err := json.Unmarshal(body, &got); err != nil || status != 200 {
		return fmt.Errorf("access log: status %d", status)
	}
	for _, a := range got.Accesses {
		for _, m := range methods {
			if a.Method == m {
				return nil
			}
		}
	}
	return fmt.Errorf("the access log has no line of %s", methods[0])
}
