// The rows of the corpus in Go, one function each: `truth NAME`.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strconv"
	"time"
)

const ms = time.Millisecond

var rows = map[string]func(c *client){}

func main() {
	row, ok := rows[os.Args[1]]
	if !ok {
		log.Fatalf("There is no Go program for %q.", os.Args[1])
	}
	row(newClient())
}

// The create, sent again until it is answered.
func again(c *client, vary func(n int) video) string {
	return get(retry(fixed(300*ms), func(n int) (string, error) { return c.create(vary(n)) }))
}

func same(int) video { return video{} }

// A create that is looked for by its mark before it is repeated.
func createOnce(c *client, mark string) string {
	return get(retry(backoff, func(n int) (string, error) {
		if n > 1 {
			listed, err := c.list()
			if err != nil {
				return "", err
			}
			for _, one := range listed {
				if one.Mark == mark {
					return one.ID, nil
				}
			}
		}
		return c.create(video{mark: mark})
	}))
}

func createOrAdopt(c *client, v video, known ...string) string {
	id, err := c.create(v)
	if err == nil {
		return id
	}
	time.Sleep(200 * ms)
	for _, one := range get(c.list()) {
		isKnown := false
		for _, id := range known {
			isKnown = isKnown || id == one.ID
		}
		if !isKnown {
			return one.ID
		}
	}
	log.Fatal("List shows nothing new")
	return ""
}

func followAll(c *client, ids []string) { atOnce(len(ids), func(n int) { c.follow(ids[n]) }) }

func follow(c *client) { c.follow(get(c.create(video{}))) }

func followBy(waits waits) func(c *client) {
	return func(c *client) { c.followBy(get(c.create(video{})), waits, 250*ms) }
}

func listTimes(c *client, times int, every time.Duration) {
	for range times {
		get(c.list())
		time.Sleep(every)
	}
}

func traced(c *client) *client {
	return c.with(fields{"Traceparent": fmt.Sprintf("00-%032x-00f067aa0ba902b7-01", time.Now().UnixNano())})
}

func now() string { return strconv.FormatInt(time.Now().UnixMilli(), 10) }

// Sends a request and cancels it after a while, unless it is answered before.
func cancelAfter(c *client, path string, wait time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	if response, err := c.http.Do(c.request(ctx, "GET", path, nil, nil)); err == nil {
		response.Body.Close()
	}
}

// Creates.
func init() {
	repeated := func(c *client) { c.follow(again(c, same)) }
	for _, name := range []string{
		"lost-create-repeated", "lost-stream-repeated", "empty-create-repeated", "half-create-repeated",
	} {
		rows[name] = repeated
	}
	rows["empty-create-repeated-then-list"] = func(c *client) {
		repeated(c)
		get(c.list())
	}
	rows["lost-create-found-by-mark"] = func(c *client) { c.follow(createOnce(c, "video-"+process)) }
	rows["two-clients-behind-one-address"] = rows["lost-create-found-by-mark"]
	rows["failed-poll-creates-again"] = func(c *client) {
		c.poll(get(c.create(video{})))
		follow(c)
	}
	rows["lost-create-with-new-seed"] = func(c *client) {
		c.follow(again(c, func(n int) video { return video{seed: n} }))
	}
	rows["lost-create-from-another-address"] = func(c *client) {
		c.create(video{})
		follow(newClient(from("127.0.0.2")))
	}
	rows["lost-create-by-fallback"] = func(c *client) {
		c.create(video{})
		time.Sleep(300 * ms)
		follow(newClient(only("http/1.1")))
	}
	rows["silent-create-cancelled-and-repeated"] = func(c *client) {
		// The connection is there: what times out is the create.
		get(c.list())
		c.within(400 * ms).create(video{})
		follow(c)
	}
	rows["three-videos-first-found"] = func(c *client) {
		followAll(c, []string{createOrAdopt(c, video{}), get(c.create(video{})), get(c.create(video{}))})
	}
	rows["three-videos-with-keys"] = func(c *client) {
		var ids []string
		for n := range 3 {
			ids = append(ids, createOrAdopt(c, video{key: fmt.Sprint("video-", n)}, ids...))
		}
		followAll(c, ids)
	}
	rows["three-videos-one-after-the-other"] = func(c *client) {
		for range 3 {
			follow(c)
		}
	}
	rows["three-videos-at-once"] = func(c *client) {
		get(c.list())
		atOnce(3, func(int) { follow(c) })
	}
	rows["second-video-and-first-never-followed"] = func(c *client) {
		get(c.create(video{}))
		follow(c)
	}
	rows["hedged-create"] = func(c *client) {
		get(c.list())
		atOnce(2, func(n int) {
			time.Sleep(time.Duration(n) * 200 * ms)
			id := get(c.create(video{}))
			if n == 1 {
				c.follow(id)
			}
		})
	}
	rows["hedged-create-with-honoured-key"] = func(c *client) {
		get(c.list())
		atOnce(2, func(n int) {
			time.Sleep(time.Duration(n) * 200 * ms)
			// The second one is answered with 409, and brings no id.
			if id := get(c.create(video{key: "video-1"})); id != "" {
				c.follow(id)
			}
		})
	}
	rows["fresh-key-for-each-attempt"] = func(c *client) {
		c.follow(again(c, func(n int) video { return video{key: fmt.Sprint("attempt-", n)} }))
	}
	rows["new-request-id-for-each-attempt"] = func(c *client) {
		c.follow(again(c, func(n int) video { return video{requestID: fmt.Sprint("request-", n)} }))
	}
	careful := func(c *client) {
		c.follow(get(retry(backoff, func(int) (string, error) { return c.create(video{}) })))
	}
	for _, name := range []string{
		"refused-create-repeated", "overloaded-create-repeated", "accept-resets-with-backoff",
		"cut-creates-repeated-with-backoff",
	} {
		rows[name] = careful
	}
	rows["redirected-create-followed-by-get"] = func(c *client) { get(c.send("POST", tasks, video{}.body(), nil)) }
}

