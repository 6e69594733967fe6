package suite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sethvargo/go-envconfig"

	"asysta.example/internal/identity"
)

// Prefix begins the name of every setting.
const Prefix = "ASYSTA_"

// Addresses that the processes of one machine use where nothing else is set.
const (
	DefaultGateway   = "127.0.0.1:8080"
	DefaultReferral  = "127.0.0.1:9101"
	DefaultCasefile  = "127.0.0.1:9102"
	DefaultPlanning  = "127.0.0.1:9103"
	DefaultReporting = "127.0.0.1:9104"
)

// Storage says where data lies and what it is sealed with.
type Storage struct {
	Store     string `env:"STORE, default=sqlite:asysta.db" help:"sqlite:PATH or mongodb://…"`
	StoreFile string `env:"STORE_FILE" help:"file with what ASYSTA_STORE would say, for an address with a password"`
	Database  string `env:"DATABASE, default=asysta" help:"name of the database on MongoDB"`
	Documents int    `env:"DOCUMENTS_MB, default=44" help:"memory for documents at hand, on SQLite: 5 KB a family that lists show, 30 KB one that is opened; at most 100000"`
	MasterKey string `env:"MASTER_KEY_FILE" help:"master key of sealed fields; all: beside the SQLite file where unset"`
}

// Login says whose tokens are accepted.
type Login struct {
	Issuer     string        `env:"OIDC_ISSUER" help:"URL of the OpenID Connect issuer, as its tokens spell it in iss"`
	Audience   []string      `env:"OIDC_AUDIENCE, default=asysta" help:"audiences; a token must name one of them in aud"`
	Subject    string        `env:"OIDC_SUBJECT_CLAIM, default=sub" help:"claim that names the person: a name, or a path with dots"`
	Clients    []string      `env:"OIDC_CLIENTS" help:"clients to which tokens may have been issued (azp, client_id or appid); any where unset"`
	Claims     []string      `env:"OIDC_REQUIRED_CLAIMS" help:"claim=value or claim=one|another; each must hold, of a list one value is enough"`
	Algorithms []string      `env:"OIDC_ALGORITHMS" help:"of signatures, e.g. RS256; where unset all with a public key that the issuer says it uses"`
	Tokens     string        `env:"OIDC_TOKENS, default=access" help:"access, id or any: which kind of token is accepted"`
	Leeway     time.Duration `env:"OIDC_LEEWAY, default=60s" help:"how far the issuer's clock may be from ours, at most 5m"`
	KeysKept   time.Duration `env:"OIDC_KEYS_KEPT, default=12h" help:"how long the issuer's keys serve while it does not answer; at least 10m"`
	Failures   int           `env:"FAILED_LOGINS_PER_SECOND, default=20" help:"bad tokens of one address in the long run, seven times as many at once; 0: no bound"`
	Proxies    []string      `env:"TRUSTED_PROXIES" help:"addresses or networks of proxies before the gateway, whose X-Forwarded-For counts; this machine's always do"`
	SystemKey  string        `env:"SYSTEM_KEY_FILE" help:"key shared by the services, at least 32 bytes; all: made at start where unset"`
	Trial      bool          `env:"TRIAL" help:"tokens for demo people to whoever asks on this machine"`
}

// Transport says how processes of different machines protect what they say to each other; plain text where unset.
type Transport struct {
	Cert string   `env:"TLS_CERT_FILE" help:"PEM, own certificate"`
	Key  string   `env:"TLS_KEY_FILE" help:"PEM, its key"`
	CA   string   `env:"TLS_CA_FILE" help:"PEM, who signs the peers' certificates; with it clients must show one"`
	Peer []string `env:"TLS_PEERS" help:"DNS names that a client's certificate may carry; all signed by the CA where unset"`
}

// Anchoring says where the signed heads of the journal go, once a day. In several processes the casefile service does it.
type Anchoring struct {
	AnchorDir string `env:"ANCHOR_DIR" help:"folder, better of another machine, for the signed heads of each day; none where unset"`
	AnchorKey string `env:"ANCHOR_KEY_FILE" help:"Ed25519 key that signs them, made by asysta keys anchor"`
}

// Process is what every process has.
type Process struct {
	Level slog.Level `env:"LOG_LEVEL, default=INFO" help:"DEBUG, INFO, WARN or ERROR"`
}

// Bounds are what a server puts up with.
type Bounds struct {
	Calls int `env:"CALLS_PER_SECOND, default=300" help:"of one person in the long run, seven times as many at once; 0: no bound"`
}

// Telling says where a process tells how it fares. Where traces go is told by the standard settings of OpenTelemetry.
type Telling struct {
	Metrics string `env:"METRICS_LISTEN" help:"address of Prometheus metrics (GET /metrics); none where unset"`
}

