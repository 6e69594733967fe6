package rpc_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	planningv1 "asysta.example/proto/gen/asysta/planning/v1"

	"asysta.example/internal/fault"
	"asysta.example/internal/rpc"
)

func TestMergeTakesWhatTheMaskNames(t *testing.T) {
	may := []string{"period_from_date", "situation"}
	now := &planningv1.Assessment{Situation: "była", Conclusions: "stoją", PeriodFromDate: &date.Date{Year: 2026, Month: 2, Day: 1}}
	for _, tc := range []struct {
		name   string
		update *planningv1.Assessment
		paths  []string
		want   *planningv1.Assessment // nil: refused
		all    bool                   // with MergeAll
	}{
		{name: "a field", update: &planningv1.Assessment{Situation: "jest"}, paths: []string{"situation"}, want: &planningv1.Assessment{Situation: "jest", Conclusions: "stoją", PeriodFromDate: now.GetPeriodFromDate()}},
		{name: "a leaf", update: &planningv1.Assessment{PeriodFromDate: &date.Date{Day: 3}}, paths: []string{"period_from_date.day"}, want: &planningv1.Assessment{Situation: "była", Conclusions: "stoją", PeriodFromDate: &date.Date{Year: 2026, Month: 2, Day: 3}}},
		{name: "a field taken away", update: &planningv1.Assessment{}, paths: []string{"period_from_date"}, want: &planningv1.Assessment{Situation: "była", Conclusions: "stoją"}},
		{name: "all that may change", update: &planningv1.Assessment{Situation: "jest", Conclusions: "nie"}, paths: []string{"*"}, want: &planningv1.Assessment{Situation: "jest", Conclusions: "stoją"}},
		{name: "what may not change", update: &planningv1.Assessment{Conclusions: "nie"}, paths: []string{"conclusions"}},
		{name: "a longer name", update: &planningv1.Assessment{}, paths: []string{"situation_x"}},
		{name: "no such leaf", update: &planningv1.Assessment{}, paths: []string{"period_from_date.week"}},
		{name: "below a word", update: &planningv1.Assessment{}, paths: []string{"situation.x"}},
		{name: "nothing", update: &planningv1.Assessment{Situation: "jest"}},
		{name: "a body without fields", update: &planningv1.Assessment{}, paths: []string{""}},
		{name: "nothing where that means all", all: true, update: &planningv1.Assessment{Situation: "jest"}, want: &planningv1.Assessment{Situation: "jest", Conclusions: "stoją"}},
		{name: "no mask and no value", all: true, update: &planningv1.Assessment{Name: "x", Conclusions: "nie"}},
		{name: "no mask and no resource", all: true},
		{name: "a mask where none means all", all: true, update: &planningv1.Assessment{}, paths: []string{""}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			merge := rpc.Merge[*planningv1.Assessment]
			if tc.all {
				merge = rpc.MergeAll
			}
			got, err := merge(now, tc.update, &fieldmaskpb.FieldMask{Paths: tc.paths}, may...)
			if tc.want == nil {
				if !fault.IsReason(err, "UPDATE_MASK") {
					t.Errorf("%v, %v", got, err)
				}
				return
			}
			if diff := cmp.Diff(tc.want, got, protocmp.Transform()); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}
