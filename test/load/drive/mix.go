package drive

// Mix is a day's work: of twenty requests eight read a file, six list a caseload, four record a visit and two list an office's deadlines.
func Mix() Operation { return Operation{Name: "mix", Title: "a day's work", client: newMix} }

var day = []string{"read", "caseload", "visits", "read", "caseload", "read", "deadlines", "read", "visits", "caseload",
	"read", "caseload", "visits", "read", "deadlines", "caseload", "read", "visits", "read", "caseload"}

type mix struct {
	sources map[string]Source
	turn    turn
}

func newMix(w *World, i, n int) Source {
	m := &mix{sources: map[string]Source{}, turn: turn{at: i * 7 % len(day), n: len(day)}}
	for _, name := range day {
		if m.sources[name] == nil {
			op, err := Find(name)
			if err != nil {
				panic(err) // the names are ours
			}
			m.sources[name] = op.Client(w, i, n)
		}
	}
	return m
}

// Next implements Source.
func (m *mix) Next() Request { return m.sources[day[m.turn.next()]].Next() }

// Check implements Source.
func (m *mix) Check(body []byte, sampled bool) error {
	return m.sources[day[m.turn.at]].Check(body, sampled)
}