// Ending bounds the end of a process.
type Ending struct {
	Drain time.Duration `env:"DRAIN, default=20s" help:"how long running calls may take to end"`
}

// Peers are the services' addresses.
type Peers struct {
	Referral  string `env:"REFERRAL_ADDRESS, default=127.0.0.1:9101" help:"where the referral service is"`
	Casefile  string `env:"CASEFILE_ADDRESS, default=127.0.0.1:9102" help:"where the casefile service is"`
	Planning  string `env:"PLANNING_ADDRESS, default=127.0.0.1:9103" help:"where the planning service is"`
	Reporting string `env:"REPORTING_ADDRESS, default=127.0.0.1:9104" help:"where the reporting service is"`
}

// Web is the gateway's own.
type Web struct {
	Listen  string   `env:"GATEWAY_LISTEN, default=127.0.0.1:8080" help:"address of the REST interface"`
	Origins []string `env:"ALLOWED_ORIGINS" help:"web origins that may call from a browser"`
	WebCert string   `env:"GATEWAY_TLS_CERT_FILE" help:"PEM, certificate of the REST interface, which then ends TLS itself; read again when the file changes"`
	WebKey  string   `env:"GATEWAY_TLS_KEY_FILE" help:"PEM, its key"`
	Before  []string `env:"TRUSTED_PROXIES" help:"addresses or networks of proxies before the gateway, whose X-Forwarded-For counts; this machine's always do"`
	Plain   bool     `env:"GATEWAY_PLAIN" help:"answer plain HTTP from other machines too: only where something else protects the way"`
}

// ServiceConfig is the configuration of one service's process.
type ServiceConfig struct {
	Listen string `env:"LISTEN" help:"address of gRPC; a service: its own of 127.0.0.1:9101 to 9104, all: none where unset"`
	Storage
	Anchoring
	Login
	Transport
	Process
	Bounds
	Telling
	Ending
	Peers
}

// AllConfig is the configuration of everything in one process.
type AllConfig struct {
	Listen string `env:"LISTEN" help:"address of gRPC; a service: its own of 127.0.0.1:9101 to 9104, all: none where unset"`
	Storage
	Anchoring
	Login
	Transport
	Process
	Bounds
	Telling
	Ending
	Web
}

// GatewayConfig is the configuration of the gateway's process.
type GatewayConfig struct {
	Transport
	Process
	Telling
	Ending
	Peers
	Web
}

// ToolConfig is the configuration of what runs on the store and ends: migrate, audit, bootstrap.
type ToolConfig struct {
	Storage
	Anchoring
	Process
}

// TokenConfig is the configuration of the token command.
type TokenConfig struct {
	Web
}

// HealthConfig is the configuration of the health command: that of the process beside it.
type HealthConfig struct {
	Listen string `env:"LISTEN" help:"address of gRPC; a service: its own of 127.0.0.1:9101 to 9104, all: none where unset"`
	Transport
	Web
}

// sections of every configuration, for the list of known settings.
var everything = []any{ServiceConfig{}, AllConfig{}, GatewayConfig{}, ToolConfig{}, TokenConfig{}, HealthConfig{}}

// Load reads a configuration (a pointer to a struct of this file) from an environment of "KEY=value" and reports all its faults together: values that
// cannot be read, settings that nobody knows, and what the configuration itself finds wrong. An empty value counts as unset.
func Load(ctx context.Context, cfg any, env []string) error {
	values, faults := environment(env)
	faults = append(faults, decode(ctx, reflect.ValueOf(cfg).Elem(), envconfig.PrefixLookuper(Prefix, envconfig.MapLookuper(values)))...)
	if v, ok := cfg.(interface{ faults() []error }); ok {
		faults = append(faults, v.faults()...)
	}
	return once(faults)
}

// once joins faults, those that two sections find of one setting once.
func once(faults []error) error {
	var said []string
	return errors.Join(slices.DeleteFunc(faults, func(err error) bool {
		if err == nil || slices.Contains(said, err.Error()) {
			return true
		}
		said = append(said, err.Error())
		return false
	})...)
}

