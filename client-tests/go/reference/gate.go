package main

import (
	"context"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
)

// Lets one call at a time pass until a connection stands. net/http would open one for each of the calls that start, or come back,
// together, though one carries them all.
type gate struct {
	slot   chan struct{}
	stands atomic.Bool
}

func newGate() *gate { return &gate{slot: make(chan struct{}, 1)} }

// Gives the context for a call that may go, and what it has to do once it is over.
func (gate *gate) enter(ctx context.Context) (context.Context, func()) {
	if gate.stands.Load() {
		return ctx, func() {}
	}
	select {
	case gate.slot <- struct{}{}:
	case <-ctx.Done():
		return ctx, func() {}
	}
	leave := sync.OnceFunc(func() { <-gate.slot })
	// Not GotConn: net/http hands out a new connection a moment before other calls can find it.
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) {
		gate.stands.Store(true)
		leave()
	}}
	return httptrace.WithClientTrace(ctx, trace), leave
}

func (gate *gate) noteFailure() { gate.stands.Store(false) }
