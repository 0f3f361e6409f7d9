package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	tries = 20
	// So many failures in a row of a protocol that has never got through are enough to try the other one.
	switchAfter = 3
	// A task that was just created may not be found yet, on a replica that lags behind.
	lagLimit = 30 * time.Second
	// How long a cancelled task's DELETE may take.
	cancelLimit = 5 * time.Second
	// The most that a page of List holds.
	pageSize = 500
)

// Reference, C2: one pool for each host and ALPN, of this many connections.
var poolSizes = map[string]int{"h2": 8, "http/1.1": 16}

// What bounds a client.
type limits struct {
	// How long one attempt at a call may take, connection and body included.
	attempt time.Duration
	// How long a video may take, from the first attempt at its create.
	task time.Duration
	// Under the 8 s after which an idle connection is reset.
	beatEvery time.Duration
}

// A client that the service cannot shake off. Any number of calls and videos may be under way at a time: they share one pool and one
// backoff.
type hardened struct {
	base   string
	limits limits
	// One pool for each protocol; the one in use comes first (C4: h2, else http/1.1).
	pools   []pool
	gate    *gate
	backoff backoff

	mutex sync.Mutex
	// Whether the protocol in use has got through: it is kept then.
	settled  bool
	fellBack bool
}

type pool struct {
	alpn   string
	client *http.Client
}

func newHardened(base string, limits limits) *hardened {
	pools := []pool{newPool("h2", limits), newPool("http/1.1", limits)}
	return &hardened{base: base, limits: limits, pools: pools, gate: newGate()}
}

func newPool(alpn string, limits limits) pool {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(alpn == "http/1.1")
	protocols.SetHTTP2(alpn == "h2")
	return pool{alpn, &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{NextProtos: []string{alpn}},
		Protocols:           protocols,
		MaxConnsPerHost:     poolSizes[alpn],
		MaxIdleConnsPerHost: poolSizes[alpn],
		// net/http sends a PING only where nothing has come for so long: it keeps a connection that waits for a slow answer. While
		// answers come, each call brings the heartbeat along.
		HTTP2: &http.HTTP2Config{SendPingTimeout: limits.beatEvery},
	}}}
}

// An attempt that failed.
type failure struct {
	err   error
	asked time.Duration
	// Whether the service may have carried the call out all the same.
	mayBeDone bool
	// Until when the call has to wait.
	until time.Time
}

// Calls until there is an answer that is worth having. recover looks whether a call that failed has been carried out.
func (client *hardened) call(ctx context.Context, method, path string, body []byte, recover func() ([]byte, error)) ([]byte, int, error) {
	trace := random(16)
	for inARow := 1; ; inARow++ {
		if err := client.backoff.pause(ctx, time.Time{}); err != nil {
			return nil, 0, err
		}
		content, status, failed := client.attempt(ctx, inARow, method, path, body, trace)
		if failed == nil {
			return content, status, nil
		}
		if inARow == tries || ctx.Err() != nil {
			return nil, 0, failed.err
		}
		if err := client.backoff.pause(ctx, failed.until); err != nil {
			return nil, 0, err
		}
		if recover == nil || !failed.mayBeDone {
			continue
		}
		if found, err := recover(); err != nil || found != nil {
			return found, http.StatusOK, err
		}
	}
}

func (client *hardened) attempt(ctx context.Context, inARow int, method, path string, body []byte, trace string) ([]byte, int, *failure) {
	ctx, cancel := context.WithTimeout(ctx, client.limits.attempt)
	defer cancel()
	ctx, leave := client.gate.enter(ctx)
	defer leave()
	// While it waited, the call before may have failed.
	if err := client.backoff.pause(ctx, time.Time{}); err != nil {
		return nil, 0, &failure{err: err}
	}
	content, status, failed := client.send(ctx, method, path, body, trace)
	// Noted before the gate lets the next call pass.
	if failed == nil {
		client.succeeded()
	} else {
		failed.until = client.failed(inARow, failed.asked)
	}
	return content, status, failed
}

