package gateway

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	familyv1 "asysta.example/proto/gen/asysta/family/v1"
	referralv1 "asysta.example/proto/gen/asysta/referral/v1"
)

// An answer is what the library's own marshaler writes, in one piece of memory.
func TestAnswersAreWrittenAsTheLibraryDoes(t *testing.T) {
	full := &referralv1.Referral{Name: "n", Etag: "\"<&>\" ą \x00"}
	for range 50 {
		full.Deadlines = append(full.Deadlines, &familyv1.Deadline{Rule: "R", Explanation: strings.Repeat("ż", 100), DueDate: &date.Date{Year: 2026, Month: 3, Day: 1}, State: familyv1.DeadlineState_DEADLINE_STATE_MET})
	}
	library := &runtime.HTTPBodyMarshaler{Marshaler: &runtime.JSONPb{MarshalOptions: protojson.MarshalOptions{EmitDefaultValues: true}}}
	for name, v := range map[string]any{
		"empty": &referralv1.Referral{}, "full": full, "document": &httpbody.HttpBody{ContentType: "application/pdf", Data: []byte("%PDF")},
		"of a stream": map[string]proto.Message{"result": full}, "not UTF-8": &referralv1.Referral{Name: "\xff"}, "list": []string{"a"},
	} {
		t.Run(name, func(t *testing.T) {
			want, wantErr := library.Marshal(v)
			got, err := asJSON().Marshal(v)
			if (err != nil) != (wantErr != nil) {
				t.Fatalf("error %v, want %v", err, wantErr)
			}
			// protojson puts spaces where it likes, another time elsewhere, so that nobody relies on them; within one program they are the same.
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
			if asJSON().ContentType(v) != library.ContentType(v) {
				t.Errorf("type %s", asJSON().ContentType(v))
			}
		})
	}
}

// A body is read as the library does, whatever stands in it; of what cannot be read the gateway may say why in words of its own.
func TestBodiesAreReadAsTheLibraryDoes(t *testing.T) {
	library := &runtime.HTTPBodyMarshaler{Marshaler: &runtime.JSONPb{}}
	for name, text := range map[string]string{
		"a message": `{"referral":{"area":"x","members":[{}]},"requestId":"a"}`, "spaces": " {\n} ", "more after it": `{"requestId":"a"} x`, "two": `{"requestId":"a"}{"requestId":"b"}`,
		"nothing": "", "a space": " ", "null": "null", "a list": "[]", "half": `{"requestId":"a`, "unknown": `{"no":1}`, "wrong": `{"requestId":1}`, "not UTF-8": "{\"requestId\":\"\xff\"}", "twice": `{"requestId":"a","requestId":"b"}`,
	} {
		t.Run(name, func(t *testing.T) {
			want, got := &referralv1.CreateReferralRequest{}, &referralv1.CreateReferralRequest{}
			wantErr := library.NewDecoder(strings.NewReader(text)).Decode(want)
			err := asJSON().NewDecoder(bodyOf([]byte(text))).Decode(got)
			if _, ours := sentenceOf(fmt.Sprint(err)); (ours && wantErr == nil) || (!ours && fmt.Sprint(err) != fmt.Sprint(wantErr)) || errors.Is(err, io.EOF) != errors.Is(wantErr, io.EOF) {
				t.Errorf("error %v, want %v", err, wantErr)
			}
			if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
			var part, wantPart *referralv1.Referral
			wantErr = library.NewDecoder(strings.NewReader(text)).Decode(&wantPart)
			err = asJSON().NewDecoder(bodyOf([]byte(text))).Decode(&part)
			if _, ours := sentenceOf(fmt.Sprint(err)); (ours && wantErr == nil) || (!ours && fmt.Sprint(err) != fmt.Sprint(wantErr)) || !proto.Equal(part, wantPart) {
				t.Errorf("a part: %v %v, want %v %v", part, err, wantPart, wantErr)
			}
		})
	}
}
