// Package envconf stands in for github.com/ian-kent/envconf: a flag's default from the environment.
package envconf

import (
	"fmt"
	"os"
	"strconv"
)

// FromEnvP gives the variable's value in the type of def, def when it is unset or empty, and panics when it cannot be read.
func FromEnvP(name string, def interface{}) interface{} {
	text := os.Getenv(name)
	if text == "" {
		return def
	}
	switch def.(type) {
	case string:
		return text
	case bool:
		value, err := strconv.ParseBool(text)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
		return value
	}
	panic(fmt.Sprintf("%s: no reader for %T in this stand-in", name, def))
}
