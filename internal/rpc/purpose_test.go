package rpc_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	casefilev1 "asysta.example/proto/gen/asysta/casefile/v1"
	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	optionsv1 "asysta.example/proto/gen/asysta/options/v1"

	"asysta.example/internal/access"
	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/rpc"
	"asysta.example/internal/store"
)

// files answers what is asked about family files with nothing in particular.
type files struct {
	casefilev1.UnimplementedCasefileServiceServer
}

func (files) ListAccesses(context.Context, *casefilev1.ListAccessesRequest) (*casefilev1.ListAccessesResponse, error) {
	return &casefilev1.ListAccessesResponse{}, nil
}

func TestPurposesAsTheAccessLogHasThem(t *testing.T) {
	for logged, want := range map[string]struct {
		purpose           familyv1.ReadPurpose
		reference, polish string
	}{
		"COURT: III Nsm 12/26": {familyv1.ReadPurpose_READ_PURPOSE_COURT, "III Nsm 12/26", "żądanie sądu, prokuratury lub kuratora, III Nsm 12/26"},
		"AUDIT":                {familyv1.ReadPurpose_READ_PURPOSE_AUDIT, "", "kontrola lub audyt"},
		"rozmowa z rodziną":    {0, "", "rozmowa z rodziną"},
		"UNSPECIFIED: x":       {0, "", "UNSPECIFIED: x"},
		"":                     {0, "", ""},
	} {
		purpose, reference, polish := rpc.ReadPurpose(logged)
		if purpose != want.purpose || reference != want.reference || polish != want.polish {
			t.Errorf("%q is read as %v, %q, %q", logged, purpose, reference, polish)
		}
	}
	values := familyv1.ReadPurpose(0).Descriptor().Values()
	for i := 1; i < values.Len(); i++ {
		word := strings.TrimPrefix(string(values.Get(i).Name()), "READ_PURPOSE_")
		if _, _, polish := rpc.ReadPurpose(word); polish == word {
			t.Errorf("%s has no Polish words", word)
		}
	}
}

// changed gives a method of the contract's CasefileService with another permission and, where the answer's field is named, that field as a secret.
func changed(t *testing.T, method, secret string, change func(*optionsv1.Permission)) protoreflect.MethodDescriptor {
	t.Helper()
	file := protodesc.ToFileDescriptorProto(casefilev1.File_asysta_casefile_v1_casefile_proto)
	file.Name = proto.String("changed.proto")
	file.Package = proto.String("changed")
	for _, s := range file.GetService() {
		for _, m := range s.GetMethod() {
			if s.GetName() != "CasefileService" || m.GetName() != method {
				continue
			}
			p := proto.CloneOf(proto.GetExtension(m.GetOptions(), optionsv1.E_Permission).(*optionsv1.Permission))
			change(p)
			m.Options = proto.CloneOf(m.GetOptions())
			proto.SetExtension(m.Options, optionsv1.E_Permission, p)
			if secret != "" {
				answer := &descriptorpb.FieldDescriptorProto{Name: &secret, Number: proto.Int32(1), Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
					Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(), Options: &descriptorpb.FieldOptions{}}
				proto.SetExtension(answer.Options, optionsv1.E_Sensitivity, optionsv1.Sensitivity_SENSITIVITY_SECRET)
				file.MessageType = append(file.MessageType, &descriptorpb.DescriptorProto{Name: proto.String("Shown"), Field: []*descriptorpb.FieldDescriptorProto{answer}})
				m.OutputType = proto.String(".changed.Shown")
			}
		}
	}
	desc, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	must(t, err)
	return desc.Services().ByName("CasefileService").Methods().ByName(protoreflect.Name(method))
}

