// Is this call sagaflow's? See docs/participants.md. Needs nothing but Go.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
)

func verify(secret string, header func(string) string, body []byte, tolerance float64) bool {
	id, sent := header("webhook-id"), header("webhook-timestamp")
	seconds, err := strconv.ParseInt(sent, 10, 64)
	if err != nil || math.Abs(float64(time.Now().Unix()-seconds)) > tolerance {
		return false
	}
	key := []byte(secret)
	if strings.HasPrefix(secret, "whsec_") {
		key, _ = base64.StdEncoding.DecodeString(secret[6:])
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + sent + "."))
	mac.Write(body)
	wanted := []byte("v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	for _, one := range strings.Split(header("webhook-signature"), " ") {
		if hmac.Equal(wanted, []byte(one)) {
			return true
		}
	}
	return false
}

func main() {
	body, _ := io.ReadAll(os.Stdin)
	header := func(name string) string { return os.Getenv(strings.ToUpper(strings.ReplaceAll(name, "-", "_"))) }
	if !verify(os.Getenv("SECRET"), header, body, 300) {
		os.Exit(1)
	}
}
