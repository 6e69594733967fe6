package gateway

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/emptypb"

	contract "asysta.example/proto"
)

// backend is a gRPC server that keeps the metadata of the last call and answers every method with the same status.
type backend struct {
	got    metadata.MD
	answer *status.Status
}

func (b *backend) serve(t *testing.T) http.Handler {
	t.Helper()
	l := bufconn.Listen(1 << 16)
	s := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		b.got, _ = metadata.FromIncomingContext(stream.Context())
		if b.answer != nil {
			return b.answer.Err()
		}
		return stream.SendMsg(&emptypb.Empty{})
	}))
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	conn, err := grpc.NewClient("passthrough:///test", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	h, err := New(t.Context(), Config{MaxBody: 1 << 16}, Conns{Referral: conn, Casefile: conn, Planning: conn, Reporting: conn})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func call(t *testing.T, h http.Handler, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	res := w.Result()
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

func refusal(t *testing.T, body string) problem {
	t.Helper()
	var p struct {
		Error problem `json:"error"`
	}
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("no error document: %v in %q", err, body)
	}
	return p.Error
}

const referrals = "/v1/gminas/3024035/referrals"

// ofMembers is the body of a referral with n empty members, n+3 objects and lists.
func ofMembers(n int) string {
	return `{"referral": {"members": [` + strings.Repeat("{},", n-1) + `{}]}}`
}

// TestBodiesHoldSoManyObjects: a body is read before anybody has looked at the token, so that what it may become is bounded beside its length.
func TestBodiesHoldSoManyObjects(t *testing.T) {
	h := (&backend{}).serve(t)
	if res, body := call(t, h, "POST", referrals, ofMembers(maxParts-3)); res.StatusCode != http.StatusOK {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

func TestRefusalsOfTheGatewayItself(t *testing.T) {
	h := (&backend{}).serve(t)
	cases := []struct {
		name, method, path, body string
		header                   []string
		code                     int
		reason                   string
	}{
		{"unknown field", "POST", referrals, `{"surprise": 1}`, nil, 400, "MALFORMED_REQUEST"},
		{"no JSON", "POST", referrals, `{`, nil, 400, "MALFORMED_REQUEST"},
		{"wrong type", "POST", referrals, `{"requestId": {}}`, nil, 400, "MALFORMED_REQUEST"},
		{"unknown query parameter", "GET", referrals + "?surprise=1", "", nil, 400, "MALFORMED_REQUEST"},
		{"parameter of a call without any", "GET", "/v1/me?x=1", "", nil, 400, "MALFORMED_REQUEST"},
		{"parameter beside a body that takes all", "POST", referrals + "?requestId=abcdefgh", "{}", nil, 400, "MALFORMED_REQUEST"},
		{"parameter of a call by name alone", "GET", referrals + "/01jd0000000000000000000001?x=1", "", nil, 400, "MALFORMED_REQUEST"},
		{"body too large", "POST", referrals, `{"requestId": "` + strings.Repeat("a", 1<<17) + `"}`, nil, 413, "BODY_TOO_LARGE"},
		{"body of too many objects", "POST", referrals, ofMembers(maxParts - 2), nil, 413, "BODY_TOO_LARGE"},
		{"body of another type", "POST", referrals, `<a/>`, []string{"Content-Type", "text/xml"}, 415, "MEDIA_TYPE"},
		{"path that is no UTF-8", "GET", referrals + "/a%ff", "", nil, 400, "MALFORMED_REQUEST"},
		{"query that is no UTF-8", "GET", referrals + "?pageToken=%c0%80", "", nil, 400, "MALFORMED_REQUEST"},
		{"query that cannot be unescaped", "GET", referrals + "?pageToken=%zz", "", nil, 400, "MALFORMED_REQUEST"},
		{"no such path", "GET", "/v1/nothing", "", nil, 404, "NO_SUCH_PATH"},
		{"no such page", "GET", "/admin", "", nil, 404, "NO_SUCH_PATH"},
		{"method not allowed", "DELETE", referrals, "", nil, 405, "METHOD_NOT_ALLOWED"},
		{"method override is off", "POST", referrals + "/x", "", []string{"X-HTTP-Method-Override", "GET"}, 405, "METHOD_NOT_ALLOWED"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			res, body := call(t, h, c.method, c.path, c.body, c.header...)
			p := refusal(t, body)
			if res.StatusCode != c.code || p.Reason != c.reason || p.Message == "" {
				t.Errorf("%d %+v, want %d %s", res.StatusCode, p, c.code, c.reason)
			}
		})
	}
}

func TestDecodingErrorsRepeatNoValue(t *testing.T) {
	h := (&backend{}).serve(t)
	for _, body := range []string{`{"urgent": "Kowalska 44051401359"}`, `{"Kowalska 44051401359": 1}`, `{"receivedOn": "44051401359"}`, `{"family": [44051401359]}`, `{"kowalska": 1}`, `{"ul.Zamkowa7": 1}`, `{"Kowalska": 1}`} {
		_, text := call(t, h, "POST", referrals, body)
		if strings.Contains(text, "44051401359") || strings.Contains(strings.ToLower(text), "kowalska") || strings.Contains(text, "Zamkowa") {
			t.Errorf("%s is repeated in %s", body, text)
		}
	}
}

func TestDecodingErrorsNameTheFieldAndSayWhatItTakes(t *testing.T) {
	for msg, want := range map[string]string{
		`proto: (line 1:5): invalid value for int32 field year: "dwa tysiące"`: "niewłaściwa wartość pola „year”: wpisz liczbę całkowitą. Sprawdź je pod /docs/.",
		`proto: (line 1:5): invalid value for enum field source: "SZKOLA"`:     "niewłaściwa wartość pola „source”: wpisz jeden z kodów z listy. Sprawdź je pod /docs/.",
		`parsing field "page_size": strconv.ParseInt: parsing "abc"`:           "niewłaściwa wartość parametru „page_size”. Sprawdź go pod /docs/.",
		`proto: (line 1:2): unknown field "pageSize"`:                          "nieznane pole „pageSize”. Sprawdź pisownię pod /docs/.",
	} {
		if got := translateDecoding(msg); got != want {
			t.Errorf("%s: %s, want %s", msg, got, want)
		}
	}
}

func TestOnlyAllowedHeadersReachAService(t *testing.T) {
	b := &backend{}
	h := b.serve(t)
	call(t, h, "GET", referrals, "", "Authorization", "Bearer abc", "Grpc-Metadata-Asysta-Role", "HEAD", "X-Asysta-Person", "1",
		"Cookie", "a=b", "Traceparent", "00-1-2-01", "Grpc-Timeout", "1n")
	if got := b.got.Get("authorization"); len(got) != 1 || got[0] != "Bearer abc" {
		t.Errorf("authorization = %v", got)
	}
	if b.got.Get("traceparent") == nil {
		t.Error("traceparent did not pass")
	}
	for key := range b.got {
		switch key {
		case "authorization", "traceparent", "content-type", "user-agent", ":authority", "grpc-accept-encoding", "x-forwarded-for", "x-forwarded-host":
		default:
			t.Errorf("metadata %q reached the service", key)
		}
	}
}

func TestServiceRefusalsKeepReasonRuleAndFields(t *testing.T) {
	s, err := status.New(codes.FailedPrecondition, "CONSENT_MISSING").WithDetails(
		&errdetails.ErrorInfo{Reason: "CONSENT_MISSING", Domain: "asysta", Metadata: map[string]string{"rule": "step 4"}},
		&errdetails.LocalizedMessage{Locale: "pl", Message: "Brak zgody."},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "consents[0]", Description: "podaj datę"}}})
	if err != nil {
		t.Fatal(err)
	}
	res, body := call(t, (&backend{answer: s}).serve(t), "GET", referrals, "")
	p := refusal(t, body)
	if res.StatusCode != 400 || p.Status != "FAILED_PRECONDITION" || p.Reason != "CONSENT_MISSING" || p.Rule != "step 4" || p.Message != "Brak zgody." ||
		len(p.Fields) != 1 || p.Fields[0] != (violation{"consents[0]", "podaj datę"}) {
		t.Errorf("%d %+v", res.StatusCode, p)
	}
}

