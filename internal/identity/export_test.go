package identity

// MaxOrigins is the bound on remembered addresses, for tests.
const MaxOrigins = maxOrigins

// Origins counts the addresses whose failures an Authenticator remembers.
func Origins(a *Authenticator) int {
	a.failures.mu.Lock()
	defer a.failures.mu.Unlock()
	return len(a.failures.seen)
}
