package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"

	"asysta.example/deploy/demo"

	"asysta.example/internal/identity"
	"asysta.example/internal/rpc"
	"asysta.example/internal/scenario"
	"asysta.example/internal/testkit/loopback"
	"asysta.example/internal/testkit/mongotest"
)

// Bounds of what a process may take.
const (
	readyWithin = 30 * time.Second
	toolWithin  = time.Minute
	endWithin   = time.Minute
	playWithin  = 2 * time.Minute // before the test's own limit, so that no process is left behind
)

// built is the directory of the binaries, "" before they are built.
var built string

// binaries builds the program, as it ships, and the database for tests, once for all tests of the package: without the race detector, whatever this process has.
var binaries = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "asysta-e2e-")
	if err != nil {
		return "", err
	}
	built = dir
	out, err := exec.Command("go", "build", "-o", dir+"/", "asysta.example/cmd/asysta", "asysta.example/internal/testkit/ferret/serve").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// database gives the URI and name of an empty MongoDB database: on the real server that the environment names, or in a process that ends with the test.
func database(t *testing.T) (uri, name string) {
	t.Helper()
	if mongotest.Real() {
		return mongotest.Database(t)
	}
	dir, err := binaries()
	must(t, err)
	cmd := exec.Command(filepath.Join(dir, "serve"), t.TempDir())
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait() // it ends with its input
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	must(t, err)
	server, err := url.Parse(strings.TrimSpace(line))
	must(t, err)
	server.Host = mongotest.Record(t, server.Host)
	return server.String(), "asysta_e2e"
}

// process is one running program.
type process struct {
	name string
	cmd  *exec.Cmd
	log  *lockedLog
	done chan struct{} // closed when it has ended
}

// deployment is a county served by real processes on this machine, with an issuer of tokens that this test runs.
type deployment struct {
	t       *testing.T
	dir     string
	env     []string          // shared by all processes
	at      map[string]string // address of each service and of the gateway, by name
	issuer  *identity.TrialIssuer
	running []*process
}

// newDeployment starts an issuer and sets up a county in the store: migrated, with its first gmina and its administrator, by the program's own commands.
func newDeployment(t *testing.T, store string, more ...string) *deployment {
	t.Helper()
	_, err := binaries() // before any bound on a command begins: a busy machine takes minutes to build
	must(t, err)
	d := &deployment{t: t, dir: t.TempDir(), at: map[string]string{}}
	key := filepath.Join(d.dir, "system.key")
	must(t, os.WriteFile(key, []byte(rand.Text()+rand.Text()), 0o600))
	d.env = append([]string{
		"ASYSTA_STORE=" + store, "ASYSTA_MASTER_KEY_FILE=" + filepath.Join(d.dir, "master.json"), "ASYSTA_SYSTEM_KEY_FILE=" + key,
		"ASYSTA_OIDC_ISSUER=" + d.issue(), "ASYSTA_DRAIN=2s",
	}, more...)
	d.tool("migrate")
	d.tool("bootstrap", "-gmina", demo.FirstGmina, "-gmina-name", "gmina Września", "-county-name", "powiat wrzesiński", "-office", "Ośrodek Pomocy Społecznej we Wrześni",
		"-office-place", "62-300 Września", "-person", "Ada Administratorska", "-subject", demo.Administrator)
	return d
}

// issue serves an OpenID Connect issuer and gives its URL.
func (d *deployment) issue() string {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	must(d.t, err)
	url := "http://" + lis.Addr().String() + "/issuer"
	d.issuer, err = identity.NewTrialIssuer(url, "asysta", time.Now, nil)
	must(d.t, err)
	s := httptest.NewUnstartedServer(d.issuer.Handler())
	must(d.t, s.Listener.Close())
	s.Listener = lis
	s.Start()
	d.t.Cleanup(s.Close)
	return url
}

// command makes a command of the program in the deployment's environment, without anything of the test's own settings.
func (d *deployment) command(ctx context.Context, more []string, args ...string) *exec.Cmd {
	dir, err := binaries()
	must(d.t, err)
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "asysta"), args...)
	cmd.Dir = d.dir
	for _, line := range os.Environ() {
		if !strings.HasPrefix(line, "ASYSTA_") {
			cmd.Env = append(cmd.Env, line)
		}
	}
	cmd.Env = append(append(cmd.Env, d.env...), more...)
	return cmd
}

