package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Land makes founded counties, one after the other, on one engine. It is not safe for concurrent use.
type Land struct {
	Programs
	Twin bool // counties on MongoDB have a second casefile process

	dir      string
	issuer   *Issuer
	server   *Server   // nil on SQLite
	template *Template // nil on MongoDB
	made     int
}

// NewLand prepares to make counties below a folder: in one process on SQLite, or in five on the MongoDB engine. Close ends what it starts.
func NewLand(ctx context.Context, programs Programs, dir string, mongo bool) (_ *Land, err error) {
	l := &Land{Programs: programs, dir: dir}
	if l.issuer, err = NewIssuer(); err != nil {
		return nil, err
	}
	if mongo {
		err = os.MkdirAll(filepath.Join(dir, "server"), 0o700)
		if err == nil {
			l.server, err = StartServer(ctx, programs, filepath.Join(dir, "server"))
		}
	} else {
		l.template, err = NewTemplate(ctx, l.config("template"))
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Close ends the issuer and the database server. A server that had to be killed is an error.
func (l *Land) Close() error {
	l.issuer.Close()
	if l.server != nil {
		return l.server.Close()
	}
	return nil
}

// Mongo tells whether the counties are on the MongoDB engine.
func (l *Land) Mongo() bool { return l.server != nil }

func (l *Land) config(name string) Config {
	cfg := Config{Programs: l.Programs, Issuer: l.issuer, Dir: filepath.Join(l.dir, name), Twin: l.Twin}
	if l.server != nil {
		cfg.Mongo, cfg.Database = l.server.URI, fmt.Sprintf("proof_%d_%s", os.Getpid(), name)
	}
	return cfg
}

// Prepare gives a founded county on SQLite that does not run.
func (l *Land) Prepare() (*County, error) {
	l.made++
	return l.template.Copy(l.config(fmt.Sprintf("county%d", l.made)))
}

// County gives a founded county that runs; Kill or Stop ends it. It works with the land's programs as they are now.
func (l *Land) County(ctx context.Context) (*County, error) {
	if l.template != nil {
		c, err := l.Prepare()
		if err == nil {
			err = c.Start(ctx)
		}
		return c, err
	}
	l.made++
	c, err := New(l.config(fmt.Sprintf("county%d", l.made)))
	if err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{c.Bootstrap, c.Start, c.Found} {
		if err := step(ctx); err != nil {
			c.Kill()
			return nil, err
		}
	}
	return c, nil
}

// End stops a county and removes its folder.
func End(c *County) error { return errors.Join(c.Stop(), os.RemoveAll(c.Dir)) }
