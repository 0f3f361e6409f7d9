package main

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Reference, C3: from 100 ms, doubled, 30 s at most, and up to 100 ms by chance.
const (
	tries      = 20
	waitBase   = 100 * time.Millisecond
	waitMost   = 30 * time.Second
	waitJitter = 100 * time.Millisecond
	// So many failures in a row of a protocol that has never got through are enough to try the other one.
	switchAfter = 3
)

// Reference, C2: one pool for each host and ALPN, of this many connections.
var poolSizes = map[string]int{"h2": 8, "http/1.1": 16}

type hardened struct {
	base string
	// One pool for each protocol; the one in use comes first (C4: h2, else http/1.1).
	pools []pool

	mutex    sync.Mutex
	failures int
	// Until when nobody tries again.
	until time.Time
	// Whether the protocol in use has got through: it is kept then.
	settled  bool
	fellBack bool
}

type pool struct {
	alpn   string
	client *http.Client
}

func newHardened(base string) *hardened {
	return &hardened{base: base, pools: []pool{newPool("h2"), newPool("http/1.1")}}
}

func newPool(alpn string) pool {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(alpn == "http/1.1")
	protocols.SetHTTP2(alpn == "h2")
	return pool{alpn, &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{NextProtos: []string{alpn}},
		Protocols:           protocols,
		MaxConnsPerHost:     poolSizes[alpn],
		MaxIdleConnsPerHost: poolSizes[alpn],
		// A PING every few seconds, under the 8 s after which an idle connection is reset.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 5 * time.Second},
		// net/http would repeat by itself, without a pause, what was cut on a connection that had served before.
		DisableKeepAlives: false,
	}}}
}

func (client *hardened) call(method, path string, body []byte, recover func() []byte) ([]byte, error) {
	trace := random(16)
	var failure error
	for range tries {
		content, retryAfter, err := client.send(method, path, body, trace)
		if err == nil {
			client.succeeded()
			return content, nil
		}
		failure = err
		time.Sleep(max(retryAfter, client.failed()))
		if recover != nil && retryAfter == 0 {
			if found := recover(); found != nil {
				return found, nil
			}
		}
	}
	return nil, failure
}

func (client *hardened) send(method, path string, body []byte, trace string) ([]byte, time.Duration, error) {
	request := newRequest(method, client.base+path, body, "hardened-go/1")
	request.Header.Set("traceparent", fmt.Sprintf("00-%s-%s-01", trace, random(8)))
	// A body that cannot be had again keeps net/http from repeating the request by itself.
	request.GetBody = nil
	answer, err := client.pool().client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode < 500 && answer.StatusCode != 429 {
		return content, 0, nil
	}
	seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
	return nil, time.Duration(seconds) * time.Second, fmt.Errorf("%s %s: %s, %v", method, path, answer.Status, err)
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
	client.mutex.Lock()
	defer client.mutex.Unlock()
	client.failures = 0
	client.settled = true
}

// Notes a failure, over all calls, and gives the wait that it asks for. Calls that fail together wait together.
func (client *hardened) failed() time.Duration {
	client.mutex.Lock()
	defer client.mutex.Unlock()
	if left := time.Until(client.until); left > 0 {
		return left + time.Duration(mathrand.Int64N(int64(waitJitter)))
	}
	client.failures++
	if client.failures%switchAfter == 0 && !client.settled {
		client.fellBack = !client.fellBack
	}
	wait := min(waitMost, waitBase<<(client.failures-1))
	client.until = time.Now().Add(wait)
	return wait + time.Duration(mathrand.Int64N(int64(waitJitter)))
}

func random(bytes int) string {
	text := make([]byte, bytes)
	rand.Read(text)
	return fmt.Sprintf("%x", text)
}
