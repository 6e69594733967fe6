package gateway

import (
	"net/http"
	"strings"
	"testing"
)

const (
	absences = "/v1/gminas/3024035/staff/s1:recordAbsence"
	people   = "/v1/gminas/3024035/staff/s1" // whose change has the message itself as its body
)

func TestMisreadBodiesNameTheFieldAndWhatItWants(t *testing.T) {
	h := (&backend{}).serve(t)
	for _, c := range []struct{ name, path, body, want string }{
		{"a name of another message", absences, `{"absence": {}}`, "nieznane pole w żądaniu. Sprawdź pisownię pod /docs/."},
		{"a field of another message", absences, `{"receivedOn": {}}`, "nieznane pole „receivedOn”. Sprawdź pisownię pod /docs/."},
		{"misspelt", absences, `{"fromDat": {}}`, "nieznane pole w żądaniu, może zamiast „fromDate”. Sprawdź pisownię pod /docs/."},
		{"misspelt within", referrals, `{"referral": {"recievedOn": 1}}`, "nieznane pole w żądaniu, może zamiast „receivedOn”. Sprawdź pisownię pod /docs/."},
		{"a text for a date", referrals, `{"referral": {"receivedOn": "2031-11-21"}}`,
			`niewłaściwa wartość pola „referral.receivedOn”: wpisz datę w postaci {"year": 2026, "month": 3, "day": 1}. Sprawdź je pod /docs/.`},
		{"a text for an object", referrals, `{"referral": "44051401359"}`, "niewłaściwa wartość pola „referral”: wpisz obiekt w nawiasach klamrowych: { }. Sprawdź je pod /docs/."},
		{"an object for a list", referrals, `{"referral": {"members": {}}}`, "niewłaściwa wartość pola „referral.members”: wpisz listę w nawiasach kwadratowych: [ ]. Sprawdź je pod /docs/."},
		{"within a list", referrals, `{"referral": {"members": [{}, {"birthDate": 2019}]}}`,
			`niewłaściwa wartość pola „referral.members.birthDate”: wpisz datę w postaci {"year": 2026, "month": 3, "day": 1}. Sprawdź je pod /docs/.`},
		{"a scalar stays the library's", referrals, `{"referral": {"receivedOn": {"year": "x"}}}`, "niewłaściwa wartość pola „year”: wpisz liczbę całkowitą. Sprawdź je pod /docs/."},
		{"a change's own message", people, `{"displayNam": "x"}`, "nieznane pole w żądaniu, może zamiast „displayName”. Sprawdź pisownię pod /docs/."},
		{"a change's date", people, `{"activeFromDate": "2031-11-21"}`,
			`niewłaściwa wartość pola „activeFromDate”: wpisz datę w postaci {"year": 2026, "month": 3, "day": 1}. Sprawdź je pod /docs/.`},
		{"half a document", referrals, `{"referral": {"receivedOn": "20`, "treść nie jest poprawnym dokumentem JSON zgodnym z opisem pod /docs/."},
		{"a text like the gateway's own", referrals, `{"requestId": misread: x}`, "treść nie jest poprawnym dokumentem JSON zgodnym z opisem pod /docs/."},
	} {
		t.Run(c.name, func(t *testing.T) {
			method := http.MethodPost
			if c.path == people {
				method = http.MethodPatch
			}
			res, text := call(t, h, method, c.path, c.body)
			if got := refusal(t, text).Message; res.StatusCode != http.StatusBadRequest || got != "Popraw dane: "+c.want {
				t.Errorf("%d %s, want %s", res.StatusCode, got, c.want)
			}
		})
	}
}

func TestUnknownParametersAreHintedAtWithinTheRequest(t *testing.T) {
	h := (&backend{}).serve(t)
	for query, want := range map[string]string{
		"pageSzie=1":   "nieznany parametr w żądaniu, może zamiast „pageSize”. Sprawdź pisownię pod /docs/.",
		"kowalska=1":   "nieznany parametr w żądaniu. Sprawdź pisownię pod /docs/.",
		"birthDate=1":  "nieznany parametr „birthDate”. Sprawdź pisownię pod /docs/.",
		"pageSize.x=1": "nieznany parametr w żądaniu, może zamiast „pageSize”. Sprawdź pisownię pod /docs/.",
	} {
		_, text := call(t, h, "GET", referrals+"?"+query, "")
		if got := refusal(t, text).Message; !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}
