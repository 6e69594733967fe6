package access_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/directory"
	"asysta.example/internal/rpc"
	"asysta.example/internal/scenario"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/testkit/county"
)

var errDisk = errors.New("disk full")

// failing is a deployment of one process on SQLite whose access log can be made to fail.
func failing(t *testing.T) (*deployment, *atomic.Bool) {
	t.Helper()
	d, broken := &deployment{t: t, answers: map[string]any{}}, &atomic.Bool{}
	cfg := suite.AllConfig{}
	must(t, suite.Load(t.Context(), &cfg, []string{"ASYSTA_TRIAL=true", "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0", "ASYSTA_DRAIN=1s", "ASYSTA_STORE=sqlite:" + filepath.Join(t.TempDir(), "county.db")}))
	master, err := seal.NewMaster()
	must(t, err)
	s, err := suite.Start(t.Context(), cfg, suite.Options{
		Clock: clock, Log: rpc.NewLogger(io.Discard, slog.LevelInfo), Master: master, Fill: func(ctx context.Context, deps rpc.Deps) error {
			_, err := suite.Bootstrap(ctx, deps, suite.First{Gmina: county.Gmina, GminaName: "gmina Radziłów", CountyName: "powiat grajewski", Person: "Ada Admin", Subject: "admin",
				Office: directory.Office{Name: "Gminny Ośrodek Pomocy Społecznej w Radziłowie", Place: "19-213 Radziłów"}})
			return err
		},
		Engine: []store.EngineOption{store.WithFailPoint(func(p store.FailPoint) error {
			if p == store.PointAccess && broken.Load() {
				return errDisk
			}
			return nil
		})},
	})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	d.processes, d.issuer = []*suite.Suite{s}, s.Trial
	return d, broken
}

// TestNoAnswerLeavesWithoutItsLine: while the access log cannot be written, every read of families is refused and tells nothing of them, over gRPC and REST, streams
// and prints too; when it can be written again, all is as before.
func TestNoAnswerLeavesWithoutItsLine(t *testing.T) {
	t.Parallel()
	d, broken := failing(t)
	people, err := os.ReadFile("testdata/people.yaml")
	must(t, err)
	d.play(string(people))
	d.play(`title: x
about: x
steps:
  - {id: assistant, title: x, as: head, call: directory.DirectoryService/CreateStaffMember, request: {parent: "gminas/${gmina}", staffMember: {displayName: Anna, roles: [GMINA_ROLE_ASSISTANT], contract: CONTRACT_KIND_EMPLOYMENT, fteHundredths: 100, activeFromDate: $date(-400)}}}
  - {id: assistant-login, title: x, as: admin, call: directory.DirectoryService/LinkSubject, request: {name: "${assistant.person}", subject: assistant}}
  - id: worker
    title: x
    as: head
    call: directory.DirectoryService/CreateStaffMember
    request: {parent: "gminas/${gmina}", staffMember: {displayName: Wanda, roles: [GMINA_ROLE_SOCIAL_WORKER], contract: CONTRACT_KIND_EMPLOYMENT, fteHundredths: 100, activeFromDate: $date(-400)}}
  - id: file
    title: x
    as: head
    call: casefile.CasefileService/TakeOverPaperCase
    request:
      parent: gminas/${gmina}
      familyName: Nieprawdopodobska
      basis: BASIS_CONSENT
      members:
        - {memberId: m1, role: MEMBER_ROLE_MOTHER, givenName: Maria, familyName: Nieprawdopodobska, pesel: "55030101193", parentalAuthority: true}
        - {memberId: m2, role: MEMBER_ROLE_CHILD, givenName: Jan, familyName: Nieprawdopodobska, birthDate: $date(-1900), inCareSince: $date(-10), coordinator: "${koord-grpc.name}"}
      consents:
        - {memberId: m1, kind: KIND_PARTICIPATION, decision: DECISION_GIVEN, signature: {signedOn: $date(-29), originalAt: teczka}}
        - {memberId: m1, kind: KIND_COOPERATION, decision: DECISION_GIVEN, signature: {signedOn: $date(-27), originalAt: teczka}}
      address: {place: Radziłów}
      socialWorker: "${worker.name}"
      difficulty: 2
      openedOn: $date(-28)
      assistant: "${assistant.name}"
      assistantSinceDate: $date(-28)
      cooperationStartDate: $date(-27)
      paperReference: AR/1
`)
	secrets := []string{"Nieprawdopodobska", "55030101193"}
	for _, tt := range []struct{ as, call string }{
		{"head", `call: casefile.CasefileService/GetFamilyFile, request: {name: "${file.name}"}`},
		{"head", `call: casefile.CasefileService/ListFamilyFiles, request: {parent: "gminas/${gmina}"}`},
		{"head", `call: casefile.CasefileService/RevealPesel, request: {name: "${file.name}", memberId: m1, purpose: READ_PURPOSE_COURT}`},
		{"head", `call: casefile.CasefileService/ListHistory, request: {parent: "${file.name}"}`},
		{"head", `call: casefile.CasefileService/ListAccesses, request: {parent: "${file.name}"}`},
		{"assistant", `call: casefile.WorkCardService/PrintWorkCard, request: {name: "${file.name}"}`},
		{"assistant", `call: casefile.WorkCardService/SearchFamilyFiles, request: {parent: "gminas/${gmina}", query: nieprawd}`},
		{"head", `call: reporting.ReportingService/ListIndicatorFiles, request: {parent: "gminas/${gmina}", fromDate: $date(-60), toDate: $date(-1), row: families.in_period, purpose: READ_PURPOSE_AUDIT}`},
		{"koord-grpc", `call: planning.CoordinationService/GetFileSlice, request: {name: "${file.name}"}`},
		{"koord-grpc", `call: planning.CoordinationService/SyncPlans, take: 50, request: {parent: "powiaty/${county}"}`},
		{"assistant", `call: directory.DirectoryService/GetCaseload, request: {staff: "${assistant.name}"}`},
	} {
		method, _, _ := strings.Cut(tt.call, ",")
		t.Run(tt.as+" "+strings.TrimPrefix(method, "call: "), func(t *testing.T) {
			for way, transport := range d.ways() {
				if got := d.outcome(transport, tt.as, tt.call); got != "OK" {
					t.Fatalf("%s, before: %s", way, got)
				}
				broken.Store(true)
				seen := &telling{Transport: transport}
				got := d.outcome(seen, tt.as, tt.call)
				broken.Store(false)
				if got != "UNAVAILABLE ACCESS_LOG" {
					t.Errorf("%s, without the access log: %s", way, got)
				}
				for _, s := range secrets {
					if strings.Contains(seen.text, s) {
						t.Errorf("%s: an answer left without its line: %s", way, seen.text)
					}
				}
				if got := d.outcome(transport, tt.as, tt.call); got != "OK" {
					t.Errorf("%s, after: %s", way, got)
				}
			}
		})
	}
}

// telling keeps what a transport was told, refusals included.
type telling struct {
	scenario.Transport
	text string
}

// Call implements scenario.Transport.
func (s *telling) Call(ctx context.Context, as string, m protoreflect.MethodDescriptor, req proto.Message, take int) ([]any, error) {
	answers, err := s.Transport.Call(ctx, as, m, req, take)
	text, _ := json.Marshal(answers)
	s.text = fmt.Sprint(string(text), err)
	return answers, err
}