func TestAnswersAreClosedByDefault(t *testing.T) {
	h := (&backend{}).serve(t)
	res, _ := call(t, h, "OPTIONS", referrals, "", "Origin", "https://elsewhere.example", "Access-Control-Request-Method", "POST")
	for _, k := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Headers"} {
		if v := res.Header.Get(k); v != "" {
			t.Errorf("%s: %s", k, v)
		}
	}
	res, _ = call(t, h, "GET", referrals, "")
	for k, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"} {
		if got := res.Header.Get(k); got != want {
			t.Errorf("%s = %q, want %q", k, got, want)
		}
	}
}

func TestNamedOriginMayCall(t *testing.T) {
	h := crossOrigin([]string{"https://biuro.example"}, http.NotFoundHandler())
	res, _ := call(t, h, "OPTIONS", "/v1/me", "", "Origin", "https://biuro.example")
	if res.StatusCode != http.StatusNoContent || res.Header.Get("Access-Control-Allow-Origin") != "https://biuro.example" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

func TestPagesAreServedFromTheProgram(t *testing.T) {
	h := (&backend{}).serve(t)
	res, body := call(t, h, "GET", "/openapi.json", "")
	if res.StatusCode != 200 || !json.Valid([]byte(body)) || !strings.Contains(body, "/v1/gminas/{gmina}/referrals") {
		t.Errorf("openapi.json: %d, %d bytes", res.StatusCode, len(body))
	}
	res, body = call(t, h, "GET", "/docs/", "")
	if res.StatusCode != 200 || !strings.Contains(body, "/openapi.json") || strings.Contains(body, "https://unpkg") || strings.Contains(body, "cdn") {
		t.Errorf("docs: %d, self-contained? %.300s", res.StatusCode, body)
	}
	if res, _ = call(t, h, "GET", "/healthz", ""); res.StatusCode != 200 {
		t.Errorf("healthz: %d", res.StatusCode)
	}
	if res, _ = call(t, h, "GET", "/readyz", ""); res.StatusCode != 503 {
		t.Errorf("readyz over services that do not say SERVING: %d", res.StatusCode)
	}
}

func TestMissingConnectionIsSaid(t *testing.T) {
	if _, err := New(t.Context(), Config{}, Conns{}); err == nil {
		t.Error("a gateway without services was built")
	}
}

// A stream that is refused before its first answer says so as every other call does.
func TestRefusedStreamAnswersAsEverythingElse(t *testing.T) {
	st, err := status.New(codes.PermissionDenied, "DENIED").WithDetails(&errdetails.ErrorInfo{Reason: "DENIED"}, &errdetails.LocalizedMessage{Locale: "pl", Message: "Brak uprawnień."})
	if err != nil {
		t.Fatal(err)
	}
	h := (&backend{answer: st}).serve(t)
	res, body := call(t, h, "GET", "/v1/powiaty/3024:syncPlans", "")
	other, plain := call(t, h, "GET", referrals, "")
	if res.StatusCode != 403 || body != plain || other.StatusCode != 403 || res.Header.Get("Content-Type") != other.Header.Get("Content-Type") {
		t.Errorf("%d %s, other calls %d %s", res.StatusCode, body, other.StatusCode, plain)
	}
}

func TestDocumentDescribesErrorsAsTheyAreSent(t *testing.T) {
	var doc struct {
		Definitions struct {
			Problem struct {
				Properties struct {
					Error struct {
						Properties map[string]struct {
							Items struct{ Properties map[string]any }
						}
					}
				}
			}
		}
	}
	if err := json.Unmarshal(contract.OpenAPI, &doc); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(problem{Code: 1, Status: "s", Reason: "r", Rule: "r", Message: "m", Fields: []violation{{"f", "m"}}, Error: "e", Trace: "t"})
	if err != nil {
		t.Fatal(err)
	}
	var sent map[string]any
	if err := json.Unmarshal(raw, &sent); err != nil {
		t.Fatal(err)
	}
	described := doc.Definitions.Problem.Properties.Error.Properties
	sameKeys(t, sent, described)
	sameKeys(t, sent["fields"].([]any)[0].(map[string]any), described["fields"].Items.Properties)
}

func sameKeys[A, B any](t *testing.T, sent map[string]A, described map[string]B) {
	t.Helper()
	for key := range sent {
		if _, ok := described[key]; !ok {
			t.Errorf("the document does not describe %q", key)
		}
	}
	for key := range described {
		if _, ok := sent[key]; !ok {
			t.Errorf("the document describes %q, which is never sent", key)
		}
	}
}

func TestInvalidFieldsAreNamedAsRESTSpellsThem(t *testing.T) {
	bad := &errdetails.BadRequest{}
	for _, f := range []string{"referral.received_on", "referral.members[0].given_name", "request_id", "etag"} {
		bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: f, Description: "to pole jest wymagane."})
	}
	s, err := status.New(codes.InvalidArgument, "INVALID_FIELDS").WithDetails(
		&errdetails.ErrorInfo{Reason: "INVALID_FIELDS", Domain: "asysta"}, &errdetails.LocalizedMessage{Locale: "pl", Message: "Popraw dane: to pole jest wymagane."}, bad)
	if err != nil {
		t.Fatal(err)
	}
	_, body := call(t, (&backend{answer: s}).serve(t), "GET", referrals, "")
	p := refusal(t, body)
	const want = "Popraw dane: referral.receivedOn – to pole jest wymagane; referral.members[0].givenName – to pole jest wymagane; requestId – to pole jest wymagane. Pozostałe błędy są na liście pól (fields)."
	if p.Message != want || len(p.Fields) != 4 || p.Fields[0].Field != "referral.receivedOn" {
		t.Errorf("%+v", p)
	}
}