func TestAServerDoesNotStartWhereSecretsNeedNoPurpose(t *testing.T) {
	for label, tt := range map[string]struct {
		method, secret string
		change         func(*optionsv1.Permission)
		want           string // in the fault; "": none
	}{
		"as it is":                          {"RevealPesel", "", func(*optionsv1.Permission) {}, ""},
		"nobody must say why":               {"RevealPesel", "pesel", func(p *optionsv1.Permission) { p.PurposeOf = nil }, "secret in clear"},
		"one role need not":                 {"RevealPesel", "pesel", func(p *optionsv1.Permission) { p.PurposeOf = p.GetPurposeOf()[1:] }, "secret in clear"},
		"everybody must":                    {"RevealPesel", "pesel", func(*optionsv1.Permission) {}, ""},
		"an answer that becomes a secret":   {"GetFamilyFile", "note", func(*optionsv1.Permission) {}, "secret in clear"},
		"no field for the purpose":          {"GetFamilyFile", "", func(p *optionsv1.Permission) { p.PurposeOf = p.GetRoles() }, "no field"},
		"a role that may not call says why": {"ListHistory", "", func(p *optionsv1.Permission) { p.PurposeOf = []optionsv1.Role{optionsv1.Role_ROLE_ASSISTANT} }, "may not call"},
	} {
		t.Run(label, func(t *testing.T) {
			err := rpc.PolicyFault(changed(t, tt.method, tt.secret, tt.change))
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestWhoMustSayWhy(t *testing.T) {
	w := newWorld(t)
	w.put(w.deps.Store.ForCounty(county), store.People, "auditor", directory.Person{DisplayName: "auditor", Subjects: []string{"auditor"}, CountyRoles: []access.Role{access.Auditor},
		ActiveFrom: calendar.MustOf(2020, 1, 1)})
	ask := casefilev1.NewCasefileServiceClient(w.conn)
	parent := "gminas/" + gmina + "/familyFiles/f1"
	audit := familyv1.ReadPurpose_READ_PURPOSE_AUDIT
	for label, tt := range map[string]struct {
		who       string
		purpose   familyv1.ReadPurpose
		reference string
		reason    string
		logged    string
	}{
		"auditor without":              {"auditor", 0, "", "PURPOSE_REQUIRED", ""},
		"auditor with":                 {"auditor", audit, "", "", "AUDIT"},
		"auditor with a reference":     {"auditor", audit, "AW.1711.4.2026", "", "AUDIT: AW.1711.4.2026"},
		"head without":                 {"head", 0, "", "", ""},
		"head with":                    {"head", audit, "", "", "AUDIT"},
		"a purpose that is not listed": {"auditor", 99, "", "INVALID_FIELDS", ""},
		"a PESEL as reference":         {"auditor", audit, "90051512340", "INVALID_FIELDS", ""},
		"a PESEL in groups":            {"auditor", audit, "90 05 15-12340", "INVALID_FIELDS", ""},
		"a long reference":             {"auditor", audit, "OPS-4110-12-2026", "", "AUDIT: OPS-4110-12-2026"},
		"one with parts":               {"auditor", audit, "SP.5130.12.2026.1", "", "AUDIT: SP.5130.12.2026.1"},
		"a name as reference":          {"auditor", audit, "rodzina Brzęczyszczykiewicz 1", "INVALID_FIELDS", ""},
		"a reference without a number": {"auditor", audit, "sprawa", "INVALID_FIELDS", ""},
	} {
		t.Run(label, func(t *testing.T) {
			before := len(w.accesses())
			_, err := ask.ListAccesses(w.as(tt.who), &casefilev1.ListAccessesRequest{Parent: parent, Purpose: tt.purpose, CaseReference: tt.reference})
			if tt.reason != "" {
				if status.Code(err) != codes.InvalidArgument || info(err).GetReason() != tt.reason {
					t.Errorf("got %v %v, want %s", err, info(err), tt.reason)
				}
				if tt.reason == "PURPOSE_REQUIRED" && (!strings.Contains(polish(err), "READ_PURPOSE_COURT – żądanie sądu") || !strings.Contains(polish(err), "rejestru odczytów")) {
					t.Errorf("the refusal does not say what to choose from: %s", polish(err))
				}
				if n := len(w.accesses()) - before; n != 0 {
					t.Errorf("%d lines in the access log of a refused read", n)
				}
				return
			}
			must(t, err)
			lines := w.accesses()
			if len(lines) != before+1 {
				t.Fatalf("%d new lines", len(lines)-before)
			}
			found := false
			for _, a := range lines {
				found = found || (a.Purpose == tt.logged && a.Actor.Person == tt.who)
			}
			if !found {
				t.Errorf("no line with the purpose %q of %s: %+v", tt.logged, tt.who, lines)
			}
		})
	}
}
