package main

import (
	"context"
	mathrand "math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Reference, C3: from 100 ms, doubled, 30 s at most, and up to 100 ms by chance.
const (
	waitBase   = 100 * time.Millisecond
	waitMost   = 30 * time.Second
	waitJitter = 100 * time.Millisecond
)

// The waits that failures ask for: one for the service, whatever the calls. It is the service that a wait spares.
type backoff struct {
	mutex    sync.Mutex
	failures int
	until    time.Time
}

func (backoff *backoff) noteSuccess() {
	backoff.mutex.Lock()
	defer backoff.mutex.Unlock()
	backoff.failures = 0
}

// Notes a failure. Calls that fail together, such as those on one connection that is cut, count once. inARow is how often the call has
// failed: it waits longer each time, though others may succeed meanwhile. asked is what Retry-After asks for. Gives until when the call has
// to wait, and how often the service has failed in a row, or 0 where the failure is one that counts already.
func (backoff *backoff) noteFailure(inARow int, asked time.Duration) (ownUntil time.Time, counted int) {
	backoff.mutex.Lock()
	defer backoff.mutex.Unlock()
	now := time.Now()
	if now.After(backoff.until) {
		backoff.failures++
		counted = backoff.failures
		backoff.until = now.Add(waitAfter(counted))
	}
	backoff.until = later(backoff.until, now.Add(asked))
	return later(backoff.until, now.Add(waitAfter(inARow))), counted
}

func waitAfter(failures int) time.Duration {
	return min(waitMost, waitBase<<min(failures-1, 16))
}

func later(one, other time.Time) time.Time {
	if one.After(other) {
		return one
	}
	return other
}

// Waits until a call may be sent, and each call a little longer by chance; ends with an error when the context does. ownUntil is for its own
// failures.
func (backoff *backoff) pause(ctx context.Context, ownUntil time.Time) error {
	backoff.mutex.Lock()
	left := time.Until(later(backoff.until, ownUntil))
	backoff.mutex.Unlock()
	if left <= 0 {
		return ctx.Err()
	}
	return sleep(ctx, left+time.Duration(mathrand.Int64N(int64(waitJitter))))
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Seconds, or a date (RFC 9110, section 10.2.3). 0 for what is neither.
func readRetryAfter(value string) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
