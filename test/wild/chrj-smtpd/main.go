// A server of github.com/chrj/smtpd as it comes, with STARTTLS. It takes all mail; each message is one line.
package main

import (
	"crypto/tls"
	"fmt"
	"log"
	"os"
	"sync"

	"github.com/chrj/smtpd"
)

func main() {
	taken, err := os.OpenFile("/var/lib/taken", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair("/etc/mailstorm/cert.pem", "/etc/mailstorm/key.pem")
	if err != nil {
		log.Fatal(err)
	}
	var lock sync.Mutex
	server := &smtpd.Server{
		Hostname:  "mx.mailstorm.test",
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
		Handler: func(_ smtpd.Peer, envelope smtpd.Envelope) error {
			lock.Lock()
			defer lock.Unlock()
			_, err := fmt.Fprintln(taken, len(envelope.Data), len(envelope.Recipients))
			return err
		},
	}
	log.Fatal(server.ListenAndServe(os.Args[1]))
}