// Tasks.
func init() {
	for _, name := range []string{
		"followed-to-the-end", "altered-poll-repeated", "failed-task-seen", "refused-stream-repeated", "goaway-heeded",
		"streams-above-the-last-repeated", "slow-answer-cut-and-repeated", "nothing-failed",
	} {
		rows[name] = follow
	}
	rows["left-running"] = func(c *client) { get(c.poll(get(c.create(video{})))) }
	rows["cancelled-while-queued"] = func(c *client) {
		get(c.send("DELETE", tasks+"/"+get(c.create(video{})), nil, nil))
	}
	rows["last-poll-altered"] = func(c *client) {
		id := get(c.create(video{}))
		time.Sleep(300 * ms)
		c.poll(id)
	}
	rows["polled-too-often"] = func(c *client) { c.followBy(get(c.create(video{})), backoff, 20*ms) }
	rows["four-tasks-polled-in-parallel"] = func(c *client) {
		get(c.list())
		atOnce(4, func(n int) { c.follow(get(c.create(video{prompt: fmt.Sprint("Lighthouse ", n)}))) })
	}
	rows["truncated-download-kept"] = func(c *client) {
		id := get(c.create(video{}))
		c.follow(id)
		c.send("GET", c.videoOf(id), nil, nil)
	}
	rows["truncated-download-repeated"] = func(c *client) {
		id := get(c.create(video{}))
		c.follow(id)
		url := c.videoOf(id)
		get(retry(backoff, func(int) (answer, error) { return c.send("GET", url, nil, nil) }))
	}
	rows["vanished-task-followed"] = func(c *client) {
		id := get(c.create(video{}))
		for get(c.send("GET", tasks+"/"+id, nil, nil)).status == 404 {
			time.Sleep(200 * ms)
		}
		c.follow(id)
	}
	rows["poll-cut-and-given-up"] = followBy(never)
}

// Waits.
func init() {
	for name, waits := range map[string]waits{
		"cut-polls-repeated-at-once":          fixed(0),
		"cut-polls-repeated-with-backoff":     backoff,
		"cut-polls-repeated-every-150-ms":     fixed(150 * ms),
		"cut-poll-repeated-after-over-1-s":    fixed(1_300 * ms),
		"cut-poll-repeated-at-the-next-tick":  fixed(3_000 * ms),
		"refused-polls-repeated-at-once":      fixed(0),
		"unavailable-polls-repeated-at-once":  fixed(0),
		"refused-polls-repeated-with-backoff": backoff,
		"retry-after-respected":               backoff,
		"retry-after-ignored":                 fixed(200 * ms),
	} {
		rows[name] = followBy(waits)
	}
	rows["retry-after-evaded-by-new-body"] = func(c *client) {
		c.follow(get(retry(fixed(50*ms), func(n int) (string, error) {
			return c.create(video{prompt: fmt.Sprint("Take ", n)})
		})))
	}
	rows["accept-resets-repeated-at-once"] = func(c *client) {
		c.follow(get(retry(fixed(0), func(int) (string, error) { return c.create(video{}) })))
	}
}

