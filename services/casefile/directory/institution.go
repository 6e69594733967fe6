package directory

import (
	"strings"

	"asysta.example/internal/calendar"
	"asysta.example/internal/fault"

	dir "asysta.example/internal/directory"
)

// InstitutionOffered says whether an institution may be chosen on a day.
func InstitutionOffered(i dir.Institution, today calendar.Date) bool {
	return i.ActiveTo.IsZero() || !i.ActiveTo.Before(today)
}

// NewInstitution checks a partner institution.
func NewInstitution(i dir.Institution) (dir.Institution, error) {
	return ReviseInstitution(dir.Institution{Kind: i.Kind}, i)
}

// ReviseInstitution puts new data in the place of the old; the kind stays.
func ReviseInstitution(old, i dir.Institution) (dir.Institution, error) {
	var bad fault.Fields
	bad.Check(strings.TrimSpace(i.DisplayName) != "", "institution.display_name", "podaj nazwę instytucji.")
	bad.Check(i.Kind != "" && i.Kind == old.Kind, "institution.kind", "podaj rodzaj instytucji; później nie można go zmienić.")
	bad.Check(i.ContractNo == "" || i.Kind == dir.InstitutionBody190, "institution.contract_number", "numer umowy podaje się tylko dla podmiotu z art. 190.")
	return i, bad.Err()
}
