package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"strings"

	"filippo.io/torchwood"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type log struct {
	fetcher    *torchwood.TileFetcher
	checkpoint torchwood.Checkpoint
}

func opened(signed []byte, vkey string) (torchwood.Checkpoint, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(vkey))
	if err != nil {
		return torchwood.Checkpoint{}, err
	}
	read, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return torchwood.Checkpoint{}, err
	}
	checkpoint, err := torchwood.ParseCheckpoint(read.Text)
	if err == nil && checkpoint.Origin != verifier.Name() {
		err = fmt.Errorf("the log calls itself %q", checkpoint.Origin)
	}
	return checkpoint, err
}

func openLog(ctx context.Context, address, vkey string) (*log, error) {
	fetcher, err := torchwood.NewTileFetcher(address)
	if err != nil {
		return nil, err
	}
	signed, err := fetcher.ReadEndpoint(ctx, "checkpoint")
	if err != nil {
		return nil, err
	}
	checkpoint, err := opened(signed, vkey)
	return &log{fetcher, checkpoint}, err
}

func readLog(ctx context.Context, words []string) (any, error) {
	found, err := openLog(ctx, words[0], words[1])
	if err != nil {
		return nil, err
	}
	reader, err := torchwood.NewClient(found.fetcher)
	if err != nil {
		return nil, err
	}
	leaves := []string{}
	tree := found.checkpoint.Tree
	for index, entry := range reader.AllEntries(ctx, tree, 0) { // verifies each against the tree
		leaves = append(leaves, hex.EncodeToString(entry))
		if index%100 != 0 && index != tree.N-1 {
			continue
		}
		again, proof, err := reader.Entry(ctx, tree, index)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(entry, again) {
			return nil, fmt.Errorf("entry %d is two", index)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
			return nil, err
		}
	}
	return map[string]any{"origin": found.checkpoint.Origin, "size": tree.N, "leaves": leaves}, reader.Err()
}

func provedGrowth(ctx context.Context, words []string) (any, error) {
	found, err := openLog(ctx, words[0], words[1])
	if err != nil {
		return nil, err
	}
	kept, err := os.ReadFile(words[2])
	if err != nil {
		return nil, err
	}
	old, err := opened(kept, words[1])
	if err != nil {
		return nil, err
	}
	tree := found.checkpoint.Tree
	proof, err := tlog.ProveTree(tree.N, old.N, torchwood.TileHashReaderWithContext(ctx, tree, found.fetcher))
	if err != nil {
		return nil, err
	}
	return map[string]int64{"old": old.N, "new": tree.N}, tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}

func rebuilt(ctx context.Context, words []string) (any, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(words[1]))
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(words[0] + "/")
	if err != nil {
		return nil, err
	}
	fetcher, err := client.NewHTTPFetcher(address, nil)
	if err != nil {
		return nil, err
	}
	return "whole", fsck.New(verifier.Name(), verifier, fetcher, leafHashes, fsck.Opts{N: 2}).Check(ctx)
}

func leafHashes(bundle []byte) ([][]byte, error) {
	var entries api.EntryBundle
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range entries.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

func provedPlace(_ context.Context, words []string) (any, error) {
	var data [3][]byte
	for at, path := range words {
		read, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		data[at] = read
	}
	policy, err := torchwood.ParsePolicy(data[1])
	if err != nil {
		return nil, err
	}
	leaf := sha256.Sum256(data[2])
	return "proved", torchwood.VerifyProof(policy, tlog.RecordHash(leaf[:]), data[0])
}
