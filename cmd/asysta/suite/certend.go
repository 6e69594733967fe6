package suite

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// certificates tells until when the certificates of a process hold, where it has any: between processes they hold 90 days as asysta certs makes them, and on the day after the
// last one nothing is answered any more. The files are read when the metrics are, as the process itself reads a renewed one.
func (w *watch) certificates(t Transport, web string) error {
	if w.registry == nil {
		return nil
	}
	c := certEnds{desc: prometheus.NewDesc("asysta_certificate_end_timestamp_seconds",
		"Until when a certificate holds, in seconds since 1970: the own one between processes, the CA's, of which the last of a file counts, and that of the REST interface.", []string{"of"}, nil)}
	for of, file := range map[string]string{"own": t.Cert, "ca": t.CA, "web": web} {
		if file != "" {
			c.files = append(c.files, certFile{of, file})
		}
	}
	if err := w.registry.Register(c); err != nil {
		return fmt.Errorf("suite: metrics: %w", err)
	}
	return nil
}

type certFile struct{ of, path string }

// certEnds is a prometheus.Collector of the ends of certificates in files. A file that cannot be read tells nothing; the process says so in its log.
type certEnds struct {
	desc  *prometheus.Desc
	files []certFile
}

// Describe implements prometheus.Collector.
func (c certEnds) Describe(to chan<- *prometheus.Desc) { to <- c.desc }

// Collect implements prometheus.Collector.
func (c certEnds) Collect(to chan<- prometheus.Metric) {
	for _, f := range c.files {
		raw, err := os.ReadFile(f.path)
		if err != nil {
			continue
		}
		if end := endOf(raw, f.of == "ca"); !end.IsZero() {
			to <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(end.Unix()), f.of)
		}
	}
}

// endOf gives the end of the first certificate of a PEM file, which is the own one before those that vouch for it, or of all the latest; zero where there is none.
func endOf(content []byte, latest bool) (end time.Time) {
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		if cert.NotAfter.After(end) {
			end = cert.NotAfter
		}
		if !latest {
			break
		}
	}
	return end
}
