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

// ReplaceRules runs the text, which is one transaction: all of it holds, or none.
func ReplaceRules(ctx context.Context, text string) error { return nft(ctx, text, "--file", "-") }

// HasRules tells whether the table (family ip) is there.
func HasRules(ctx context.Context, table string) bool {
	return nft(ctx, "", "--terse", "list", "table", "ip", table) == nil
}

// RemoveRules removes the table (family ip), if it is there.
func RemoveRules(ctx context.Context, table string) error {
	return nft(ctx, fmt.Sprintf("table ip %s\ndelete table ip %s\n", table, table), "--file", "-")
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