// Ends.
func init() {
	rows["poll-cancelled"] = func(c *client) {
		id := get(c.create(video{}))
		cancelAfter(c, tasks+"/"+id, 100*ms)
		time.Sleep(100 * ms)
		c.follow(id)
	}
	rows["video-closed-after-its-head"] = func(c *client) {
		id := get(c.create(video{}))
		c.follow(id)
		response := get(c.http.Do(c.request(context.Background(), "GET", c.videoOf(id), nil, nil)))
		response.Body.Read(make([]byte, 64))
		response.Body.Close()
		time.Sleep(100 * ms)
	}
	rows["loser-of-a-hedged-poll"] = func(c *client) {
		id := get(c.create(video{}))
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			if response, err := c.http.Do(c.request(ctx, "GET", tasks+"/"+id, nil, nil)); err == nil {
				response.Body.Close()
			}
		}()
		time.Sleep(100 * ms)
		get(c.poll(id))
		cancel()
		c.follow(id)
	}
	rows["program-ends-amid-a-poll"] = func(c *client) {
		follow(c)
		cancelAfter(c, tasks, 300*ms)
	}
	rows["answer-complete-before-close"] = func(c *client) {
		id := get(c.create(video{}))
		for status := ""; status != "succeeded"; time.Sleep(200 * ms) {
			response := get(c.http.Do(c.request(context.Background(), "GET", tasks+"/"+id, nil, nil)))
			// The decoder stops at the last brace: it does not see the end of the body.
			var shown task
			must(json.NewDecoder(response.Body).Decode(&shown))
			response.Body.Close()
			status = shown.Status
		}
	}
	rows["slow-answer-complete-before-close"] = rows["answer-complete-before-close"]
	rows["silent-poll-repeated"] = func(c *client) { c.within(500 * ms).follow(get(c.create(video{}))) }
	rows["silent-poll-given-up"] = func(c *client) { c.within(500 * ms).poll(get(c.create(video{}))) }
	for _, name := range []string{
		"frozen-connection-given-up", "unserved-connection-given-up", "hanging-handshake-given-up",
	} {
		rows[name] = func(c *client) {
			// Says who it is, on a connection that is served and closed: the next one is not.
			get(c.list())
			c.http.CloseIdleConnections()
			time.Sleep(50 * ms)
			c.within(500 * ms).create(video{})
		}
	}
}

// Connections.
func init() {
	rows["one-connection-for-all"] = func(c *client) { listTimes(c, 12, 20*ms) }
	rows["connection-for-each-call"] = func(c *client) {
		for range 12 {
			get(newClient().list())
		}
	}
	rows["goaway-for-each-request"] = func(c *client) { listTimes(c, 8, 60*ms) }
	rows["idle-connection-cut-between-polls"] = func(c *client) {
		c.followBy(get(c.create(video{})), backoff, 900*ms)
	}
	rows["cut-by-the-accelerated-rule"] = func(c *client) {
		c.followBy(get(c.create(video{})), backoff, 600*ms)
	}
	rows["twelve-connections-at-once"] = func(c *client) {
		atOnce(12, func(int) { listTimes(newClient(), 3, 300*ms) })
	}
	rows["beats-by-header"] = func(c *client) {
		for range 8 {
			get(c.with(fields{"X-Client-Timestamp": now()}).list())
			time.Sleep(300 * ms)
		}
	}
	rows["beats-by-endpoint"] = func(c *client) {
		for range 8 {
			get(c.send("POST", "/heartbeat", map[string]any{"timestamp": time.Now().UnixMilli()}, nil))
			time.Sleep(300 * ms)
		}
	}
	rows["beats-missing"] = func(c *client) { listTimes(c, 8, 300*ms) }
	rows["traces-on-all"] = func(c *client) { follow(traced(c)) }
	rows["traces-lost-on-retries"] = func(c *client) {
		id := get(traced(c).create(video{}))
		get(retry(backoff, func(n int) (string, error) {
			if n == 1 {
				return traced(c).poll(id)
			}
			return c.poll(id)
		}))
		traced(c).follow(id)
	}
	rows["download-without-trace"] = func(c *client) {
		id := get(traced(c).create(video{}))
		traced(c).follow(id)
		get(c.send("GET", traced(c).videoOf(id), nil, nil))
	}
	rows["h2-offered"] = func(c *client) { get(c.list()) }
	rows["h2-and-http1-offered"] = rows["h2-offered"]
	rows["http1-offered-alone"] = func(*client) { newClient(only("http/1.1")).list() }
	rows["http1-pool-of-twenty"] = func(*client) {
		many := newClient(only("http/1.1"))
		atOnce(20, func(int) { get(many.list()) })
	}
	rows["http1-pool-of-four"] = func(*client) {
		four := newClient(only("http/1.1"), func(transport *http.Transport) {
			transport.MaxConnsPerHost = 4
			transport.MaxIdleConnsPerHost = 4
		})
		atOnce(12, func(int) { get(four.list()) })
	}
}