// The library writes a type that it cannot parse to its own log, whatever a client has put there.
func TestTypeOfABodyIsNotLeftToTheLibrary(t *testing.T) {
	seen := "nothing"
	h := limited(Config{}.withDefaults(), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = strings.Join(r.Header.Values("Content-Type"), "|")
	}))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, referrals, nil)
	r.Header["Content-Type"] = []string{"%%% Kowalska", "x"}
	h.ServeHTTP(httptest.NewRecorder(), r)
	if seen != "application/json" {
		t.Errorf("the library would parse %q", seen)
	}
}

// TestEveryParameterlessPathIsOneOfTheLibrary: what the contract writes as a path is how the library names the pattern.
func TestEveryParameterlessPathIsOneOfTheLibrary(t *testing.T) {
	h := (&backend{}).serve(t)
	fill := strings.NewReplacer("gminas/*", "gminas/3024035", "powiaty/*", "powiaty/3024", "/*", "/01jd0000000000000000000001")
	if len(parameterless()) < 50 {
		t.Fatalf("%d methods", len(parameterless()))
	}
	for key, want := range parameterless() {
		verb, path, _ := strings.Cut(key, " ")
		path = regexp.MustCompile(`\{[a-z_.]+=([^}]+)\}`).ReplaceAllString(path, "$1")
		body := ""
		if verb != "GET" {
			body = "{}"
		}
		if _, text := call(t, h, verb, fill.Replace(path)+"?zzz=1", body); refusal(t, text).Message != want.Message {
			t.Errorf("%s: %s", key, text)
		}
		if res, text := call(t, h, verb, fill.Replace(path), body); res.StatusCode == 400 {
			t.Errorf("%s without parameters: %s", key, text)
		}
	}
}

func TestARuleOfTheWholeRequestNamesNoField(t *testing.T) {
	if got := listed([]violation{{"", "podaj jedno z dwojga."}, {"query", "za długie."}}); got != "podaj jedno z dwojga; query – za długie." {
		t.Error(got)
	}
}
