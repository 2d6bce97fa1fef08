// Is this call sagaflow's? See docs/participants.md. Needs nothing but Go.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strings"
	"time"
)

type claims struct {
	Iss, Aud, Method, Path, BodySha256, IdempotencyKey, RunId string
	Iat, Exp                                                  int64
}

type keySet struct{ Keys []struct{ Kid, X string } }

func part(text string, into any) bool {
	bytes, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(bytes, into) == nil
}

// What the token says, or nil. keys is what /.well-known/jwks.json has: fetch it again for a kid that is not there.
func verify(keys keySet, me, token, method, path string, body []byte) *claims {
	parts := strings.Split(token, ".")
	var head struct{ Alg, Kid string }
	var said claims
	if len(parts) != 3 || !part(parts[0], &head) || !part(parts[1], &said) || head.Alg != "EdDSA" {
		return nil
	}
	signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
	signed := false
	for _, key := range keys.Keys {
		public, err := base64.RawURLEncoding.DecodeString(key.X)
		if key.Kid == head.Kid && err == nil && len(public) == ed25519.PublicKeySize {
			signed = ed25519.Verify(public, []byte(parts[0]+"."+parts[1]), signature)
		}
	}
	now, digest := time.Now().Unix(), sha256.Sum256(body)
	if !signed || said.Iss != "sagaflow" || said.Aud != me || said.Iat-5 > now || now > said.Exp+5 ||
		said.Method != method || said.Path != path || said.BodySha256 != hex.EncodeToString(digest[:]) {
		return nil
	}
	return &said
}

func main() {
	body, _ := io.ReadAll(os.Stdin)
	var keys keySet
	_ = json.Unmarshal([]byte(os.Getenv("JWKS")), &keys)
	if verify(keys, os.Getenv("PARTICIPANT"), os.Getenv("TOKEN"), os.Getenv("METHOD"), os.Getenv("CALL_PATH"), body) == nil {
		os.Exit(1)
	}
}
