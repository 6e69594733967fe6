package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// bind is how the vault binds parts together; who steals the data has read the program too.
func bind(parts ...string) []byte {
	b := []byte("asysta/1")
	for _, p := range parts {
		b = fmt.Appendf(b, "/%d:%s", len(p), p)
	}
	return b
}

// hashWith works a search hash out as the program does, with a key that the thief has guessed: as the root of the derivation, or as a key derived already.
func hashWith(key []byte, level, tenant, value string) [2]string {
	derived := mac(key, bind("hash", level, tenant))
	return [2]string{hex.EncodeToString(mac(derived, bind("pesel", value))[:16]), hex.EncodeToString(mac(key, bind("pesel", value))[:16])}
}

func mac(key, text []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(text)
	return m.Sum(nil)
}

// keysIn gives whatever stands in a document that could be a key: every text and every run of bytes.
func keysIn(v any) (keys [][]byte) {
	switch v := v.(type) {
	case bson.D:
		for _, e := range v {
			keys = append(keys, keysIn(e.Value)...)
		}
	case bson.A:
		for _, e := range v {
			keys = append(keys, keysIn(e)...)
		}
	case string:
		keys = append(keys, []byte(v))
	case bson.Binary:
		keys = append(keys, v.Data)
		for at := 0; at+32 <= len(v.Data) && at < 256; at++ { // a key inside of something wrapped
			keys = append(keys, v.Data[at:at+32])
		}
	}
	return keys
}

// obvious are keys that need no data.
func obvious() [][]byte {
	return [][]byte{nil, make([]byte, 32), []byte("asysta"), []byte("asysta/1"), []byte("pesel"), []byte("0")}
}
