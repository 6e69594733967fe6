package server

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strings"

	"asysta.example/internal/fault"
)

// A token of the feed says how far each gmina's feed has been told to one coordinator. It is opaque to clients; its seal binds it to person and county, so
// that it cannot be made up, altered or handed to somebody else.

// positions are the last position told of each gmina's feed.
type positions map[string]int64

type tokenBody struct {
	Person    string    `json:"p"`
	Positions positions `json:"f"`
}

// sealed says what a seal is over, so that no other keyed hash can pass for one.
const sealed = "asysta/plan-feed/1\n"

// sealPositions writes a token.
func sealPositions(s Sealer, county, person string, at positions) (string, error) {
	raw, err := json.Marshal(tokenBody{Person: person, Positions: at})
	if err != nil {
		return "", err
	}
	body := base64.RawURLEncoding.EncodeToString(raw)
	return body + "." + s.CountyHash(county, sealed+body), nil
}

// openPositions reads a token; nil for "". Whatever is not a token of this person in this county is refused.
func openPositions(s Sealer, county, person, token string) (positions, error) {
	if token == "" {
		return nil, nil
	}
	refused := fault.Invalid("token", "SYNC_TOKEN", "znacznik nie pochodzi z Twojego poprzedniego odczytu. Zacznij odczyt od początku, bez znacznika.")
	body, seal, ok := strings.Cut(token, ".")
	if !ok || subtle.ConstantTimeCompare([]byte(seal), []byte(s.CountyHash(county, sealed+body))) != 1 {
		return nil, refused
	}
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return nil, refused
	}
	var t tokenBody
	if err := json.Unmarshal(raw, &t); err != nil || t.Person != person || t.Positions == nil {
		return nil, refused
	}
	return t.Positions, nil
}
