package mongotest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// opMsg is the one operation by which drivers send commands; what came before it greets a server at most.
const opMsg = 2013

// maxMessage bounds a message of the protocol, as servers do.
const maxMessage = 48 << 20

// command is one command as a driver sent it.
type command struct {
	name       string // find, update …
	collection string // "" where it names none
	database   string
	body       bson.Raw
	sequences  map[string][]bson.Raw // documents sent beside the body: of an insert, update or delete
}

// tap is a listener of this machine that hands on what a driver says to a server, and what the server answers, and shows each command to see.
type tap struct {
	lis     net.Listener
	server  string
	see     func(command)
	fault   func(error)
	serving sync.WaitGroup

	mu   sync.Mutex
	open map[net.Conn]bool // nil: closed
}

func newTap(server string, see func(command), fault func(error)) (*tap, error) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &tap{lis: lis, server: server, see: see, fault: fault, open: map[net.Conn]bool{}}
	t.serving.Go(t.accept)
	return t, nil
}

func (t *tap) accept() {
	for {
		client, err := t.lis.Accept()
		if err != nil {
			return // closed
		}
		server, err := net.Dial("tcp", t.server)
		if err != nil {
			_ = client.Close() // as if the server were not there
			continue
		}
		if !t.keep(client, server) {
			return
		}
		t.serving.Go(func() {
			defer t.drop(client, server)
			if err := t.listen(server, client); err != nil {
				t.fault(err)
			}
		})
		t.serving.Go(func() {
			defer t.drop(client, server)
			_, _ = io.Copy(client, server)
		})
	}
}

// keep notes connections to close at the end; false where the end has come.
func (t *tap) keep(conns ...net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range conns {
		if t.open == nil {
			_ = c.Close()
			continue
		}
		t.open[c] = true
	}
	return t.open != nil
}

func (t *tap) drop(conns ...net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(t.open, c)
	}
}

// close cuts all connections; when it returns, nothing more is seen.
func (t *tap) close() {
	_ = t.lis.Close()
	t.mu.Lock()
	for c := range t.open {
		_ = c.Close()
	}
	t.open = nil
	t.mu.Unlock()
	t.serving.Wait()
}

// listen hands messages on until the client is gone. A message that cannot be read is a fault of this recorder.
func (t *tap) listen(to io.Writer, from io.Reader) error {
	for {
		var header [16]byte
		if _, err := io.ReadFull(from, header[:]); err != nil {
			return nil
		}
		length := int(binary.LittleEndian.Uint32(header[:4]))
		if length < len(header) || length > maxMessage {
			return fmt.Errorf("a message of %d bytes", length)
		}
		message := make([]byte, length)
		copy(message, header[:])
		if _, err := io.ReadFull(from, message[len(header):]); err != nil {
			return nil
		}
		if binary.LittleEndian.Uint32(header[12:]) == opMsg {
			c, err := parse(message[len(header):])
			if err != nil {
				return err
			}
			t.see(c)
		}
		if _, err := to.Write(message); err != nil {
			return nil
		}
	}
}

var errMessage = errors.New("a message that is not as the protocol has it")

// parse reads the sections of an OP_MSG.
func parse(message []byte) (command, error) {
	c := command{sequences: map[string][]bson.Raw{}}
	if len(message) < 4 {
		return c, errMessage
	}
	checksum := binary.LittleEndian.Uint32(message)&1 != 0
	rest := message[4:]
	if checksum {
		rest = rest[:max(0, len(rest)-4)]
	}
	for len(rest) > 0 {
		kind := rest[0]
		section, err := sized(rest[1:])
		if err != nil {
			return c, err
		}
		rest = rest[1+len(section):]
		switch kind {
		case 0:
			if err := c.read(section); err != nil {
				return c, err
			}
		case 1:
			name, documents, ok := bytes.Cut(section[4:], []byte{0})
			if !ok {
				return c, errMessage
			}
			for len(documents) > 0 {
				one, err := sized(documents)
				if err != nil {
					return c, err
				}
				c.sequences[string(name)] = append(c.sequences[string(name)], one)
				documents = documents[len(one):]
			}
		default:
			return c, errMessage
		}
	}
	return c, nil
}

// sized gives what begins with its own length.
func sized(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, errMessage
	}
	n := int(binary.LittleEndian.Uint32(b))
	if n < 5 || n > len(b) {
		return nil, errMessage
	}
	return b[:n], nil
}

func (c *command) read(body bson.Raw) error {
	elements, err := body.Elements()
	if err != nil || len(elements) == 0 {
		return errMessage
	}
	c.body, c.name = body, elements[0].Key()
	c.collection, _ = elements[0].Value().StringValueOK()
	if c.name == "getMore" {
		c.collection, _ = body.Lookup("collection").StringValueOK()
	}
	c.database, _ = body.Lookup("$db").StringValueOK()
	return nil
}
