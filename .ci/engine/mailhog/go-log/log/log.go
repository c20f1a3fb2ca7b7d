// Package log stands in for github.com/ian-kent/go-log/log: the same calls on Go's own logger.
package log

import "log"

func Printf(format string, args ...interface{}) { log.Printf(format, args...) }
func Println(args ...interface{})               { log.Println(args...) }
func Info(format string, args ...interface{})   { log.Printf(format, args...) }
func Fatalf(format string, args ...interface{}) { log.Fatalf(format, args...) }
