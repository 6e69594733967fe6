package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"asysta.example/cmd/asysta/suite"

	"asysta.example/internal/keyfile"
)

// callers are who calls a process, as its list of peers: every service asks the casefile service, the gateway asks all, and each service's own probe (asysta health) asks it.
var callers = map[string][]string{
	suite.Casefile: {"gateway", suite.Casefile, suite.Referral, suite.Planning, suite.Reporting}, suite.Referral: {"gateway", suite.Referral},
	suite.Planning: {"gateway", suite.Planning}, suite.Reporting: {"gateway", suite.Reporting},
}

// certNames are the processes that get a certificate.
var certNames = append(slices.Clone(suite.Services), "gateway")

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// certs makes a development CA and a certificate for every process. An installation with a CA of its own takes that one.
func (p program) certs(context.Context) error {
	var dir string
	var days int
	var hosts words
	ok, err := p.flags("certs", p.args, func(f *flag.FlagSet) {
		f.StringVar(&dir, "dir", "", "folder for the files; ca.crt and ca.key in it are used again, certificates that are there are left")
		f.IntVar(&days, "days", 90, "how long the certificates hold; the CA holds ten times as long")
		f.Var(&hosts, "host", "PROCESS=NAME, another name or address under which a process is called; may be given several times")
	})
	if !ok {
		return err
	}
	if dir == "" || days < 1 || days > 825 {
		return errors.New("certs: -dir names a folder, -days is 1 to 825")
	}
	names, err := certHosts(hosts)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("certs: %w", err)
	}
	lasting := time.Duration(days) * 24 * time.Hour
	ca, err := p.authority(dir, 10*lasting)
	if err != nil {
		return fmt.Errorf("certs: %w", err)
	}
	for _, name := range certNames {
		if err := p.certificate(dir, name, ca, names[name], lasting); err != nil {
			return fmt.Errorf("certs: %w", err)
		}
	}
	return p.certSettings(dir)
}

// certHosts reads the names under which processes are called: their own, this machine's, and those given.
func certHosts(given []string) (map[string][]string, error) {
	hosts := map[string][]string{}
	for _, name := range certNames {
		hosts[name] = []string{name, "localhost", "127.0.0.1", "::1"}
	}
	for _, one := range given {
		name, host, ok := strings.Cut(one, "=")
		if !ok || hosts[name] == nil || host == "" {
			return nil, fmt.Errorf("certs: -host %q is not PROCESS=NAME with one of %s", one, strings.Join(certNames, ", "))
		}
		if slices.Contains(certNames, host) {
			return nil, fmt.Errorf("certs: -host %q: another process goes by that name, and peers are told apart by it", one)
		}
		hosts[name] = append(hosts[name], host)
	}
	return hosts, nil
}

// authority loads the CA of a folder, or makes it.
func (p program) authority(dir string, lasting time.Duration) (authority, error) {
	cert, key := filepath.Join(dir, "ca.crt"), filepath.Join(dir, "ca.key")
	if content, err := keyfile.Read(key); err == nil {
		return loadAuthority(cert, content)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return authority{}, err
	}
	if _, err := os.Stat(cert); err == nil {
		return authority{}, fmt.Errorf("%s is there and its key is not: bring ca.key to sign with it, or take another folder", cert)
	}
	template, err := p.template("asysta development CA", lasting)
	if err != nil {
		return authority{}, err
	}
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	if err := writeCertificate(dir, "ca", template, template, private, private); err != nil {
		return authority{}, err
	}
	content, err := keyfile.Read(key)
	if err != nil {
		return authority{}, err
	}
	return loadAuthority(cert, content)
}

func loadAuthority(certFile string, keyPEM []byte) (a authority, err error) {
	certPEM, err := os.ReadFile(certFile)
	if err != nil {
		return a, err
	}
	block, _ := pem.Decode(certPEM)
	keyBlock, _ := pem.Decode(keyPEM)
	if block == nil || keyBlock == nil {
		return a, errors.New("ca.crt or ca.key is damaged")
	}
	if a.cert, err = x509.ParseCertificate(block.Bytes); err != nil {
		return a, err
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return a, errors.New("ca.key is damaged")
	}
	a.key = signer
	return a, nil
}

// certificate makes NAME.crt and NAME.key, good for serving and for calling, unless both are there.
func (p program) certificate(dir, name string, ca authority, hosts []string, lasting time.Duration) error {
	_, noCert := os.Stat(filepath.Join(dir, name+".crt"))
	_, noKey := os.Stat(filepath.Join(dir, name+".key"))
	if noCert == nil && noKey == nil {
		_, err := fmt.Fprintf(p.stdout, "# %s.crt is there and is left; remove %s.crt and %s.key for new ones\n", name, name, name)
		return err
	}
	template, err := p.template(name, lasting)
	if err != nil {
		return err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	return writeCertificate(dir, name, template, ca.cert, private, ca.key)
}

func (p program) template(name string, lasting time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	now := p.clock()
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"asysta development"}}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(lasting),
	}, nil
}

// writeCertificate signs and writes a certificate and its key; neither may exist.
func writeCertificate(dir, name string, template, parent *x509.Certificate, key *ecdsa.PrivateKey, signer crypto.Signer) error {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := keyfile.Create(filepath.Join(dir, name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})); err != nil {
		return err
	}
	return keyfile.Create(filepath.Join(dir, name+".crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// certSettings prints what each process is to be given.
func (p program) certSettings(dir string) error {
	for _, name := range certNames {
		peers := ""
		if list := callers[name]; len(list) > 0 {
			peers = fmt.Sprintf(" %sTLS_PEERS=%s", suite.Prefix, strings.Join(list, ","))
		}
		if _, err := fmt.Fprintf(p.stdout, "# %[1]s\n%[2]sTLS_CERT_FILE=%[3]s.crt %[2]sTLS_KEY_FILE=%[3]s.key %[2]sTLS_CA_FILE=%[4]s%[5]s\n",
			name, suite.Prefix, filepath.Join(dir, name), filepath.Join(dir, "ca.crt"), peers); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(p.stdout, "# The gateway can show its certificate to browsers too: %[1]sGATEWAY_TLS_CERT_FILE=%[2]s.crt %[1]sGATEWAY_TLS_KEY_FILE=%[2]s.key\n"+
		"# ca.key signs whatever it is asked to: keep it away from the machines that run Asysta.\n", suite.Prefix, filepath.Join(dir, "gateway"))
	return err
}
