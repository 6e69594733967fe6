package anchor

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"asysta.example/internal/keyfile"
)

// Kinds of PEM blocks of the key files.
const (
	pemPrivate = "PRIVATE KEY"
	pemPublic  = "PUBLIC KEY"
)

// CreateKey makes a key pair: the private key in a file of its owner's alone (PKCS #8), the public one beside it in path + ".pub". Neither may exist.
func CreateKey(path string) error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("anchor: create key: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("anchor: create key: %w", err)
	}
	open, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return fmt.Errorf("anchor: create key: %w", err)
	}
	if err := keyfile.Create(path, pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: secret})); err != nil {
		return fmt.Errorf("anchor: create key: %w", err)
	}
	if err := keyfile.Create(path+".pub", pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: open})); err != nil {
		return fmt.Errorf("anchor: create key: %w", err)
	}
	return nil
}

// LoadKey reads a private key; keyfile.ErrExposed when others can read it.
func LoadKey(path string) (ed25519.PrivateKey, error) {
	content, err := keyfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("anchor: load key: %w", err)
	}
	block, _ := pem.Decode(content)
	if block == nil || block.Type != pemPrivate {
		return nil, errors.New("anchor: load key: not a private key in PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if private, ok := key.(ed25519.PrivateKey); err == nil && ok {
		return private, nil
	}
	return nil, errors.New("anchor: load key: not an Ed25519 key")
}

// LoadPublic reads a public key.
func LoadPublic(path string) (ed25519.PublicKey, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("anchor: load public key: %w", err)
	}
	block, _ := pem.Decode(content)
	if block == nil || block.Type != pemPublic {
		return nil, errors.New("anchor: load public key: not a public key in PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if public, ok := key.(ed25519.PublicKey); err == nil && ok {
		return public, nil
	}
	return nil, errors.New("anchor: load public key: not an Ed25519 key")
}
