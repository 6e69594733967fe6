package store

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A page token is the key of the page's last hit, sealed: index keys may hold names, and tokens travel in addresses. The seal binds it to the list.

// tokenKeyID is the key, in meta, of the document with the deployment's token key.
const tokenKeyID = "page-token-key"

// binding is what a token is bound to.
func (s *scope) binding(q EngineQuery) (bson.Raw, error) {
	return document(bson.D{
		{Key: "scope", Value: s.name()}, {Key: "collection", Value: q.Collection}, {Key: "index", Value: q.Index},
		{Key: "equal", Value: bson.A(q.Equal)}, {Key: "from", Value: q.From}, {Key: "to", Value: q.To}, {Key: "desc", Value: q.Desc},
	})
}

// sealToken gives the token that continues a query after a key.
func (s *scope) sealToken(ctx context.Context, q EngineQuery, after []any) (string, error) {
	gcm, err := s.tokenCipher(ctx)
	if err != nil {
		return "", err
	}
	bound, err := s.binding(q)
	if err != nil {
		return "", err
	}
	plain, err := document(bson.D{{Key: "k", Value: bson.A(after)}})
	if err != nil {
		return "", err
	}
	nonce := make([]byte, gcm.NonceSize())
	if _, err := io.ReadFull(rand.Reader, nonce); err != nil {
		return "", fmt.Errorf("store: page token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(gcm.Seal(nonce, nonce, plain, bound)), nil
}

// openToken gives the key that a token continues after, nil for "". ErrPageToken when the token is not of this list.
func (s *scope) openToken(ctx context.Context, q EngineQuery, token string) ([]any, error) {
	if token == "" {
		return nil, nil
	}
	gcm, err := s.tokenCipher(ctx)
	if err != nil {
		return nil, err
	}
	bound, err := s.binding(q)
	if err != nil {
		return nil, err
	}
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(sealed) < gcm.NonceSize() {
		return nil, ErrPageToken
	}
	plain, err := gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], bound)
	if err != nil {
		return nil, ErrPageToken
	}
	values, err := bson.Raw(plain).Lookup("k").Array().Values()
	if err != nil {
		return nil, ErrPageToken
	}
	after := make([]any, len(values))
	for i, v := range values {
		after[i], _ = normalRaw(v)
	}
	return after, nil
}

func (c *core) tokenCipher(ctx context.Context) (cipher.AEAD, error) {
	key, err := c.sharedTokenKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: page token key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("store: page token key: %w", err)
	}
	return cipher.NewGCM(block)
}

// sharedTokenKey gives the deployment's key; the first process to ask makes it.
func (c *core) sharedTokenKey(ctx context.Context) ([]byte, error) {
	c.tokenMu.Lock()
	defer c.tokenMu.Unlock()
	if c.tokenKey != nil {
		return c.tokenKey, nil
	}
	raw, err := c.engine.Get(ctx, meta, tokenKeyID)
	if errors.Is(err, ErrNotFound) {
		if err = c.makeTokenKey(ctx); err != nil {
			return nil, err
		}
		raw, err = c.engine.Get(ctx, meta, tokenKeyID)
	}
	if err != nil {
		return nil, err
	}
	_, key, ok := raw.Lookup("key").BinaryOK()
	if !ok || len(key) != 32 {
		return nil, errors.New("stored key is damaged")
	}
	c.tokenKey = key
	return key, nil
}

func (c *core) makeTokenKey(ctx context.Context) error {
	key := make([]byte, 32)
	if _, err := io.ReadFull(rand.Reader, key); err != nil {
		return err
	}
	body, err := document(bson.D{{Key: "_id", Value: tokenKeyID}, {Key: "key", Value: key}})
	if err != nil {
		return err
	}
	_, err = c.ensure(ctx, Step{Op: Insert, Collection: meta, ID: tokenKeyID, Body: body, Point: PointMeta})
	return err
}
