package sqlite

import (
	"bytes"
	"cmp"
	"math"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"asysta.example/internal/store"
)

// value draws what an index key may hold, often close to another one.
func value() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Map(rapid.SampledFrom([]int64{math.MinInt64, -1 << 53, -2, -1, 0, 1, 2, 1 << 53, 1<<53 + 1, math.MaxInt64}), toAny[int64]),
		rapid.Map(rapid.Int64(), toAny[int64]),
		rapid.Map(rapid.SampledFrom([]float64{-1.5, -0.5, 0.5, 1.5, 1e300, -1e300, math.Inf(1), math.Inf(-1)}), toAny[float64]),
		rapid.Map(rapid.StringN(0, 4, 8), toAny[string]),
		rapid.Map(rapid.SampledFrom([]string{"", "\x00", "\x00\x00", "a", "a\x00", "a\x00b", "ab", "\x00\xff", "ż"}), toAny[string]),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), toAny[[]byte]),
		rapid.Map(rapid.Bool(), toAny[bool]),
		rapid.Map(rapid.Int64Range(-1e13, 1e13), func(ms int64) any { return time.UnixMilli(ms).UTC() }),
	)
}

func toAny[T any](v T) any { return v }

func TestKeyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(value(), 1, 3).Draw(t, "a")
		b := rapid.SliceOfN(value(), len(a), len(a)).Draw(t, "b")
		x, err := encodeKey(nil, a...)
		if err != nil {
			t.Fatal(err)
		}
		y, err := encodeKey(nil, b...)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := bytes.Compare(x, y), cmp.Compare(store.CompareKeys(a, b), 0); got != want {
			t.Fatalf("%v against %v: %d, want %d", a, b, got, want)
		}
		back, err := decodeKey(x)
		if err != nil {
			t.Fatalf("decode: %v", err)
		}
		if diff := gocmp.Diff(a, back); diff != "" {
			t.Fatalf("decoded (-want +got):\n%s", diff)
		}
	})
}

func TestKeyRefusesWhatIsNotNormalized(t *testing.T) {
	if _, err := encodeKey(nil, int32(1)); err == nil {
		t.Error("an int32 was encoded")
	}
}

func FuzzDecodeKey(f *testing.F) {
	for _, v := range []any{nil, int64(5), 2.5, "a\x00b", []byte{1, 2}, true, time.UnixMilli(5).UTC()} {
		key, err := encodeKey(nil, v, "id")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		values, err := decodeKey(key)
		if err != nil {
			return
		}
		if _, err := encodeKey(nil, values...); err != nil {
			t.Errorf("decoded values do not encode: %v", err)
		}
	})
}

func TestSuccessor(t *testing.T) {
	for _, c := range []struct{ prefix, want []byte }{
		{[]byte{1, 2}, []byte{1, 3}}, {[]byte{1, 0xFF}, []byte{2}}, {[]byte{0xFF}, nil}, {nil, nil},
	} {
		if got := successor(c.prefix); !bytes.Equal(got, c.want) {
			t.Errorf("after %v: %v, want %v", c.prefix, got, c.want)
		}
	}
}
