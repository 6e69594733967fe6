package gateway

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// leaving is how long the end of a stream may take to be written.
const leaving = 10 * time.Second

var jsonType = []string{"application/json"}

// limited bounds a call's body and time, and wants a body to be JSON.
func limited(cfg Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !legible(r.URL) {
			problemAddress.write(r.Context(), w)
			return
		}
		if r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0 {
			body, fail := readBody(w, r, cfg.MaxBody)
			if fail != nil {
				fail.write(r.Context(), w)
				return
			}
			r.Body, r.ContentLength = bodyOf(body), int64(len(body))
		}
		r.Header["Content-Type"] = jsonType // as every body is read; the library would write a type that it cannot parse to its log
		r.Header.Del("Grpc-Timeout")        // which the library would heed past the list of headers: how long a call may take is the gateway's own
		streams, timeout := strings.HasSuffix(r.URL.Path, streamSuffix), cfg.Timeout
		if streams {
			timeout = cfg.StreamTimeout
		}
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		if streams {
			// The server bounds how long an answer may take to be written; a stream takes longer. What is no connection of net/http has no such bound.
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeout + leaving)) //nolint:forbidigo // deadlines of connections are by the machine's clock
			stream := &whole{ResponseWriter: w}
			w, ctx = stream, context.WithValue(ctx, wholeKey{}, stream)
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// legible says that path and query are UTF-8, as every text of the contract is; a query that cannot even be unescaped is refused when it is parsed.
func legible(u *url.URL) bool {
	query, err := url.QueryUnescape(u.RawQuery)
	return utf8.ValidString(u.Path) && (err != nil || utf8.ValidString(query))
}

// readAtOnce is how many bytes a request gets room for before they have come.
const readAtOnce = 16 << 10

func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, *problem) {
	if t := r.Header.Get("Content-Type"); t != "" && !readAsJSON(t) {
		return nil, problemMediaType
	}
	// Room for what is announced, up to what costs nothing: announcing is cheap.
	into := bytes.NewBuffer(make([]byte, 0, min(max(r.ContentLength, 0), readAtOnce)+bytes.MinRead))
	_, err := into.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, problemTooLarge
	case err != nil:
		return nil, problemBody
	}
	body := into.Bytes()
	if bytes.Count(body, objects)+bytes.Count(body, lists) > maxParts {
		return nil, problemTooLarge
	}
	return body, nil
}

// maxParts is how many objects and lists a body may hold: ten times what any request of the contract can. Nobody has looked at the token yet, and an object of two letters becomes a message of
// some hundred bytes.
const maxParts = 20_000

var objects, lists = []byte("{"), []byte("[")

// readAsJSON says that a body of the type is read: JSON, or what curl calls the body of -d when no type is named, which is read as JSON all the same.
func readAsJSON(contentType string) bool {
	t, _, err := mime.ParseMediaType(contentType)
	return err == nil && (t == "application/json" || strings.HasSuffix(t, "+json") || t == "application/x-www-form-urlencoded")
}

// Headers that every answer carries. The values are shared by all answers: a capacity of one has whoever adds to one take a copy.
var (
	noSniff    = []string{"nosniff"}
	noFrame    = []string{"DENY"}
	noReferrer = []string{"no-referrer"}
	noStore    = []string{"no-store"}
	noContent  = []string{"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"}
	ownContent = []string{"default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"}
)

// secured sets the headers that every answer carries.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"], h["X-Frame-Options"], h["Referrer-Policy"], h["Cache-Control"] = noSniff, noFrame, noReferrer, noStore
		h["Content-Security-Policy"] = noContent
		if strings.HasPrefix(r.URL.Path, "/docs") {
			h["Content-Security-Policy"] = ownContent
		}
		next.ServeHTTP(w, r)
	})
}

// crossOrigin answers other origins only where they are named.
func crossOrigin(allowed []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin != "" && slices.Contains(allowed, origin) {
			h := w.Header()
			h.Set("Access-Control-Allow-Origin", origin)
			h.Add("Vary", "Origin")
			if r.Method == http.MethodOptions {
				h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE")
				h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
				h.Set("Access-Control-Max-Age", "600")
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
