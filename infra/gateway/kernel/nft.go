package kernel

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// CheckRules asks nft whether it takes the text of a file, changing nothing.
func CheckRules(ctx context.Context, file, text string) error {
	if err := nft(ctx, text, "--check", "--file", "-"); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// Rules is a table of nftables (family ip).
type Rules struct {
	table string
	// loaded is the text that the table was made of last, whatever became of the rest of its configuration.
	loaded string
}

// NewRules says which table.
func NewRules(table string) *Rules { return &Rules{table: table} }

// Ensure makes the table what the text says, which is one transaction: all of it holds, or none.
func (r *Rules) Ensure(ctx context.Context, text string) error {
	if text == r.loaded && nft(ctx, "", "--terse", "list", "table", "ip", r.table) == nil {
		return nil
	}
	// Where nft does not come to its end, nobody knows what holds.
	r.loaded = ""
	if err := nft(ctx, text, "--file", "-"); err != nil {
		return err
	}
	r.loaded = text
	return nil
}

// Remove removes the table, if it is there.
func (r *Rules) Remove(ctx context.Context) error {
	r.loaded = ""
	return nft(ctx, fmt.Sprintf("table ip %s\ndelete table ip %s\n", r.table, r.table), "--file", "-")
}

func nft(ctx context.Context, input string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	command := exec.CommandContext(ctx, "nft", args...)
	command.Stdin = strings.NewReader(input)
	var said bytes.Buffer
	command.Stderr = &said
	if err := command.Run(); err != nil {
		first, _, _ := strings.Cut(said.String(), "\n")
		return fmt.Errorf("nft: %w: %s", err, first)
	}
	return nil
}