// tool runs a command that works on the store and ends.
func (d *deployment) tool(args ...string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), toolWithin)
	defer cancel()
	var stderr bytes.Buffer
	cmd := d.command(ctx, nil, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		d.t.Fatalf("asysta %s: %v\n%s%s", args[0], err, out, stderr.String())
	}
	return string(out)
}

// start runs a process until the test ends, which stops it by its own pid.
func (d *deployment) start(name string, env ...string) {
	d.t.Helper()
	p := &process{name: name, cmd: d.command(context.Background(), env, name), log: &lockedLog{}, done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	must(d.t, p.cmd.Start())
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // how it ended is in its log
	}()
	d.running = append(d.running, p)
	d.t.Cleanup(func() { d.stop(p) })
}

func (d *deployment) stop(p *process) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(endWithin):
		d.t.Errorf("%s did not end within %s of SIGTERM", p.name, endWithin)
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	if d.t.Failed() {
		text := p.log.String()
		d.t.Logf("the end of the log of %s:\n%s", p.name, text[max(0, len(text)-4000):])
	}
}

// port gives an address of this machine that is free now.
func port(t *testing.T) string {
	t.Helper()
	free, err := loopback.Free(1)
	must(t, err)
	return free[0]
}

// ready waits until the gateway says that every service answers.
func (d *deployment) ready() {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), readyWithin)
	defer cancel()
	for {
		if p := slices.IndexFunc(d.running, func(p *process) bool { return ended(p.done) }); p >= 0 {
			d.t.Fatalf("%s ended by itself", d.running[p].name)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.at["gateway"]+"/readyz", nil)
		must(d.t, err)
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			d.t.Fatalf("not ready within %s", readyWithin)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func ended(done chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// oneProcess serves everything in one process on SQLite.
func oneProcess(t *testing.T) *deployment {
	t.Helper()
	d := newDeployment(t, "sqlite:"+filepath.Join(t.TempDir(), "county.db"))
	all := port(t)
	d.at["gateway"] = port(t)
	for _, s := range services {
		d.at[s] = all
	}
	d.start("all", "ASYSTA_LISTEN="+all, "ASYSTA_GATEWAY_LISTEN="+d.at["gateway"])
	d.ready()
	return d
}

// services in the order in which they start.
var services = []string{"casefile", "referral", "planning", "reporting"}

// fiveProcesses serves each service and the gateway in a process of its own, on the MongoDB engine.
func fiveProcesses(t *testing.T) *deployment {
	t.Helper()
	uri, name := database(t)
	d := newDeployment(t, uri, "ASYSTA_DATABASE="+name)
	for _, s := range append([]string{"gateway"}, services...) {
		d.at[s] = port(t)
	}
	for _, s := range services {
		d.env = append(d.env, "ASYSTA_"+strings.ToUpper(s)+"_ADDRESS="+d.at[s])
	}
	for _, s := range services {
		d.start(s, "ASYSTA_LISTEN="+d.at[s])
	}
	d.start("gateway", "ASYSTA_GATEWAY_LISTEN="+d.at["gateway"])
	d.ready()
	return d
}

func (d *deployment) token(_ context.Context, as string) (string, error) { return d.issuer.Token(as) }

// grpc carries calls to each service directly.
func (d *deployment) grpc() scenario.Transport {
	conns := map[string]*grpc.ClientConn{}
	for _, s := range services {
		conn, err := rpc.Dial(d.at[s])
		must(d.t, err)
		d.t.Cleanup(func() { _ = conn.Close() })
		conns[s] = conn
	}
	return scenario.GRPC{Token: d.token, Conn: func(service string) grpc.ClientConnInterface {
		part := strings.Split(service, ".")[1]
		if part == "directory" {
			part = "casefile"
		}
		return conns[part]
	}}
}

// rest carries calls through the gateway.
func (d *deployment) rest() scenario.Transport {
	return scenario.REST{Base: "http://" + d.at["gateway"], Client: http.DefaultClient, Token: d.token}
}
