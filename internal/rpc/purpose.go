package rpc

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/fault"
)

// purposes words the closed list of purposes, for the person who has to choose one and for who reads the access log.
var purposes = map[familyv1.ReadPurpose]string{
	familyv1.ReadPurpose_READ_PURPOSE_CASEWORK:             "praca z rodziną",
	familyv1.ReadPurpose_READ_PURPOSE_SUPERVISION:          "nadzór",
	familyv1.ReadPurpose_READ_PURPOSE_COURT:                "żądanie sądu, prokuratury lub kuratora",
	familyv1.ReadPurpose_READ_PURPOSE_AUDIT:                "kontrola lub audyt",
	familyv1.ReadPurpose_READ_PURPOSE_STATUTORY_REPORT:     "sprawozdawczość",
	familyv1.ReadPurpose_READ_PURPOSE_DATA_SUBJECT_REQUEST: "wniosek osoby, której dane dotyczą",
	familyv1.ReadPurpose_READ_PURPOSE_CORRECTION:           "sprostowanie błędu",
	familyv1.ReadPurpose_READ_PURPOSE_SAFETY:               "zagrożenie życia lub zdrowia",
	familyv1.ReadPurpose_READ_PURPOSE_COMPLAINT:            "skarga lub wniosek",
	familyv1.ReadPurpose_READ_PURPOSE_DATA_BREACH:          "wyjaśnianie naruszenia ochrony danych",
}

// referenceAfter stands in the access log between a purpose of the list and the reference beside it.
const referenceAfter = ": "

// ReadPurpose reads what the access log has as the purpose of a read: the purpose of the closed list with its reference, and a sentence in Polish. Text that is
// of no list comes back as it is.
func ReadPurpose(logged string) (purpose familyv1.ReadPurpose, reference, polish string) {
	word, reference, _ := strings.Cut(logged, referenceAfter)
	purpose = Enum[familyv1.ReadPurpose](word)
	polish, ok := purposes[purpose]
	switch {
	case !ok:
		return 0, "", logged
	case reference != "":
		polish += ", " + reference
	}
	return purpose, reference, polish
}

// statement is where a request says why the caller reads.
type statement struct {
	text      protoreflect.FieldDescriptor // words of the caller's own; nil where there is a list
	listed    protoreflect.FieldDescriptor // of the closed list
	reference protoreflect.FieldDescriptor
	from      []access.Role // who must state one
}

// statementOf reads from the contract how a method is told why, and finds what does not fit together.
func statementOf(m protoreflect.MethodDescriptor, perm *optionsv1.Permission) (statement, error) {
	var s statement
	if f := m.Input().Fields().ByName("purpose"); f != nil && f.Enum() != nil && f.Enum().FullName() == familyv1.ReadPurpose(0).Descriptor().FullName() {
		s.listed, s.reference = f, textField(m.Input(), "case_reference")
	} else {
		s.text = textField(m.Input(), "purpose")
	}
	for _, r := range perm.GetPurposeOf() {
		if !slices.Contains(perm.GetRoles(), r) {
			return s, fmt.Errorf("%s must state a purpose and may not call", r)
		}
		s.from = append(s.from, roleOf(r))
	}
	if len(s.from) > 0 && s.listed == nil {
		return s, errors.New("a purpose must be stated and the request has no field for one")
	}
	if reveals(m.Output()) && len(s.from) < len(perm.GetRoles()) {
		return s, errors.New("answers with a secret in clear and does not ask everybody for the purpose")
	}
	return s, nil
}

// reveals tells whether an answer has a secret field of its own. Those within resources come back covered.
func reveals(answer protoreflect.MessageDescriptor) bool {
	for i := range answer.Fields().Len() {
		if s, ok := proto.GetExtension(answer.Fields().Get(i).Options(), optionsv1.E_Sensitivity).(optionsv1.Sensitivity); ok && s == optionsv1.Sensitivity_SENSITIVITY_SECRET {
			return true
		}
	}
	return false
}

// read gives the purpose of a request as the access log has it.
func (s statement) read(req protoreflect.Message) string {
	if s.listed == nil {
		if s.text == nil {
			return ""
		}
		return req.Get(s.text).String()
	}
	word := Word[string](familyv1.ReadPurpose(req.Get(s.listed).Enum()))
	if word == "" || s.reference == nil || req.Get(s.reference).String() == "" {
		return word
	}
	return word + referenceAfter + req.Get(s.reference).String()
}

// required refuses a request without a purpose where each of the roles that the caller was granted has to state one.
func (s statement) required(g access.Grant, req protoreflect.Message) error {
	if len(s.from) == 0 || req.Get(s.listed).Enum() != 0 || slices.ContainsFunc(g.Roles, func(r access.Role) bool { return !slices.Contains(s.from, r) }) {
		return nil
	}
	return fault.Invalid("purpose", "PURPOSE_REQUIRED", "podaj cel odczytu (purpose); trafi do rejestru odczytów. Do wyboru: "+choices+".")
}

// choices lists the purposes as REST spells them, in the order of the contract.
var choices = func() string {
	var all []string
	values := familyv1.ReadPurpose(0).Descriptor().Values()
	for i := 1; i < values.Len(); i++ {
		v := values.Get(i)
		all = append(all, fmt.Sprintf("%s – %s", v.Name(), purposes[familyv1.ReadPurpose(v.Number())]))
	}
	return strings.Join(all, "; ")
}()
