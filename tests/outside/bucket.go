package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

const region = "se-1"

// serveBucket serves a bucket in memory that everybody may read, and whose writers sign as AWS's own library does. The
// write that has the number is answered by 503, once.
func serveBucket(_ context.Context, words []string) (any, error) {
	busy, err := strconv.ParseInt(words[3], 10, 32)
	if err != nil {
		return nil, err
	}
	memory := s3mem.New()
	if err := memory.CreateBucket(words[0]); err != nil {
		return nil, err
	}
	credentials := aws.Credentials{AccessKeyID: words[1], SecretAccessKey: words[2]}
	store, writes := gofakes3.New(memory).Server(), atomic.Int64{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "ready http://%s\n", listener.Addr())
	return nil, http.Serve(listener, http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if request.Method == http.MethodPut && writes.Add(1) == busy {
			answer.WriteHeader(http.StatusServiceUnavailable)
		} else if request.Method == http.MethodGet {
			store.ServeHTTP(answer, request)
		} else if !strings.Contains(request.Header.Get("Authorization"), "/"+region+"/s3/aws4_request") {
			answer.WriteHeader(http.StatusBadRequest)
		} else if err := signed(request, credentials); err != nil {
			fmt.Fprintln(os.Stderr, err)
			answer.WriteHeader(http.StatusForbidden)
		} else {
			store.ServeHTTP(answer, request)
		}
	}))
}

// signed tells whether AWS's library would have signed the request so.
func signed(request *http.Request, credentials aws.Credentials) error {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return err
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	digest := sha256.Sum256(body)
	hash := hex.EncodeToString(digest[:])
	at, err := time.Parse("20060102T150405Z", request.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > 15*time.Minute || request.Header.Get("X-Amz-Content-Sha256") != hash {
		return errors.New("no date, an old one, or another body")
	}
	said := fields(request.Header.Get("Authorization"))
	again, err := http.NewRequest(request.Method, "http://"+request.Host+request.RequestURI, nil)
	if err != nil {
		return err
	}
	for _, name := range strings.Split(said["SignedHeaders"], ";") {
		if name != "host" {
			again.Header.Set(name, request.Header.Get(name))
		}
	}
	signer := v4.NewSigner(func(options *v4.SignerOptions) { options.DisableURIPathEscaping = true })
	if err := signer.SignHTTP(context.Background(), credentials, again, hash, "s3", region, at); err != nil {
		return err
	}
	for name, right := range fields(again.Header.Get("Authorization")) {
		if said[name] != right {
			return fmt.Errorf("%s is %q, not %q", name, said[name], right)
		}
	}
	return nil
}

// fields splits the header Authorization into its parts.
func fields(header string) map[string]string {
	found := map[string]string{}
	method, rest, _ := strings.Cut(header, " ")
	found["method"] = method
	for _, part := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		found[name] = value
	}
	return found
}
