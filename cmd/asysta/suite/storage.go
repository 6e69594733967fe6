package suite

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"asysta.example/internal/directory"
	"asysta.example/internal/identity"
	"asysta.example/internal/keyfile"
	"asysta.example/internal/rpc"
	"asysta.example/internal/seal"
	"asysta.example/internal/store"
	"asysta.example/internal/store/mongo"
	"asysta.example/internal/store/sqlite"
)

// opening bounds the wait for a database at start.
const opening = 20 * time.Second

// openEngine opens the database that the configuration names.
func openEngine(ctx context.Context, c Storage, opts []store.EngineOption) (store.Engine, error) {
	ctx, cancel := context.WithTimeout(ctx, opening)
	defer cancel()
	if path, ok := strings.CutPrefix(c.Store, "sqlite:"); ok {
		return sqlite.Open(ctx, path, opts...)
	}
	return mongo.Open(ctx, c.Store, c.Database, opts...)
}

// Base is what every process with data has: storage, keys, clock and log.
type Base struct {
	Engine store.Engine
	Deps   rpc.Deps
}

// keys gives the master key for a store that is open.
type keys func(context.Context, store.Store) (*seal.Master, error)

// OpenBase opens storage and keys; Base.Close ends them. With migrate the collections are made, as in one process that is alone with its file;
// otherwise `asysta migrate` has made them.
func OpenBase(ctx context.Context, c Storage, keys keys, clock func() time.Time, log *slog.Logger, migrate bool, opts ...store.EngineOption) (*Base, error) {
	engine, err := openEngine(ctx, c, opts)
	if err != nil {
		return nil, err
	}
	s := store.Open(engine, store.AtHand(c.Documents<<20))
	if migrate {
		if err := s.System().Migrate(ctx); err != nil {
			_ = s.Close()
			return nil, err
		}
	}
	master, err := keys(ctx, s)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return &Base{Engine: engine, Deps: rpc.Deps{
		Store: s, Vault: seal.NewVault(master, seal.OverEngine(engine)), Directory: directory.NewReader(s), Clock: clock, Log: log, Instance: host,
	}}, nil
}

// Close closes the store.
func (b *Base) Close() error { return b.Deps.Store.Close() }

// given is a master key that the caller has.
func given(m *seal.Master) keys {
	return func(context.Context, store.Store) (*seal.Master, error) { return m, nil }
}

// masterFile is where the master key lies: beside the SQLite file where no place is named.
func (s Storage) masterFile() string {
	if s.MasterKey != "" {
		return s.MasterKey
	}
	return strings.TrimPrefix(s.Store, "sqlite:") + ".master.json"
}

// kept loads the master key from its file.
func (s Storage) kept(context.Context, store.Store) (*seal.Master, error) {
	return s.loadMaster()
}

// loadMaster loads the master key; a fault names the setting that says where it is.
func (s Storage) loadMaster() (*seal.Master, error) {
	m, err := seal.LoadMaster(s.masterFile())
	if err != nil {
		return nil, fmt.Errorf("ASYSTA_MASTER_KEY_FILE: %w", err)
	}
	return m, nil
}

// keptOrNew loads the master key, and makes one where there is none and the store is empty too. A store with data and no key is refused: a new key would
// not open what the lost one has sealed, and nobody would notice before somebody needs it.
func (s Storage) keptOrNew(ctx context.Context, st store.Store) (*seal.Master, error) {
	path := s.masterFile()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return s.loadMaster()
	}
	page, err := st.System().List(ctx, store.Counties, store.Query{Index: "all", Limit: 1})
	if err != nil {
		return nil, fmt.Errorf("suite: master key: %w", err)
	}
	if len(page.Hits) > 0 {
		return nil, fmt.Errorf("suite: master key: the store holds a county, but there is no key at %s; name its file in ASYSTA_MASTER_KEY_FILE or bring it back from its copy", path)
	}
	return seal.LoadOrCreateMaster(path)
}

// systemTokens uses the shared key of a file, or with an empty path a key that lives as long as the process.
func systemTokens(path string, clock func() time.Time) (*identity.SystemTokens, error) {
	key := make([]byte, identity.SystemKey)
	if path == "" {
		if _, err := rand.Read(key); err != nil {
			return nil, fmt.Errorf("ASYSTA_SYSTEM_KEY_FILE: %w", err)
		}
		return identity.NewSystemTokens(key, clock)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("ASYSTA_SYSTEM_KEY_FILE: %w", err)
	}
	if keyfile.Exposed(info) {
		return nil, fmt.Errorf("ASYSTA_SYSTEM_KEY_FILE: %s is readable by others than its owner (mode %04o); chmod 600", path, info.Mode().Perm())
	}
	if key, err = os.ReadFile(path); err != nil {
		return nil, fmt.Errorf("ASYSTA_SYSTEM_KEY_FILE: %w", err)
	}
	tokens, err := identity.NewSystemTokens(bytes.TrimSpace(key), clock)
	if err != nil {
		return nil, fmt.Errorf("ASYSTA_SYSTEM_KEY_FILE: %w", err)
	}
	return tokens, nil
}
