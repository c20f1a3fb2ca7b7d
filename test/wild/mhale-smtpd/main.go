// A server of github.com/mhale/smtpd as it comes, with STARTTLS. It takes all mail; each message is one line.
package main

import (
	"fmt"
	"log"
	"net"
	"os"
	"sync"

	"github.com/mhale/smtpd"
)

func main() {
	taken, err := os.OpenFile("/var/lib/taken", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	var lock sync.Mutex
	count := func(_ net.Addr, _ string, to []string, data []byte) error {
		lock.Lock()
		defer lock.Unlock()
		_, err := fmt.Fprintln(taken, len(data), len(to))
		return err
	}
	log.Fatal(smtpd.ListenAndServeTLS(os.Args[1], "/etc/mailstorm/cert.pem", "/etc/mailstorm/key.pem", count, "smtpd", "mx.mailstorm.test"))
}
