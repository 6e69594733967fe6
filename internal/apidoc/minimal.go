package apidoc

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// also are fields that the rules do not ask for and that a reader wants to see, by method or, in an example that no step gives, by message; for an update, the fields it
// changes.
var also = map[string][]string{
	"UpdateFamilyFile":        {"area"},
	"UpdateAssessment":        {"situation", "conclusions"},
	"UpdatePlan":              {"content"},
	"UpdateInstitution":       {"address", "phone"},
	"UpdateReferral":          {"address", "described_reason"},
	"UpdateStaffMember":       {"position", "fte_hundredths"},
	"UpdatePerson":            {"phone"},
	"UpdateCounty":            {"settings"},
	"CorrectConsent":          {"consent"},
	"RouteReferral":           {"area", "social_worker"},
	"ReopenFamilyFile":        {"reason", "consents", "assistant"},
	"TakeOverPaperCase":       {"family_name", "consents", "social_worker", "area", "assistant", "difficulty", "assistant_since_date", "cooperation_start_date", "paper_reference"},
	"CorrectAssignment":       {"to_date"},
	"ReturnReferral":          {"reasons"},
	"UnassignAssistant":       {"reason"},
	"LiftLockOut":             {"reason"},
	"EndMonitoring":           {"reason"},
	"RecordCourtOrder":        {"court_order"},
	"RevealPesel":             {"purpose"},
	"RevealBlueCardReference": {"purpose"},
	"CountySettings":          {"monitoring_counts"},
}

// words are texts for fields of methods that no step calls, by message and field or by field alone.
var words = map[string]string{
	"EndMonitoringRequest.reason":     "Rodzina wyprowadziła się z gminy i zrezygnowała z dalszych spotkań.",
	"LiftLockOutRequest.reason":       "Ustała przyczyna wyłączenia: małżeństwo z krewną rodziny ustało.",
	"ReopenFamilyFileRequest.reason":  "Rodzina ponownie prosi o wsparcie po utracie pracy przez ojca.",
	"UnassignAssistantRequest.reason": "Zmiana rejonu asystentki; nowy asystent zostanie wyznaczony.",

	"area":           "rejon-1",
	"absenceId":      "01k9example000000000000900",
	"familyName":     "Zielińscy",
	"paperReference": "segregator AR 7/2022",
	"reason":         "Sprostowanie według dokumentu w teczce.",
	"reasons":        "Wywiad wymaga uzupełnienia o sytuację ojca.",
	"note":           "Bez uwag.",
	"person":         "powiaty/3030/people/01k9example000000000000901",
	"phone":          "61 000 12 41",
	"position":       "starszy asystent rodziny",
}

// minimal makes a request of a method that no step calls: what the contract's rules ask for, with the scenario's words.
func (p *paper) minimal(m protoreflect.MethodDescriptor) (proto.Message, error) {
	fields := map[string]any{}
	wanted := also[string(m.Name())]
	variable, form := variableOf(m)
	target := p.resourceLike(form)
	inner, nested := strings.CutSuffix(variable, ".name")
	for _, name := range wanted {
		if !nested && m.Input().Fields().ByName(protoreflect.Name(name)) == nil {
			return nil, fmt.Errorf("%s has no field %s", m.Input().FullName(), name)
		}
	}
	for i := range m.Input().Fields().Len() {
		f := m.Input().Fields().Get(i)
		switch {
		case string(f.Name()) == variable:
			fields[f.JSONName()] = target
		case nested && string(f.Name()) == inner:
			resource, err := p.changed(f.Message(), target, wanted)
			if err != nil {
				return nil, err
			}
			fields[f.JSONName()] = resource
		case f.Name() == "update_mask":
			fields[f.JSONName()] = strings.Join(jsonNames(m.Input().Fields().ByName(protoreflect.Name(inner)).Message(), wanted), ",")
		case f.Name() == "request_id" || f.Name() == "etag":
		case required(f) || listed(wanted, f):
			v, err := p.value(f)
			if err != nil {
				return nil, err
			}
			fields[f.JSONName()] = v
		}
	}
	p.envelope(m, fields, "przyklad-"+strings.ToLower(string(m.Name())))
	return messageOf(m.Input(), fields)
}

