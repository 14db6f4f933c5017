package kernel

import (
	"fmt"
	"slices"
	"strings"
)

// told is how many problems of one kind are named.
const told = 3

// summary is one error for all problems that are some; the same whatever their order, and short however many they are.
func summary(problems []error) error {
	var texts []string
	for _, problem := range problems {
		if problem != nil {
			texts = append(texts, problem.Error())
		}
	}
	if len(texts) == 0 {
		return nil
	}
	slices.Sort(texts)
	if more := len(texts) - told; more > 0 {
		texts = append(texts[:told], fmt.Sprintf("and %d more", more))
	}
	return fmt.Errorf("%s", strings.Join(texts, "; "))
}
