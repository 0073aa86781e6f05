package main

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/mod/sumdb/note"
)

func grownLog(ctx context.Context, words []string) (any, error) {
	signer, err := note.NewSigner(words[1])
	if err != nil {
		return nil, err
	}
	witnesses, err := tessera.NewWitnessGroupFromPolicy([]byte(words[2]))
	if err != nil {
		return nil, err
	}
	count, err := strconv.ParseUint(words[3], 10, 16)
	if err != nil {
		return nil, err
	}
	patience, err := time.ParseDuration(words[4])
	if err != nil {
		return nil, err
	}
	driver, err := posix.New(ctx, posix.Config{Path: words[0]})
	if err != nil {
		return nil, err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(uint(count), 100*time.Millisecond).
		WithCheckpointInterval(100*time.Millisecond).
		WithWitnesses(witnesses, &tessera.WitnessOptions{Timeout: 5 * time.Second})
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return appended(ctx, driver, options, count)
}

// appended adds entries and returns the checkpoint that covers them, which Tessera publishes only when it was cosigned.
func appended(ctx context.Context, driver tessera.Driver, options *tessera.AppendOptions, count uint64) (any, error) {
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		return nil, err
	}
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, 50*time.Millisecond)
	var futures []tessera.IndexFuture
	for at := range count {
		futures = append(futures, appender.Add(ctx, tessera.NewEntry(fmt.Appendf(nil, "entry %d at %s", at, time.Now()))))
	}
	var checkpoint []byte
	for _, future := range futures {
		if _, checkpoint, err = awaiter.Await(ctx, future); err != nil {
			return nil, err
		}
	}
	return strings.Clone(string(checkpoint)), shutdown(ctx)
}

func serveAgent(_ context.Context, words []string) (any, error) {
	seed, err := hex.DecodeString(words[1])
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, errors.New("not a seed")
	}
	ring := agent.NewKeyring()
	if err := ring.Add(agent.AddedKey{PrivateKey: ed25519.NewKeyFromSeed(seed)}); err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", words[0])
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(os.Stderr, "ready")
	for {
		connection, err := listener.Accept()
		if err != nil {
			return nil, err
		}
		go agent.ServeAgent(ring, connection)
	}
}