// changed is a resource with its name and the fields that an update changes.
func (p *paper) changed(d protoreflect.MessageDescriptor, name string, fields []string) (map[string]any, error) {
	resource := map[string]any{"name": name}
	for _, field := range fields {
		f := d.Fields().ByName(protoreflect.Name(field))
		if f == nil {
			return nil, fmt.Errorf("%s has no field %s", d.FullName(), field)
		}
		v, ok := p.messages[d.FullName()][f.JSONName()]
		if !ok {
			var err error
			if v, err = p.value(f); err != nil {
				return nil, err
			}
		}
		resource[f.JSONName()] = clone(v)
	}
	return resource, nil
}

func jsonNames(d protoreflect.MessageDescriptor, fields []string) []string {
	var names []string
	for _, field := range fields {
		names = append(names, d.Fields().ByName(protoreflect.Name(field)).JSONName())
	}
	return names
}

func listed(fields []string, f protoreflect.FieldDescriptor) bool {
	for _, name := range fields {
		if name == string(f.Name()) {
			return true
		}
	}
	return false
}

// resourceLike is the oldest resource of the scenario whose name has a form such as "gminas/*/referrals/*".
func (p *paper) resourceLike(form string) string {
	want := strings.Split(form, "/")
	for _, name := range append([]string{fmt.Sprint(p.file.Vars["powiat"]), fmt.Sprint(p.file.Vars["gmina"])}, p.names...) {
		got := strings.Split(name, "/")
		if len(got) != len(want) {
			continue
		}
		same := true
		for i := range want {
			same = same && (want[i] == "*" || want[i] == got[i])
		}
		if same {
			return name
		}
	}
	return form
}

// value makes a value of a field.
func (p *paper) value(f protoreflect.FieldDescriptor) (any, error) {
	if f.IsList() && f.Message() != nil {
		if list, ok := p.lists[f.Message().FullName()]; ok {
			return clone(list), nil
		}
	}
	one, err := p.single(f)
	if err != nil || !f.IsList() {
		return one, err
	}
	return []any{one}, nil
}

func (p *paper) single(f protoreflect.FieldDescriptor) (any, error) {
	switch f.Kind() {
	case protoreflect.MessageKind:
		return p.message(f)
	case protoreflect.EnumKind:
		return string(f.Enum().Values().Get(1).Name()), nil
	case protoreflect.BoolKind:
		return true, nil
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		return 1, nil
	case protoreflect.StringKind:
		if s, ok := words[string(f.Parent().Name())+"."+f.JSONName()]; ok {
			return s, nil
		}
		if s, ok := words[f.JSONName()]; ok {
			return s, nil
		}
		if s, ok := p.texts[f.JSONName()]; ok {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no example of %s: give it in internal/apidoc, or a step that calls the method in the scenario", f.FullName())
}

func (p *paper) message(f protoreflect.FieldDescriptor) (any, error) {
	d := f.Message()
	if d.FullName() == "google.type.Date" {
		day := firstDay.AddDays(60 + int(f.Number()))
		return map[string]any{"year": day.Year(), "month": day.Month(), "day": day.Day()}, nil
	}
	if known, ok := p.messages[d.FullName()]; ok {
		return clone(known), nil
	}
	fields := map[string]any{}
	for i := range d.Fields().Len() {
		if g := d.Fields().Get(i); required(g) || listed(also[string(d.Name())], g) {
			v, err := p.value(g)
			if err != nil {
				return nil, err
			}
			fields[g.JSONName()] = v
		}
	}
	return fields, nil
}
