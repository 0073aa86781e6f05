// Command outside judges a published log with libraries that nobody here wrote: sumdb's note and tlog, torchwood, and
// Tessera. It prints JSON, or one line of what they refuse and exit code 1.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
)

var commands = map[string]struct {
	words int
	run   func(ctx context.Context, words []string) (any, error)
}{
	"read":   {2, readLog},      // URL VKEY: every entry, each proved to be in the signed tree
	"grown":  {3, provedGrowth}, // URL VKEY CHECKPOINT: the log grew out of that checkpoint
	"fsck":   {2, rebuilt},      // URL VKEY: every tile, built anew from the entries
	"proof":  {3, provedPlace},  // PROOF POLICY ENTRY: an entry's place in a witnessed tree
	"log":    {5, grownLog},     // FOLDER KEY POLICY COUNT PATIENCE: add entries to a Tessera log that asks its witnesses
	"bucket": {4, serveBucket},  // BUCKET KEY SECRET NUMBER: an S3 bucket, whose write of that number fails
	"agent":  {2, serveAgent},   // SOCKET SEED: hold litewitness's key, as an ssh-agent
}

func main() {
	answer, err := judged(os.Args[1:])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(answer)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func judged(words []string) (any, error) {
	if len(words) > 0 {
		if command, found := commands[words[0]]; found && len(words)-1 == command.words {
			return command.run(context.Background(), words[1:])
		}
	}
	return nil, fmt.Errorf("not a command: %q", words)
}
