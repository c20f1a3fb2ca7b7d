// Package goose stands in for github.com/ian-kent/goose, which serves MailHog's GET /api/v1/events and nothing else.
// Nobody here reads those events (their framing breaks under load in the real one), so it says 501 rather than imitate.
package goose

import "net/http"

type EventStream struct{}

func NewEventStream() *EventStream { return &EventStream{} }

func (*EventStream) AddReceiver(w http.ResponseWriter) {
	http.Error(w, "/api/v1/events is not part of this build of MailHog", http.StatusNotImplemented)
}

func (*EventStream) Notify(event string, data []byte) {}
