package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// link is a connection to the file whose statements are run without database/sql, which costs as much again as finding a row. It is used by one goroutine at a time.
type link struct {
	conn  driver.Conn
	stmts []*statement
}

// connect opens a connection as the driver itself does.
func connect(name string) (*link, error) {
	db, err := sql.Open("sqlite", name) // connects to nothing, gives the driver
	if err != nil {
		return nil, err
	}
	conn, err := db.Driver().Open(name)
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return &link{conn: conn}, nil
}

// prepare makes a statement that lives as long as the connection.
func (l *link) prepare(text string) (*statement, error) {
	stmt, err := l.conn.Prepare(text)
	if err != nil {
		return nil, err
	}
	query, asks := stmt.(driver.StmtQueryContext)
	exec, does := stmt.(driver.StmtExecContext)
	if !asks || !does {
		return nil, errors.Join(errors.New("sqlite: a driver of another form"), stmt.Close())
	}
	s := &statement{Stmt: stmt, query: query, exec: exec}
	l.stmts = append(l.stmts, s)
	return s, nil
}

// prepareAll makes the statements that a table names.
func (l *link) prepareAll(texts map[**statement]string) (err error) {
	for at, text := range texts {
		if *at, err = l.prepare(text); err != nil {
			return err
		}
	}
	return nil
}

// close ends the statements, which keep the connection open otherwise, and the connection.
func (l *link) close() error { return errors.Join(l.release(), l.conn.Close()) }

// release ends the statements alone.
func (l *link) release() error {
	var errs []error
	for _, s := range l.stmts {
		errs = append(errs, s.Close())
	}
	l.stmts = nil
	return errors.Join(errs...)
}

// shared lets database/sql use the connection too, for what is rare. Whoever closes the handle closes the connection.
func (l *link) shared() *sql.DB {
	db := sql.OpenDB(&oneConn{link: l})
	db.SetMaxOpenConns(1)
	return db
}

// oneConn is a driver.Connector that has one connection to give.
type oneConn struct {
	link *link
	gone bool
}

// Connect implements driver.Connector.
func (c *oneConn) Connect(context.Context) (driver.Conn, error) {
	if c.gone {
		return nil, ErrClosed
	}
	c.gone = true
	return c.link.conn, nil
}

// Driver implements driver.Connector.
func (c *oneConn) Driver() driver.Driver { return nil }

// statement is a prepared statement. Arguments are of the types that the driver knows: int64, float64, string, []byte. No context reaches the driver, which would
// start a goroutine for each: a statement of this package ends by itself, and who waits for several asks between them.
type statement struct {
	driver.Stmt
	query driver.StmtQueryContext
	exec  driver.StmtExecContext
	args  []driver.NamedValue
	cols  []driver.Value
}

// bind puts arguments where the driver finds them.
func (s *statement) bind(args []any) []driver.NamedValue {
	s.args = s.args[:0]
	for i, v := range args {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return s.args
}

// run performs the statement.
func (s *statement) run(args ...any) (driver.Result, error) {
	return s.exec.ExecContext(context.Background(), s.bind(args))
}

// changed performs the statement and tells whether it changed a row.
func (s *statement) changed(args ...any) (bool, error) {
	result, err := s.run(args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// each calls fn with every row of the answer. The slice is used again; the blobs and texts in it are the caller's.
func (s *statement) each(fn func(cols []driver.Value) error, args ...any) (err error) {
	rows, err := s.query.QueryContext(context.Background(), s.bind(args))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if s.cols == nil {
		s.cols = make([]driver.Value, len(rows.Columns()))
	}
	for {
		if err := rows.Next(s.cols); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := fn(s.cols); err != nil {
			return err
		}
	}
}

// one gives the only row of an answer, which holds until the statement runs again; found is false where there is none.
func (s *statement) one(args ...any) (cols []driver.Value, found bool, err error) {
	err = s.each(func(c []driver.Value) error {
		cols, found = c, true
		return nil
	}, args...)
	return cols, found, err
}

// blob is a column that holds bytes; NULL and an empty blob are nil.
func blob(v driver.Value) ([]byte, error) { return as[[]byte](v) }

// as gives a column as the type that the table says it has.
func as[T any](v driver.Value) (t T, err error) {
	if v == nil {
		return t, nil
	}
	t, ok := v.(T)
	if !ok {
		return t, fmt.Errorf("sqlite: a column holds %T", v)
	}
	return t, nil
}
