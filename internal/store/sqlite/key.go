package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// Tags of values in a key, in the order of types that store.EngineQuery fixes.
const (
	tagNil    = 0x10
	tagNumber = 0x20
	tagString = 0x30
	tagBytes  = 0x50
	tagBool   = 0x60
	tagTime   = 0x70
)

var errKey = errors.New("sqlite: damaged index key")

// encodeKey appends normalized values so that the order of the bytes is the order of the values.
//
//	nil     tag
//	number  tag, float64 in total order, int64 with the sign turned (0 for what is not integral)
//	string  tag, bytes with 0x00 written as 0x00 0xFF, then 0x00 0x01
//	bytes   tag, length, bytes
//	bool    tag, 0 or 1
//	time    tag, milliseconds as int64 with the sign turned
func encodeKey(key []byte, values ...any) ([]byte, error) {
	for _, value := range values {
		switch v := value.(type) {
		case nil:
			key = append(key, tagNil)
		case int64:
			key = appendInt(appendFloat(append(key, tagNumber), float64(v)), v)
		case float64:
			key = appendInt(appendFloat(append(key, tagNumber), v), 0)
		case string:
			key = append(key, tagString)
			for i := range len(v) {
				if key = append(key, v[i]); v[i] == 0 {
					key = append(key, 0xFF)
				}
			}
			key = append(key, 0, 1)
		case []byte:
			key = binary.BigEndian.AppendUint32(append(key, tagBytes), uint32(len(v)))
			key = append(key, v...)
		case bool:
			bit := byte(0)
			if v {
				bit = 1
			}
			key = append(key, tagBool, bit)
		case time.Time:
			key = appendInt(append(key, tagTime), v.UnixMilli())
		default:
			return nil, fmt.Errorf("sqlite: %T in an index key", value)
		}
	}
	return key, nil
}

func appendInt(key []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(key, uint64(v)^(1<<63))
}

func appendFloat(key []byte, v float64) []byte {
	bits := math.Float64bits(v)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return binary.BigEndian.AppendUint64(key, bits)
}

// decodeKey gives the values of a key back.
func decodeKey(key []byte) ([]any, error) {
	values := make([]any, 0, 6)
	for len(key) > 0 {
		value, rest, err := decodeValue(key[0], key[1:])
		if err != nil {
			return nil, err
		}
		values, key = append(values, value), rest
	}
	return values, nil
}

func decodeValue(tag byte, b []byte) (value any, rest []byte, err error) {
	switch tag {
	case tagNil:
		return nil, b, nil
	case tagNumber:
		return decodeNumber(b)
	case tagString:
		return decodeString(b)
	case tagBytes:
		if len(b) < 4 {
			return nil, nil, errKey
		}
		n := binary.BigEndian.Uint32(b)
		if b = b[4:]; uint64(len(b)) < uint64(n) {
			return nil, nil, errKey
		}
		return append([]byte{}, b[:n]...), b[n:], nil
	case tagBool:
		if len(b) < 1 {
			return nil, nil, errKey
		}
		return b[0] == 1, b[1:], nil
	case tagTime:
		if len(b) < 8 {
			return nil, nil, errKey
		}
		return time.UnixMilli(int64(binary.BigEndian.Uint64(b) ^ (1 << 63))).UTC(), b[8:], nil
	}
	return nil, nil, errKey
}

func decodeNumber(b []byte) (any, []byte, error) {
	if len(b) < 16 {
		return nil, nil, errKey
	}
	bits := binary.BigEndian.Uint64(b)
	if bits>>63 == 1 {
		bits &^= 1 << 63
	} else {
		bits = ^bits
	}
	f, i := math.Float64frombits(bits), int64(binary.BigEndian.Uint64(b[8:])^(1<<63))
	if float64(i) == f {
		return i, b[16:], nil
	}
	return f, b[16:], nil
}

func decodeString(b []byte) (any, []byte, error) {
	if i := bytes.IndexByte(b, 0); i >= 0 && i+1 < len(b) && b[i+1] == 1 {
		return string(b[:i]), b[i+2:], nil
	}
	out := make([]byte, 0, len(b))
	for i := 0; i+1 < len(b); i++ {
		if b[i] != 0 {
			out = append(out, b[i])
			continue
		}
		switch b[i+1] {
		case 0xFF:
			out = append(out, 0)
			i++
		case 1:
			return string(out), b[i+2:], nil
		default:
			return nil, nil, errKey
		}
	}
	return nil, nil, errKey
}

// successor gives the first key after all keys that begin with prefix; nil when there is none.
func successor(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xFF {
			return append(append([]byte{}, prefix[:i]...), prefix[i]+1)
		}
	}
	return nil
}
