package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

const tasks = "/contents/generations/tasks"

var (
	base      = os.Getenv("SEEDANCE_BASE_URL")
	process   = os.Getenv("TRUTH_PROCESS")
	over      = []string{"succeeded", "failed", "cancelled", "expired"}
	retriable = []int{408, 425, 429, 500, 502, 503, 504}
)

// No whole answer, or one that asks to try again.
type failed struct {
	reason     string
	retryAfter time.Duration
}

func (failure failed) Error() string { return failure.reason }

type fields map[string]string

type answer struct {
	status int
	body   []byte
}

// net/http as it comes; a row says what it does when something fails.
type client struct {
	http   *http.Client
	fields fields
	// How long an attempt may take; 0: as long as it likes.
	timeout time.Duration
}

func newClient(change ...func(*http.Transport)) *client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	for _, apply := range change {
		apply(transport)
	}
	return &client{http: &http.Client{Transport: transport}, fields: fields{}}
}

// Sends more with every request.
func (c *client) with(more fields) *client {
	return &client{http: c.http, fields: more, timeout: c.timeout}
}

func (c *client) within(timeout time.Duration) *client {
	return &client{http: c.http, fields: c.fields, timeout: timeout}
}

func (c *client) request(ctx context.Context, method, path string, body any, more fields) *http.Request {
	var content io.Reader
	if body != nil {
		text, _ := json.Marshal(body)
		content = bytes.NewReader(text)
	}
	url := base + path
	if len(path) > 6 && path[:6] == "https:" {
		url = path
	}
	request, err := http.NewRequestWithContext(ctx, method, url, content)
	must(err)
	own := fields{
		"Authorization":   "Bearer " + os.Getenv("ARK_API_KEY"),
		"User-Agent":      os.Getenv("TRUTH_AGENT"),
		"X-Truth-Process": process,
	}
	if body != nil {
		own["Content-Type"] = "application/json"
	}
	for _, those := range []fields{own, c.fields, more} {
		for name, value := range those {
			request.Header.Set(name, value)
		}
	}
	return request
}

// One attempt.
func (c *client) send(method, path string, body any, more fields) (answer, error) {
	ctx := context.Background()
	if c.timeout > 0 {
		bounded, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		ctx = bounded
	}
	response, err := c.http.Do(c.request(ctx, method, path, body, more))
	if err != nil {
		return answer{}, failed{reason: err.Error()}
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, failed{reason: err.Error()}
	}
	if slices.Contains(retriable, response.StatusCode) {
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return answer{}, failed{response.Status, time.Duration(seconds) * time.Second}
	}
	return answer{response.StatusCode, content}, nil
}

type video struct {
	prompt, mark, key, requestID string
	seed                         int
}

func (v video) body() any {
	if v.prompt == "" {
		v.prompt = "A lighthouse at dusk."
	}
	body := map[string]any{
		"model":   "doubao-seedance-2-0-260128",
		"content": []map[string]string{{"type": "text", "text": v.prompt}},
	}
	if v.mark != "" {
		body["safety_identifier"] = v.mark
	}
	if v.seed != 0 {
		body["seed"] = v.seed
	}
	return body
}

func (v video) fields() fields {
	more := fields{}
	if v.key != "" {
		more["Idempotency-Key"] = v.key
	}
	if v.requestID != "" {
		more["X-Client-Request-Id"] = v.requestID
	}
	return more
}

type task struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Mark    string `json:"safety_identifier"`
	Items   []task `json:"items"`
	Content struct {
		VideoURL string `json:"video_url"`
	} `json:"content"`
}

func read(got answer, err error) (task, error) {
	if err != nil {
		return task{}, err
	}
	var content task
	if err := json.Unmarshal(got.body, &content); err != nil {
		return task{}, failed{reason: "not JSON: " + err.Error()}
	}
	return content, nil
}

func (c *client) create(v video) (string, error) {
	created, err := read(c.send("POST", tasks, v.body(), v.fields()))
	return created.ID, err
}

func (c *client) poll(id string) (string, error) {
	shown, err := read(c.send("GET", tasks+"/"+id, nil, nil))
	return shown.Status, err
}

func (c *client) list() ([]task, error) {
	shown, err := read(c.send("GET", tasks, nil, nil))
	return shown.Items, err
}

func (c *client) videoOf(id string) string {
	shown := get(read(c.send("GET", tasks+"/"+id, nil, nil)))
	return shown.Content.VideoURL
}

// Polls until the task is over.
func (c *client) follow(id string) { c.followBy(id, backoff, 250*time.Millisecond) }

func (c *client) followBy(id string, waits waits, every time.Duration) error {
	for {
		status, err := retry(waits, func(int) (string, error) { return c.poll(id) })
		if err != nil || slices.Contains(over, status) {
			return err
		}
		time.Sleep(every)
	}
}

// How long to wait before attempt n + 1, and whether there is one.
type waits func(n int, failure failed) (time.Duration, bool)

func fixed(wait time.Duration) waits {
	return func(n int, _ failed) (time.Duration, bool) { return wait, n < 20 }
}

func never(int, failed) (time.Duration, bool) { return 0, false }

// Reference, C3.
func backoff(n int, failure failed) (time.Duration, bool) {
	wait := min(30*time.Second, 100*time.Millisecond<<(n-1)) + rand.N(100*time.Millisecond)
	return max(failure.retryAfter, wait), n < 20
}

func retry[T any](waits waits, call func(n int) (T, error)) (T, error) {
	for n := 1; ; n++ {
		got, err := call(n)
		var failure failed
		if err == nil || !errors.As(err, &failure) {
			return got, err
		}
		wait, more := waits(n, failure)
		if !more {
			return got, err
		}
		time.Sleep(wait)
	}
}

func atOnce(times int, call func(n int)) {
	var all sync.WaitGroup
	for n := range times {
		all.Add(1)
		go func() {
			defer all.Done()
			call(n)
		}()
	}
	all.Wait()
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// What a call brings that has to succeed.
func get[T any](value T, err error) T {
	must(err)
	return value
}

// Offers these protocols alone.
func only(protocols ...string) func(*http.Transport) {
	return func(transport *http.Transport) {
		chosen := new(http.Protocols)
		chosen.SetHTTP1(slices.Contains(protocols, "http/1.1"))
		chosen.SetHTTP2(slices.Contains(protocols, "h2"))
		transport.Protocols = chosen
		transport.TLSClientConfig = &tls.Config{NextProtos: protocols}
	}
}

// Calls from another address of this machine.
func from(address string) func(*http.Transport) {
	return func(transport *http.Transport) {
		dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
		transport.DialContext = dialer.DialContext
	}
}