// serviceLink matches what Kubernetes puts into every container about services, which may be called asysta-….
var serviceLink = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_.+)?)$`)

// decode reads the fields of all sections one by one, because envconfig stops at its first fault: what follows it would count as unset, and be reported as missing. A value
// that cannot be read leaves the default, so that it is one fault and not two.
func decode(ctx context.Context, target reflect.Value, from envconfig.Lookuper) []error {
	var faults []error
	for i := range target.NumField() {
		f := target.Type().Field(i)
		if f.Anonymous {
			faults = append(faults, decode(ctx, target.Field(i), from)...)
			continue
		}
		section := reflect.StructOf([]reflect.StructField{f})
		read := reflect.New(section)
		if err := envconfig.ProcessWith(ctx, &envconfig.Config{Target: read.Interface(), Lookuper: from}); err != nil {
			faults = append(faults, named(section, err))
			read = reflect.New(section)
			_ = envconfig.ProcessWith(ctx, &envconfig.Config{Target: read.Interface(), Lookuper: envconfig.MapLookuper(nil)})
		}
		target.Field(i).Set(read.Elem().Field(0))
	}
	return faults
}

// named says which setting an error of envconfig, which names the field, is about, and what it takes.
func named(section reflect.Type, err error) error {
	field, _, _ := strings.Cut(err.Error(), ": ")
	f, ok := section.FieldByName(field)
	if !ok {
		return err
	}
	tag, _, _ := strings.Cut(f.Tag.Get("env"), ",")
	return fmt.Errorf("%s%s: takes %s (%s)", Prefix, tag, taken(f.Type), f.Tag.Get("help"))
}

// taken says what a setting of a type takes.
func taken(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[bool]():
		return "true or false"
	case reflect.TypeFor[int]():
		return "a whole number"
	case reflect.TypeFor[time.Duration]():
		return "a time such as 20s or 2m"
	case reflect.TypeFor[slog.Level]():
		return "a level"
	}
	return "another value"
}

// settings lists the names of the settings of a value's type, without the prefix.
func settings(v reflect.Value) []string {
	var names []string
	for _, s := range settingsOf(v) {
		names = append(names, s.Name)
	}
	return names
}

// Setting is one setting of the environment, as `asysta settings` prints it.
type Setting struct {
	Name    string // without the prefix
	Default string
	Help    string
}

// Settings lists all settings of all commands by name.
func Settings() []Setting {
	return sorted(settingsOf(reflect.ValueOf(everything)))
}

func sorted(all []Setting) []Setting {
	slices.SortFunc(all, func(a, b Setting) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(all, func(a, b Setting) bool { return a.Name == b.Name })
}

func settingsOf(v reflect.Value) []Setting {
	var found []Setting
	if v.Kind() == reflect.Slice {
		for i := range v.Len() {
			found = append(found, settingsOf(v.Index(i).Elem())...)
		}
		return found
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			found = append(found, settingsOf(v.Field(i))...)
			continue
		}
		name, rest, _ := strings.Cut(f.Tag.Get("env"), ",")
		_, byDefault, _ := strings.Cut(rest, "default=")
		found = append(found, Setting{Name: name, Default: byDefault, Help: f.Tag.Get("help")})
	}
	return found
}

func (c *ServiceConfig) faults() []error {
	faults := append(c.Storage.faults(), c.Transport.faults()...)
	faults = append(append(faults, c.Peers.faults()...), c.together(), c.secures())
	faults = append(faults, c.Bounds.fault(), c.Ending.fault(), address("LISTEN", c.Listen), address("METRICS_LISTEN", c.Metrics))
	if c.Trial {
		faults = append(faults, errors.New("ASYSTA_TRIAL: a trial runs in one process: asysta all"))
	}
	if c.Issuer == "" {
		faults = append(faults, errors.New("ASYSTA_OIDC_ISSUER: name the issuer whose tokens are accepted"))
	}
	faults = append(faults, c.Login.faults()...)
	if c.SystemKey == "" {
		faults = append(faults, errors.New("ASYSTA_SYSTEM_KEY_FILE: name the file with the key that the services share"))
	}
	if c.MasterKey == "" {
		faults = append(faults, errors.New("ASYSTA_MASTER_KEY_FILE: name the file with the master key that the services share"))
	}
	return faults
}

func (c *AllConfig) faults() []error {
	faults := append(c.Storage.faults(), c.Transport.faults()...)
	faults = append(faults, c.together())
	if c.Listen != "" {
		faults = append(faults, c.secures())
	}
	faults = append(faults, c.Bounds.fault(), c.Ending.fault(), address("LISTEN", c.Listen), address("GATEWAY_LISTEN", c.Web.Listen), address("METRICS_LISTEN", c.Metrics))
	faults = append(faults, c.Web.faults()...)
	if c.Trial && c.WebCert != "" {
		faults = append(faults, errors.New("ASYSTA_GATEWAY_TLS_CERT_FILE: a trial speaks plain HTTP on this machine alone"))
	}
	if c.Issuer == "" && !c.Trial {
		faults = append(faults, errors.New("ASYSTA_OIDC_ISSUER: name the issuer whose tokens are accepted, or set ASYSTA_TRIAL=true for a trial with invented people"))
	}
	faults = append(faults, c.Login.faults()...)
	if c.Issuer != "" && c.Trial {
		faults = append(faults, errors.New("ASYSTA_TRIAL: a trial has its own issuer; take ASYSTA_OIDC_ISSUER or ASYSTA_TRIAL away"))
	}
	if c.Trial {
		faults = append(faults, loopbackOnly("LISTEN", c.Listen), loopbackOnly("GATEWAY_LISTEN", c.Web.Listen), loopbackOnly("METRICS_LISTEN", c.Metrics))
	}
	if strings.HasPrefix(c.Store, "mongodb") && c.MasterKey == "" {
		faults = append(faults, errors.New("ASYSTA_MASTER_KEY_FILE: with MongoDB name the file with the master key"))
	}
	return faults
}

func (c *GatewayConfig) faults() []error {
	faults := append(append(c.Transport.faults(), c.Web.faults()...), c.Peers.faults()...)
	return append(faults, c.fault(), address("GATEWAY_LISTEN", c.Listen), address("METRICS_LISTEN", c.Metrics))
}

func (c *ToolConfig) faults() []error { return append(c.Storage.faults(), c.together()) }

func (a Anchoring) together() error {
	if (a.AnchorDir == "") != (a.AnchorKey == "") {
		return errors.New("ASYSTA_ANCHOR_DIR and ASYSTA_ANCHOR_KEY_FILE come together")
	}
	return nil
}

func (s Storage) faults() []error {
	if s.Documents < 0 || s.Documents > 100_000 {
		return []error{errors.New("ASYSTA_DOCUMENTS_MB: 0 to 100000")}
	}
	if path, ok := strings.CutPrefix(s.Store, "sqlite:"); ok && path != "" {
		return nil
	}
	if strings.HasPrefix(s.Store, "mongodb://") || strings.HasPrefix(s.Store, "mongodb+srv://") {
		return nil
	}
	return []error{errors.New("ASYSTA_STORE: sqlite:PATH or mongodb://…")} // not shown: it may hold a password
}

func (t Transport) faults() []error {
	if (t.Cert == "") != (t.Key == "") {
		return []error{errors.New("ASYSTA_TLS_CERT_FILE and ASYSTA_TLS_KEY_FILE come together")}
	}
	if len(t.Peer) > 0 && t.CA == "" {
		return []error{errors.New("ASYSTA_TLS_PEERS needs ASYSTA_TLS_CA_FILE")}
	}
	return nil
}

// secures says what a process that listens lacks: a CA without an own certificate protects the calls it makes, and none that it is asked.
func (t Transport) secures() error {
	if t.CA != "" && t.Cert == "" {
		return errors.New("ASYSTA_TLS_CA_FILE: whoever listens needs ASYSTA_TLS_CERT_FILE and ASYSTA_TLS_KEY_FILE too, or it would speak in the clear with anybody")
	}
	return nil
}

// LongestDrain is how long the end of a process may be told to wait for running calls.
const LongestDrain = time.Hour

func (e Ending) fault() error { return between("DRAIN", e.Drain, 0, LongestDrain) }

func (b Bounds) fault() error {
	if b.Calls < 0 {
		return errors.New("ASYSTA_CALLS_PER_SECOND: a number of at least 0")
	}
	return nil
}

func (p Peers) faults() []error {
	return []error{peer("REFERRAL_ADDRESS", p.Referral), peer("CASEFILE_ADDRESS", p.Casefile), peer("PLANNING_ADDRESS", p.Planning), peer("REPORTING_ADDRESS", p.Reporting)}
}

// peer checks where a service is called. "dns:///host:port" is gRPC's long form of "host:port": either way all addresses of the name share the calls, and the certificate
// must carry the host.
func peer(key, value string) error {
	if !hostPort(strings.TrimPrefix(value, "dns:///")) {
		return fmt.Errorf("%s%s: %q is neither host:port nor dns:///host:port", Prefix, key, value)
	}
	return nil
}

func address(key, value string) error {
	if value != "" && !hostPort(value) {
		return fmt.Errorf("%s%s: %q is not host:port", Prefix, key, value)
	}
	return nil
}

func hostPort(value string) bool {
	_, port, err := net.SplitHostPort(value)
	return err == nil && port != ""
}

func loopbackOnly(key, value string) error {
	if value == "" || identity.Loopback(value) {
		return nil
	}
	return fmt.Errorf("%s%s: a trial gives tokens to whoever asks and so listens on 127.0.0.1 only, not on %q", Prefix, key, value)
}
