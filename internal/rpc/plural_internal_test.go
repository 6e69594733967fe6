package rpc

import "testing"

func TestNounsGoWithTheirNumbers(t *testing.T) {
	for number, want := range map[string]string{
		"0": "znaków", "1": "znak", "2": "znaki", "3": "znaki", "4": "znaki", "5": "znaków", "11": "znaków", "12": "znaków", "13": "znaków", "14": "znaków", "15": "znaków",
		"21": "znaków", "22": "znaki", "24": "znaki", "25": "znaków", "101": "znaków", "102": "znaki", "112": "znaków", "2000": "znaków", "?": "znaków",
	} {
		if got := characters.count(number); got != number+" "+want {
			t.Errorf("%s, want %s %s", got, number, want)
		}
	}
	for rule, want := range map[string]string{
		"string.min_len": "za krótkie: podaj co najmniej 3 znaki.", "string.max_len": "za długie: można wpisać do 3 znaków.", "string.len": "długość musi wynosić dokładnie 3 znaki.",
		"string.len_bytes": "długość musi wynosić dokładnie 3 bajty.", "bytes.len": "długość musi wynosić dokładnie 3 bajty.",
		"bytes.min_len": "za mało danych: co najmniej 3 bajty.", "string.max_bytes": "za długie: najwyżej 3 bajty.",
	} {
		if got, ok := countedSentence(rule, "3"); !ok || got != want {
			t.Errorf("%s: %q, want %q", rule, got, want)
		}
	}
	if got, _ := countedSentence("string.max_len", "1"); got != "za długie: można wpisać do 1 znaku." {
		t.Error(got)
	}
}
