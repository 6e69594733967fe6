package rpc

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Direct is the way to the server of a pipe without a wire: a unary call passes the server's whole chain, from recovery to the access log, on the goroutine of
// who calls, and answers as it would over the pipe. Streams, calls with options that it does not know and calls to a server that does not serve (yet, or any
// more) take the pipe. Close it as a connection.
//
// A wire keeps two sides apart, and so does Direct: the server sees the caller's metadata, deadline and cancellation and none of the values of its context; a
// request is read from the bytes that it would be on the wire, with the same bounds. An answer is copied too, unless the caller only reads it (WithLentAnswers).
// The call returns when the handler does; handlers heed their context, which ends before the caller's.
type Direct struct {
	pipe   *Pipe
	wire   *grpc.ClientConn
	traces stats.Handler // nil: no spans
	faults bool
	lent   bool
}

// WithLentAnswers has a Direct hand out the parts of an answer as the handler made them, for a caller that reads an answer and neither changes nor keeps it, as
// the gateway does. Handlers may put parts into answers that calls share. It changes nothing on a wire.
func WithLentAnswers() DialOption { return func(o *dialOptions) { o.lent = true } }

// Direct connects to whatever server serves the pipe.
func (p *Pipe) Direct(opts ...DialOption) (*Direct, error) {
	wire, err := p.Dial(opts...)
	if err != nil {
		return nil, err
	}
	o := dialed(opts)
	return &Direct{pipe: p, wire: wire, traces: o.traces, faults: o.faults, lent: o.lent}, nil
}

// Close gives the pipe back. Calls under way may end.
func (d *Direct) Close() error {
	if err := d.wire.Close(); err != nil {
		return fmt.Errorf("rpc: close: %w", err)
	}
	return nil
}

// NewStream implements grpc.ClientConnInterface.
func (d *Direct) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return d.wire.NewStream(ctx, desc, method, opts...)
}

// Invoke implements grpc.ClientConnInterface.
func (d *Direct) Invoke(ctx context.Context, method string, in, out any, opts ...grpc.CallOption) error {
	c := &directCall{direct: d, server: d.pipe.server.Load(), name: method, sent: sentHead{method: method}}
	if !c.possible(out, opts) || !c.server.inside.enter() {
		return d.wire.Invoke(ctx, method, in, out, opts...)
	}
	defer c.server.inside.running.Done()
	err := c.run(ctx, in)
	if d.faults {
		return FaultFrom(err)
	}
	return err
}

// directCall is one call on its way.
type directCall struct {
	direct          *Direct
	server          *Server // nil: none serves
	name            string
	method          unaryMethod
	out             proto.Message
	header, trailer *metadata.MD // where the caller wants the answer's; nil: not asked for
	sent            sentHead
}

// possible tells whether the call can go without a wire.
func (c *directCall) possible(out any, opts []grpc.CallOption) (ok bool) {
	if c.server == nil {
		return false
	}
	if c.method, ok = c.server.unary[c.name]; !ok {
		return false
	}
	if c.out, ok = out.(proto.Message); !ok {
		return false
	}
	for _, o := range opts {
		switch o := o.(type) {
		case grpc.StaticMethodCallOption:
		case grpc.HeaderCallOption:
			c.header = o.HeaderAddr
		case grpc.TrailerCallOption:
			c.trailer = o.TrailerAddr
		default:
			return false
		}
	}
	return true
}

// run is the caller's side.
func (c *directCall) run(ctx context.Context, in any) (err error) {
	if traces := c.direct.traces; traces != nil {
		began := time.Now()
		ctx = traces.TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: c.name, FailFast: true})
		traces.HandleRPC(ctx, &stats.Begin{Client: true, BeginTime: began, FailFast: true})
		traces.HandleRPC(ctx, &stats.OutHeader{Client: true, FullMethod: c.name, LocalAddr: c.direct.pipe.Addr(), RemoteAddr: c.direct.pipe.Addr()})
		defer func() {
			traces.HandleRPC(ctx, &stats.End{Client: true, BeginTime: began, EndTime: time.Now(), Error: err})
		}()
	}
	if err := ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	body, err := wireOf(c.server.codec, in)
	if err != nil {
		return err
	}
	answer, err := c.server.answer(ctx, c, body)
	if c.header != nil {
		*c.header = c.sent.header
	}
	if c.trailer != nil {
		*c.trailer = c.sent.trailer
	}
	if err != nil {
		return c.told(ctx, err)
	}
	return c.hand(answer)
}

// told is what the caller learns of a call that went wrong: who has left or waited too long hears that from their own side of a wire.
func (c *directCall) told(ctx context.Context, err error) error {
	if gone := ctx.Err(); gone != nil {
		return status.FromContextError(gone).Err()
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	return status.FromContextError(err).Err()
}

// hand gives the caller the answer.
func (c *directCall) hand(answer any) error {
	msg, ok := answer.(proto.Message)
	if ok && c.direct.lent && msg.ProtoReflect().Type() == c.out.ProtoReflect().Type() {
		if size := proto.Size(msg); size > MaxMessage {
			return tooLarge(size)
		}
		lend(c.out, msg)
		return nil
	}
	body, err := wireOf(c.server.codec, answer)
	if err != nil {
		return err
	}
	defer body.Free()
	if err := c.server.codec.CodecV2.Unmarshal(body, c.out); err != nil {
		return status.Errorf(codes.Internal, "grpc: failed to unmarshal the received message: %v", err)
	}
	return nil
}

// lend makes a message say what another one of its type says, with the same parts.
func lend(to, from proto.Message) {
	proto.Reset(to)
	t, f := to.ProtoReflect(), from.ProtoReflect()
	f.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		t.Set(field, v)
		return true
	})
	t.SetUnknown(f.GetUnknown())
}

// wireOf gives a message as bytes, with the bound of a wire.
func wireOf(codec requestCodec, m any) (mem.BufferSlice, error) {
	body, err := codec.Marshal(m)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "grpc: error while marshaling: %v", err)
	}
	if body.Len() > MaxMessage {
		defer body.Free()
		return nil, tooLarge(body.Len())
	}
	return body, nil
}

// tooLarge is in the words of gRPC.
func tooLarge(size int) error {
	return status.Errorf(codes.ResourceExhausted, "trying to send message larger than max (%d vs. %d)", size, MaxMessage)
}