func (client *hardened) send(ctx context.Context, method, path string, body []byte, trace string) ([]byte, int, *failure) {
	request := newRequest(method, client.base+path, body, "hardened-go/1").WithContext(ctx)
	request.Header.Set("traceparent", fmt.Sprintf("00-%s-%s-01", trace, random(8)))
	request.Header.Set("x-client-timestamp", strconv.FormatInt(time.Now().UnixMilli(), 10))
	// net/http would repeat by itself, without a pause, what was cut on a connection that had served before: not a request whose
	// body cannot be had again.
	request.GetBody = nil
	answer, err := client.pool().client.Do(request)
	if err != nil {
		return nil, 0, &failure{err: err, mayBeDone: true}
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, 0, &failure{err: err, mayBeDone: true}
	}
	if answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests {
		asked := readRetryAfter(answer.Header.Get("Retry-After"))
		err := fmt.Errorf("%s %s: %s", method, path, answer.Status)
		return nil, 0, &failure{err: err, asked: asked, mayBeDone: answer.StatusCode != http.StatusTooManyRequests}
	}
	if !json.Valid(content) {
		return nil, 0, &failure{err: fmt.Errorf("%s %s: the answer was cut on its way", method, path), mayBeDone: true}
	}
	return content, answer.StatusCode, nil
}

func (client *hardened) list() error {
	_, _, err := client.call(context.Background(), "GET", tasks, nil, nil)
	return err
}

// Makes a video; any number of them at a time.
func (client *hardened) makeVideo() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), client.limits.task)
	defer cancel()
	// Get and List show it. By this mark, and by nothing else, a create whose answer was lost is known again: other calls and other
	// processes create tasks under the same key.
	mark := "video-" + random(16)
	body := createBody(mark)
	created, status, err := client.call(ctx, "POST", tasks, body, func() ([]byte, error) { return client.findCreated(ctx, mark) })
	if err != nil {
		return "", err
	}
	if status != http.StatusOK {
		return "", fmt.Errorf("the create was refused with %d: %s", status, created)
	}
	task := read(created).ID
	reached, err := client.follow(ctx, task)
	if err != nil {
		client.cancel(task)
	}
	return reached, err
}

func (client *hardened) follow(ctx context.Context, task string) (string, error) {
	visibleBy := time.Now().Add(lagLimit)
	for {
		answer, status, err := client.call(ctx, "GET", tasks+"/"+task, nil, nil)
		if err != nil {
			return "", err
		}
		if status != http.StatusOK && (status != http.StatusNotFound || time.Now().After(visibleBy)) {
			return "", fmt.Errorf("task %s cannot be polled: %d %s", task, status, answer)
		}
		if reached := read(answer).Status; slices.Contains(over, reached) {
			return reached, nil
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return "", err
		}
	}
}

// Best effort: what runs already cannot be cancelled.
func (client *hardened) cancel(task string) {
	ctx, cancel := context.WithTimeout(context.Background(), cancelLimit)
	defer cancel()
	client.attempt(ctx, 1, "DELETE", tasks+"/"+task, nil, random(16))
}

// Looks for the task of a create that failed. New tasks move older ones to later pages, and none between two.
func (client *hardened) findCreated(ctx context.Context, mark string) ([]byte, error) {
	for page := 1; ; page++ {
		listed, status, err := client.call(ctx, "GET", fmt.Sprintf("%s?page_num=%d&page_size=%d", tasks, page, pageSize), nil, nil)
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("tasks cannot be listed: %d %s", status, listed)
		}
		list := read(listed)
		for _, item := range list.Items {
			if item.Mark == mark {
				return json.Marshal(item)
			}
		}
		if page*pageSize >= list.Total {
			return nil, nil
		}
	}
}

func (client *hardened) pool() pool {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	if client.fellBack {
		return client.pools[1]
	}
	return client.pools[0]
}

func (client *hardened) succeeded() {
	client.backoff.noteSuccess()
	client.mutex.Lock()
	defer client.mutex.Unlock()
	client.settled = true
}

// Gives until when the call has to wait.
func (client *hardened) failed(inARow int, asked time.Duration) time.Time {
	client.gate.noteFailure()
	ownUntil, failures := client.backoff.noteFailure(inARow, asked)
	client.mutex.Lock()
	defer client.mutex.Unlock()
	if failures > 0 && failures%switchAfter == 0 && !client.settled {
		client.fellBack = !client.fellBack
	}
	return ownUntil
}

func random(bytes int) string {
	text := make([]byte, bytes)
	rand.Read(text)
	return fmt.Sprintf("%x", text)
}
