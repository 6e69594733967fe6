package fault_test

import (
	"strings"
	"testing"

	"asysta.example/internal/fault"
)

// A head, a coordinator or the county's administrator who is refused is not sent to the head alone.
func TestDeniedNamesBothWhoGiveAccess(t *testing.T) {
	for _, word := range []string{"kierownik", "administrator powiatu"} {
		if !strings.Contains(fault.Denied().Polish, word) {
			t.Errorf("%q does not name %s", fault.Denied().Polish, word)
		}
	}
}

// What is absent may be a member of staff as well as a family's file.
func TestNotFoundSpeaksOfNoKindOfResource(t *testing.T) {
	if text := fault.NotFound().Polish; !strings.HasPrefix(text, "Nie ma takich danych.") {
		t.Error(text)
	}
}

// What has changed may be a county or a person as well as a family's case.
func TestConflictSpeaksOfNoKindOfResource(t *testing.T) {
	if text := fault.Conflict().Polish; !strings.HasPrefix(text, "Ktoś zmienił te dane ") {
		t.Error(text)
	}
}
