// A reaper with Ryuk's protocol: each connection sends lines as "label=KEY=VALUE"; once the last connection has been
// closed for RYUK_RECONNECTION_TIMEOUT (10s), or none came within a minute, all that carries such a label is removed.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	dockerSocket      = "/var/run/docker.sock"
	connectionTimeout = time.Minute
	// A container that stops by itself may still hold its network for a moment.
	networkAttempts = 20
)

var docker = http.Client{Transport: &http.Transport{
	DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", dockerSocket)
	},
}}

type event struct {
	label  string
	opened int
}

func main() {
	reconnection, err := time.ParseDuration(os.Getenv("RYUK_RECONNECTION_TIMEOUT"))
	if err != nil {
		reconnection = 10 * time.Second
	}
	listener, err := net.Listen("tcp", ":8080")
	if err != nil {
		log.Fatal(err)
	}
	log.Print("Started")
	events := make(chan event)
	go accept(listener, events)
	for label := range awaitEnd(events, reconnection) {
		reap(label)
	}
}

func accept(listener net.Listener, events chan<- event) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			events <- event{opened: 1}
			lines := bufio.NewScanner(conn)
			for lines.Scan() {
				if label, found := strings.CutPrefix(strings.TrimSpace(lines.Text()), "label="); found {
					events <- event{label: label}
					fmt.Fprint(conn, "ACK\n")
				}
			}
			events <- event{opened: -1}
		}()
	}
}

// awaitEnd gives the labels to reap once nobody has been connected for long enough.
func awaitEnd(events <-chan event, reconnection time.Duration) map[string]bool {
	labels := map[string]bool{}
	open := 0
	timer := time.NewTimer(connectionTimeout)
	for {
		select {
		case <-timer.C:
			return labels
		case e := <-events:
			open += e.opened
			if e.label != "" {
				labels[e.label] = true
			}
			if open > 0 {
				timer.Stop()
			} else {
				timer.Reset(reconnection)
			}
		}
	}
}

func reap(label string) {
	filters, _ := json.Marshal(map[string][]string{"label": {label}})
	query := "filters=" + url.QueryEscape(string(filters))
	var containers []struct {
		Id     string
		Labels map[string]string
	}
	var networks, images []struct{ Id string }
	var volumes struct{ Volumes []struct{ Name string } }
	list("/containers/json?all=1&"+query, &containers)
	for _, c := range containers {
		// Testcontainers gives the reaper its session's label too; it ends by itself.
		if c.Labels["org.testcontainers.ryuk"] != "true" {
			remove("/containers/" + c.Id + "?force=1&v=1")
		}
	}
	list("/networks?"+query, &networks)
	for _, n := range networks {
		for attempt := 0; !remove("/networks/"+n.Id) && attempt < networkAttempts; attempt++ {
			time.Sleep(100 * time.Millisecond)
		}
	}
	list("/volumes?"+query, &volumes)
	for _, v := range volumes.Volumes {
		remove("/volumes/" + v.Name + "?force=1")
	}
	list("/images/json?"+query, &images)
	for _, i := range images {
		remove("/images/" + i.Id + "?force=1")
	}
	log.Printf("Reaped %d containers (this one included), %d networks, %d volumes, %d images of %s",
		len(containers), len(networks), len(volumes.Volumes), len(images), label)
}

func list(path string, into any) {
	answer, err := docker.Get("http://docker/v1.24" + path)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		log.Fatalf("%s: %v", path, err)
	}
}

// remove tells whether the thing is gone.
func remove(path string) bool {
	request, _ := http.NewRequest(http.MethodDelete, "http://docker/v1.24"+path, nil)
	answer, err := docker.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	answer.Body.Close()
	gone := answer.StatusCode < 300 || answer.StatusCode == http.StatusNotFound
	if !gone {
		log.Printf("%s: %s", path, answer.Status)
	}
	return gone
}
