// A server of github.com/emersion/go-smtp as NewServer makes it, with STARTTLS. It takes all mail; each message is one line.
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"os"
	"sync"

	"github.com/emersion/go-smtp"
)

type backend struct {
	lock  sync.Mutex
	taken *os.File
}

func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &session{backend: b}, nil
}

type session struct {
	backend    *backend
	recipients int
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(string, *smtp.RcptOptions) error {
	s.recipients++
	return nil
}

func (s *session) Data(r io.Reader) error {
	octets, err := io.Copy(io.Discard, r)
	if err != nil {
		return err
	}
	s.backend.lock.Lock()
	defer s.backend.lock.Unlock()
	_, err = fmt.Fprintln(s.backend.taken, octets, s.recipients)
	return err
}

// Reset ends a transaction, also that of a message which was taken.
func (s *session) Reset() { s.recipients = 0 }

func (s *session) Logout() error { return nil }

func main() {
	taken, err := os.OpenFile("/var/lib/taken", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	certificate, err := tls.LoadX509KeyPair("/etc/mailstorm/cert.pem", "/etc/mailstorm/key.pem")
	if err != nil {
		log.Fatal(err)
	}
	server := smtp.NewServer(&backend{taken: taken})
	server.Addr = os.Args[1]
	server.Domain = "mx.mailstorm.test"
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	log.Fatal(server.ListenAndServe())
}
