#!/usr/bin/env bash
# github.com/chrj/smtpd 0.3.1 (Go), as it comes: at most 100 sessions at a time. Seen on 2026-11-30.
#
# A session keeps its place for 0.4 s after QUIT was answered and the client has closed (two sleeps of 0.2 s). A client
# that opens one session after another, never two at a time, gets "421 Too busy" as soon as 100 fit into that: a message a
# session is taken 250 times a second at most, and what comes faster is refused.
#
# Output seen:
#   2,000 sessions, one after another: 421 Too busy. Try again later.
#   half a second later: 220
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >go.mod <<'MOD'
module sessions

go 1.22

require github.com/chrj/smtpd v0.3.1
MOD
cat >main.go <<'GO'
package main

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/chrj/smtpd"
)

// session returns the greeting of one that says QUIT, waits for the answer, and closes.
func session(address string) string {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		panic(err)
	}
	defer connection.Close()
	lines := bufio.NewReader(connection)
	greeting, _ := lines.ReadString('\n')
	fmt.Fprint(connection, "QUIT\r\n")
	lines.ReadString('\n')
	return strings.TrimSpace(greeting)
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go (&smtpd.Server{}).Serve(listener)
	address := listener.Addr().String()
	refusal := "none refused"
	for range 2000 {
		if greeting := session(address); !strings.HasPrefix(greeting, "220") {
			refusal = greeting
			break
		}
	}
	fmt.Printf("2,000 sessions, one after another: %s\n", refusal)
	time.Sleep(500 * time.Millisecond)
	fmt.Printf("half a second later: %.3s\n", session(address))
}
GO
GOFLAGS=-mod=mod go run . | tee output
cat >expected <<'TEXT'
2,000 sessions, one after another: 421 Too busy. Try again later.
half a second later: 220
TEXT
diff expected output
