// Package linkio stands in for github.com/ian-kent/linkio, with which MailHog's chaos monkey Jim slows connections.
// It cannot slow: with Jim invited, run MailHog with -jim-linkspeed-affect 0.
package linkio

import (
	"io"
	"log"
)

type Throughput uint64

const BytePerSecond Throughput = 1

type Link struct{}

func NewLink(Throughput) *Link {
	log.Fatal("Jim cannot slow a link in this build of MailHog: run it with -jim-linkspeed-affect 0")
	return nil
}

func (*Link) NewLinkReader(r io.Reader) io.Reader { return r }
func (*Link) NewLinkWriter(w io.Writer) io.Writer { return w }
