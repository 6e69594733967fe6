package rpc

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/internal/fault"
)

// validator checks requests against the rules of the contract.
type validator struct {
	rules  protovalidate.Validator
	bounds sync.Map // of lists
}

func newValidator() (*validator, error) {
	v, err := protovalidate.New()
	if err != nil {
		return nil, fmt.Errorf("rpc: validator: %w", err)
	}
	return &validator{rules: v}, nil
}

// check gives one fault for all violations of a request, as far as they are told. Its sentences name rules and never values.
func (v *validator) check(req proto.Message) error {
	if err := v.lists(req); err != nil {
		return err
	}
	err := v.rules.Validate(req)
	if err == nil {
		return nil
	}
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("rpc: validation: %w", err)
	}
	var fields fault.Fields
	for _, violation := range invalid.Violations[:min(len(invalid.Violations), toldRules)] {
		fields.Add(protovalidate.FieldPathString(violation.Proto.GetField()), sentence(violation))
	}
	return fields.Err()
}

// malformedRequestID is the one sentence of every request id that is missing or malformed, by whichever rule the contract asks for its form.
const malformedRequestID = "identyfikator żądania (request_id) ma od 8 do 64 znaków: litery, cyfry i łączniki."

// sentence says in Polish what is wrong and what to do. Rules that the contract words itself are Polish there.
func sentence(v *protovalidate.Violation) string {
	if v.FieldDescriptor != nil && v.FieldDescriptor.Name() == "request_id" {
		return malformedRequestID
	}
	if custom(v.Proto) {
		return strings.TrimSuffix(v.Proto.GetMessage(), ".") + "."
	}
	id := v.Proto.GetRuleId()
	if strings.HasSuffix(id, ".min_len") && ruleValue(v) == "1" {
		return sentences["required"]
	}
	if text, ok := countedSentence(id, ruleValue(v)); ok {
		return text
	}
	if text, ok := sentences[id]; ok {
		if strings.Contains(text, "%") {
			return fmt.Sprintf(text, ruleValue(v))
		}
		return text
	}
	_, rule, _ := strings.Cut(id, ".")
	if text, ok := comparisons[rule]; ok {
		return fmt.Sprintf(text, ruleValue(v))
	}
	if between, ok := rangeOf(v); ok {
		return between
	}
	return "ta wartość jest nieprawidłowa."
}

// custom tells rules written as CEL in the contract, with a message of their own.
func custom(v *validate.Violation) bool {
	for _, e := range v.GetRule().GetElements() {
		if strings.HasPrefix(e.GetFieldName(), "cel") {
			return true
		}
	}
	// A rule of a whole message has no path of its own.
	return len(v.GetRule().GetElements()) == 0 && v.GetRuleId() != "required" && !strings.HasPrefix(v.GetRuleId(), "message.")
}

func ruleValue(v *protovalidate.Violation) string {
	if !v.RuleValue.IsValid() {
		return "?"
	}
	switch v.RuleValue.Interface().(type) {
	case protoreflect.Message, protoreflect.List, protoreflect.Map:
		return "wskazana w opisie pola"
	}
	return v.RuleValue.String()
}

// rangeOf words a rule of two bounds, such as int32.gte_lte.
func rangeOf(v *protovalidate.Violation) (string, bool) {
	_, rule, _ := strings.Cut(v.Proto.GetRuleId(), ".")
	if !strings.HasPrefix(rule, "gte_lte") || v.FieldDescriptor == nil || v.RuleDescriptor == nil {
		return "wartość leży poza dozwolonym zakresem.", strings.HasPrefix(rule, "gt")
	}
	all, err := protovalidate.ResolveFieldRules(v.FieldDescriptor)
	if err != nil || all == nil {
		return "wartość leży poza dozwolonym zakresem.", true
	}
	kind := all.ProtoReflect().WhichOneof(all.ProtoReflect().Descriptor().Oneofs().ByName("type"))
	if kind == nil || kind.Message() != v.RuleDescriptor.ContainingMessage() {
		return "wartość leży poza dozwolonym zakresem.", true
	}
	bounds := all.ProtoReflect().Get(kind).Message()
	upper := bounds.Get(bounds.Descriptor().Fields().ByName("lte"))
	if _, ok := upper.Interface().(protoreflect.Message); ok {
		return "wartość leży poza dozwolonym zakresem.", true
	}
	return fmt.Sprintf("podaj wartość od %s do %s.", ruleValue(v), upper.String()), true
}

