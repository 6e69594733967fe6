package drive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// Conn is one kept connection to a server over HTTP/1.1. It is for one goroutine.
type Conn struct {
	address string
	tcp     net.Conn
	in      *bufio.Reader
	out     []byte
	body    []byte
}

// patience bounds one request; nothing that is measured may hang.
const patience = 30 * time.Second

// NewConn gives a connection that is opened with its first request.
func NewConn(address string) *Conn { return &Conn{address: address} }

// Close ends the connection.
func (c *Conn) Close() {
	if c.tcp != nil {
		_ = c.tcp.Close()
		c.tcp = nil
	}
}

// Request is one request; Path comes escaped.
type Request struct {
	Method, Path, Token string
	Body                []byte
}

// Do sends a request and gives status and body of the answer; the body is valid until the next request.
func (c *Conn) Do(r Request) (int, []byte, error) {
	status, err := c.do(r)
	if err != nil {
		c.Close()
		return 0, nil, fmt.Errorf("drive: %s: %w", r.Method, err)
	}
	return status, c.body, nil
}

func (c *Conn) do(r Request) (int, error) {
	if c.tcp == nil {
		tcp, err := net.Dial("tcp", c.address)
		if err != nil {
			return 0, err
		}
		c.tcp, c.in = tcp, bufio.NewReaderSize(tcp, 64<<10)
	}
	if err := c.tcp.SetDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	b := append(c.out[:0], r.Method...)
	b = append(append(append(b, ' '), r.Path...), " HTTP/1.1\r\nHost: "...)
	b = append(append(b, c.address...), "\r\n"...)
	if r.Token != "" {
		b = append(append(append(b, "Authorization: Bearer "...), r.Token...), "\r\n"...)
	}
	if r.Body != nil {
		b = append(strconv.AppendInt(append(b, "Content-Type: application/json\r\nContent-Length: "...), int64(len(r.Body)), 10), "\r\n"...)
	}
	b = append(append(b, "\r\n"...), r.Body...)
	c.out = b
	if _, err := c.tcp.Write(b); err != nil {
		return 0, err
	}
	return c.answer()
}

// answer reads status line, the headers that say how long the body is, and the body.
func (c *Conn) answer() (int, error) {
	line, err := c.line()
	if err != nil {
		return 0, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, errors.New("no answer of HTTP/1.1")
	}
	status, err := strconv.Atoi(string(line[9:12]))
	if err != nil {
		return 0, errors.New("no status")
	}
	length, chunked := -1, false
	for {
		if line, err = c.line(); err != nil {
			return 0, err
		}
		if len(line) == 0 {
			break
		}
		if v, ok := header(line, "Content-Length:"); ok {
			if length, err = strconv.Atoi(string(v)); err != nil {
				return 0, errors.New("no length")
			}
		}
		if v, ok := header(line, "Transfer-Encoding:"); ok {
			chunked = string(v) == "chunked"
		}
	}
	c.body = c.body[:0]
	if chunked {
		return status, c.chunks()
	}
	if length < 0 {
		return 0, errors.New("an answer without a length")
	}
	return status, c.read(length)
}

func header(line []byte, name string) ([]byte, bool) {
	if len(line) < len(name) || !bytes.EqualFold(line[:len(name)], []byte(name)) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name):]), true
}

func (c *Conn) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// read adds n bytes to the body.
func (c *Conn) read(n int) error {
	at := len(c.body)
	c.body = append(c.body, make([]byte, n)...)
	_, err := io.ReadFull(c.in, c.body[at:])
	return err
}

func (c *Conn) chunks() error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(line), 16, 32)
		if err != nil {
			return errors.New("no chunk")
		}
		if err := c.read(int(n)); err != nil {
			return err
		}
		if _, err := c.line(); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}
