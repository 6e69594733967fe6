// Package observability holds the Grafana dashboard and the Prometheus alert rules of Asysta. Its test holds them against what a process really tells, and each
// alert against its page in docs/playbooks.
package observability
