package access_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/calendar"
	"asysta.example/internal/directory"
	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/scenario"
	"asysta.example/internal/seal"
	"asysta.example/internal/testkit/county"
	"asysta.example/internal/testkit/mongotest"
)

// deployment is a county on one store, served by processes of their own that share nothing but it and the provider of tokens.
type deployment struct {
	t         *testing.T
	issuer    *identity.TrialIssuer
	processes []*suite.Suite
	answers   map[string]any
	plays     int
}

func today() calendar.Date { return calendar.In(county.Noon) }

func clock() time.Time { return county.Noon }

// deploy starts so many processes over a store, the first of which sets the county up.
func deploy(t *testing.T, processes int, settings ...string) *deployment {
	t.Helper()
	d := &deployment{t: t, answers: map[string]any{}}
	lis, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	url := "http://" + lis.Addr().String() + "/issuer"
	d.issuer, err = identity.NewTrialIssuer(url, "asysta", clock, nil)
	must(t, err)
	provider := httptest.NewUnstartedServer(d.issuer.Handler())
	must(t, provider.Listener.Close())
	provider.Listener = lis
	provider.Start()
	t.Cleanup(provider.Close)
	master, err := seal.NewMaster()
	must(t, err)
	for i := range processes {
		cfg := suite.AllConfig{}
		must(t, suite.Load(t.Context(), &cfg, append([]string{"ASYSTA_OIDC_ISSUER=" + url, "ASYSTA_GATEWAY_LISTEN=127.0.0.1:0", "ASYSTA_DRAIN=1s", "ASYSTA_MASTER_KEY_FILE=given"}, settings...)))
		o := suite.Options{Clock: clock, Log: rpc.NewLogger(io.Discard, slog.LevelInfo), Master: master}
		if i == 0 {
			o.Fill = func(ctx context.Context, deps rpc.Deps) error {
				_, err := suite.Bootstrap(ctx, deps, suite.First{Gmina: county.Gmina, GminaName: "gmina Radziłów", CountyName: "powiat grajewski", Person: "Ada Admin", Subject: "admin",
					Office: directory.Office{Name: "Gminny Ośrodek Pomocy Społecznej w Radziłowie", Place: "19-213 Radziłów"}})
				return err
			}
		}
		s, err := suite.Start(t.Context(), cfg, o)
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		d.processes = append(d.processes, s)
	}
	return d
}

func (d *deployment) token(_ context.Context, as string) (string, error) { return d.issuer.Token(as) }

// ways are all ways into all processes.
func (d *deployment) ways() map[string]scenario.Transport {
	ways := map[string]scenario.Transport{}
	for i, p := range d.processes {
		ways[fmt.Sprintf("process %d, gRPC", i+1)] = scenario.GRPC{Conn: func(string) grpc.ClientConnInterface { return p.Conn }, Token: d.token}
		ways[fmt.Sprintf("process %d, REST", i+1)] = scenario.REST{Base: "http://" + p.Address(), Client: http.DefaultClient, Token: d.token}
	}
	return ways
}

// play carries out steps in the first process.
func (d *deployment) play(steps string) {
	d.t.Helper()
	f, err := scenario.Read(strings.NewReader(steps))
	must(d.t, err)
	must(d.t, d.try(d.ways()["process 1, gRPC"], f))
}

func (d *deployment) try(way scenario.Transport, f *scenario.File) error {
	d.plays++
	answers, err := scenario.Play(d.t.Context(), f, scenario.Env{Transport: way, Start: today(), Today: today, Known: d.answers, Seed: fmt.Sprintf("access-%d", d.plays),
		Vars: map[string]any{"gmina": county.Gmina, "county": county.Digits}})
	maps.Copy(d.answers, answers)
	return err
}

// calls are one of each service that a head may make.
var calls = map[string]string{
	"referral":     `call: referral.ReferralService/ListReferrals, request: {parent: "gminas/${gmina}"}`,
	"casefile":     `call: casefile.CasefileService/ListFamilyFiles, request: {parent: "gminas/${gmina}"}`,
	"work card":    `call: casefile.WorkCardService/ListDeadlines, request: {parent: "gminas/${gmina}"}`,
	"directory":    `call: directory.DirectoryService/ListStaffMembers, request: {parent: "gminas/${gmina}"}`,
	"reporting":    `call: reporting.ReportingService/GetGminaIndicators, request: {parent: "gminas/${gmina}", fromDate: $date(-60), toDate: $date(-1)}`,
	"planning":     `call: planning.PlanningService/ListAssessments, request: {parent: "gminas/${gmina}/familyFiles/01k9example000000000000900"}`,
	"coordination": `call: planning.CoordinationService/GetCoordination, request: {name: "gminas/${gmina}/familyFiles/01k9example000000000000900", child: m1}`,
}

// outcome tells how a call of somebody ends: a gRPC code and a reason.
func (d *deployment) outcome(way scenario.Transport, as, call string) string {
	d.t.Helper()
	f, err := scenario.Read(strings.NewReader("title: x\nabout: x\nsteps:\n  - {id: c, title: x, as: " + as + ", " + call + "}\n"))
	must(d.t, err)
	err = d.try(way, f)
	var refused *scenario.Refusal
	switch {
	case errors.As(err, &refused):
		return refused.Code + " " + refused.Reason
	case err != nil:
		d.t.Fatal(err)
	}
	return "OK"
}