// comparisons words the rules that numbers of every kind share.
var comparisons = map[string]string{
	"lt":       "podaj wartość mniejszą niż %s.",
	"lte":      "podaj wartość nie większą niż %s.",
	"gt":       "podaj wartość większą niż %s.",
	"gte":      "podaj wartość nie mniejszą niż %s.",
	"const":    "dozwolona jest tylko wartość: %s.",
	"in":       "wybierz jedną z dozwolonych wartości (%s).",
	"not_in":   "tej wartości nie można tu podać (%s).",
	"prefix":   "zapis musi zaczynać się od „%s”.",
	"suffix":   "zapis musi kończyć się na „%s”.",
	"contains": "zapis musi zawierać „%s”.",
}

// counted words the rules of a length, by rule id: what stands before the number, and the noun after it.
var counted = map[string]struct {
	before string
	of     noun
}{
	"string.len":       {"długość musi wynosić dokładnie ", characters},
	"string.min_len":   {"za krótkie: podaj co najmniej ", characters},
	"string.max_len":   {"za długie: można wpisać do ", charactersTo},
	"string.len_bytes": {"długość musi wynosić dokładnie ", octets},
	"string.min_bytes": {"za krótkie: co najmniej ", octets},
	"string.max_bytes": {"za długie: najwyżej ", octets},
	"bytes.len":        {"długość musi wynosić dokładnie ", octets},
	"bytes.min_len":    {"za mało danych: co najmniej ", octets},
	"bytes.max_len":    {"za dużo danych: najwyżej ", octets},
}

func countedSentence(rule, number string) (string, bool) {
	c, ok := counted[rule]
	return c.before + c.of.count(number) + ".", ok
}

// sentences words the other standard rules, by rule id.
var sentences = map[string]string{
	"required":                             "to pole jest wymagane.",
	"message.oneof":                        "podaj dokładnie jedną z wymaganych wartości.",
	"string.pattern":                       "zapis nie ma wymaganej postaci.",
	"string.not_contains":                  "zapis nie może zawierać „%s”.",
	"string.email":                         "podaj poprawny adres e-mail.",
	"string.email_empty":                   "podaj adres e-mail.",
	"string.uri":                           "podaj poprawny adres internetowy.",
	"string.uri_empty":                     "podaj adres internetowy.",
	"string.uuid":                          "podaj poprawny identyfikator UUID.",
	"string.uuid_empty":                    "podaj identyfikator UUID.",
	"string.ulid":                          "podaj poprawny identyfikator ULID.",
	"string.ulid_empty":                    "podaj identyfikator ULID.",
	"enum.defined_only":                    "wybierz wartość z listy.",
	"enum.not_in":                          "wybierz wartość z listy.",
	"enum.in":                              "wybierz jedną z dozwolonych wartości.",
	"repeated.min_items":                   "za mało pozycji: podaj co najmniej %s.",
	"repeated.max_items":                   "za dużo pozycji: najwyżej %s.",
	"repeated.unique":                      "pozycje nie mogą się powtarzać.",
	"map.min_pairs":                        "za mało pozycji: podaj co najmniej %s.",
	"map.max_pairs":                        "za dużo pozycji: najwyżej %s.",
	"timestamp.gt_now":                     "podaj chwilę późniejszą niż obecna.",
	"timestamp.lt_now":                     "podaj chwilę wcześniejszą niż obecna.",
	"timestamp.within":                     "ta chwila jest zbyt odległa od obecnej.",
	"field_mask.in":                        "lista pól (update_mask) zawiera pole, którego nie można zmienić.",
	"field_mask.not_in":                    "lista pól (update_mask) zawiera pole, którego nie można zmienić.",
	"field_mask.const":                     "lista pól (update_mask) musi mieć wskazaną w opisie postać.",
	"string.const":                         "dozwolona jest tylko wartość: %s.",
	"string.well_known_regex.header_name":  "zapis nie ma wymaganej postaci.",
	"string.well_known_regex.header_value": "zapis nie ma wymaganej postaci.",
}