const (
	nobody = "UNAUTHENTICATED NO_SUCH_PERSON"
	denied = "PERMISSION_DENIED DENIED"
)

// TestARevokedPersonIsOutWithTheNextCall: with a token that is good for another twelve hours and was used everywhere a moment before, the next call is refused in
// every service, over gRPC and REST, in the process that was told and in the one that was not.
func TestARevokedPersonIsOutWithTheNextCall(t *testing.T) {
	t.Parallel()
	for engine, d := range engines(t) {
		t.Run(engine, func(t *testing.T) {
			d := d(t)
			people, err := os.ReadFile("testdata/people.yaml")
			must(t, err)
			d.play(string(people))
			for _, tt := range []struct{ who, how, want string }{
				{"ended", `call: directory.DirectoryService/EndEmployment, request: {name: "${ended.name}", lastDate: $date(-1)}`, denied},
				{"unlinked", `call: directory.DirectoryService/UnlinkSubject, request: {name: "${unlinked.person}", subject: unlinked}`, nobody},
				{"off", `call: directory.DirectoryService/DeactivatePerson, request: {name: "${off.person}"}`, nobody},
				{"demoted", `call: directory.DirectoryService/UpdateStaffMember, request: {staffMember: {name: "${demoted.name}", roles: [GMINA_ROLE_ASSISTANT]}, updateMask: roles}`, ""},
			} {
				t.Run(tt.who, func(t *testing.T) {
					for way, transport := range d.ways() {
						for service, call := range calls {
							if got := d.outcome(transport, tt.who, call); got != "OK" && got != "NOT_FOUND NOT_FOUND" {
								t.Fatalf("before, %s, %s: %s", way, service, got)
							}
						}
					}
					d.play("title: x\nabout: x\nsteps:\n  - {id: revoke, title: x, as: admin, " + tt.how + "}\n")
					for way, transport := range d.ways() {
						for service, call := range calls {
							want := tt.want
							if want == "" { // an assistant now: some methods are open, what the head alone sees is not
								if want = denied; service != "referral" && service != "reporting" {
									continue
								}
							}
							if got := d.outcome(transport, tt.who, call); got != want {
								t.Errorf("after, %s, %s: %s, want %s", way, service, got, want)
							}
						}
					}
					if got := d.outcome(d.ways()["process 1, REST"], "head", calls["casefile"]); got != "OK" {
						t.Errorf("a colleague: %s", got)
					}
				})
			}
			d.streams(t)
		})
	}
}

// streams: two running streams of coordinators, one over gRPC in the last process, one over REST in the first, end when their callers are revoked.
func (d *deployment) streams(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	token, err := d.issuer.Token("koord-grpc")
	must(t, err)
	stream, err := planningv1.NewCoordinationServiceClient(d.processes[len(d.processes)-1].Conn).SyncPlans(
		metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), &planningv1.SyncPlansRequest{Parent: "powiaty/" + county.Digits, Wait: durationpb.New(time.Minute)})
	must(t, err)
	if token, err = d.issuer.Token("koord-rest"); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.processes[0].Address()+"/v1/powiaty/"+county.Digits+":syncPlans?wait=60s", nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	_, err = stream.Recv()
	must(t, err)
	if !lines.Scan() || !strings.Contains(lines.Text(), "heartbeat") {
		t.Fatalf("the stream over REST begins with %q", lines.Text())
	}
	d.play(`title: x
about: x
steps:
  - {id: revoke-1, title: x, as: admin, call: directory.DirectoryService/UnlinkSubject, request: {name: "${koord-grpc.name}", subject: koord-grpc}}
  - {id: revoke-2, title: x, as: admin, call: directory.DirectoryService/DeactivatePerson, request: {name: "${koord-rest.name}"}}
`)
	for more := true; more; { // what had left before may still arrive
		_, err = stream.Recv()
		more = err == nil
	}
	if status.Code(err) != codes.Unauthenticated {
		t.Errorf("the stream over gRPC ends with %v", err)
	}
	last := ""
	for lines.Scan() {
		last = lines.Text()
	}
	if !strings.Contains(last, "NO_SUCH_PERSON") {
		t.Errorf("the stream over REST ends with %q", last)
	}
}

// engines are deployments on both engines: one process on SQLite, two on MongoDB.
func engines(t *testing.T) map[string]func(*testing.T) *deployment {
	t.Helper()
	return map[string]func(*testing.T) *deployment{
		"SQLite": func(t *testing.T) *deployment {
			return deploy(t, 1, "ASYSTA_STORE=sqlite:"+filepath.Join(t.TempDir(), "county.db"))
		},
		"MongoDB, two processes": func(t *testing.T) *deployment {
			uri, name := mongotest.Database(t)
			return deploy(t, 2, "ASYSTA_STORE="+uri, "ASYSTA_DATABASE="+name)
		},
	}
}
