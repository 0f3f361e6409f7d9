// Makes videos with a reference client: the one a service can shake off, or the one it cannot. Prints JSON.
//
//	reference naive | hardened [-videos N [-at-a-time N]] [-attempt-limit 60s] [-task-limit 30m] [-beat-every 5s]
//	reference naive | hardened burst  sends 24 calls at once
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	tasks     = "/contents/generations/tasks"
	burstSize = 24
	pollEvery = time.Second
)

var over = []string{"succeeded", "failed", "cancelled", "expired"}

type client interface {
	makeVideo() (string, error)
	list() error
}

func main() {
	words := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	videos := words.Int("videos", 1, "how many")
	atATime := words.Int("at-a-time", 1, "how many of them at a time")
	var bounds limits
	words.DurationVar(&bounds.attempt, "attempt-limit", time.Minute, "how long one attempt at a call may take")
	words.DurationVar(&bounds.task, "task-limit", 30*time.Minute, "how long a video may take")
	words.DurationVar(&bounds.beatEvery, "beat-every", 5*time.Second, "how long a connection may be silent")
	words.Parse(os.Args[2:])
	base := os.Getenv("SEEDANCE_BASE_URL")
	var used client = &naive{base: base}
	if os.Args[1] == "hardened" {
		used = newHardened(base, bounds)
	}
	if words.Arg(0) == "burst" {
		burst(used)
		return
	}
	statuses := makeVideos(used, *videos, *atATime)
	if *videos == 1 {
		json.NewEncoder(os.Stdout).Encode(map[string]string{"status": statuses[0]})
		return
	}
	json.NewEncoder(os.Stdout).Encode(map[string][]string{"statuses": statuses})
}

func makeVideos(used client, count, atATime int) []string {
	statuses := make([]string, count)
	numbers := make(chan int)
	var all sync.WaitGroup
	for range atATime {
		all.Add(1)
		go func() {
			defer all.Done()
			for number := range numbers {
				status, err := used.makeVideo()
				if err != nil {
					log.Fatal(err)
				}
				statuses[number] = status
			}
		}()
	}
	for number := range count {
		numbers <- number
	}
	close(numbers)
	all.Wait()
	return statuses
}

type taskBody struct {
	ID     string     `json:"id"`
	Status string     `json:"status"`
	Mark   string     `json:"safety_identifier,omitempty"`
	Items  []taskBody `json:"items,omitempty"`
	Total  int        `json:"total,omitempty"`
}

func createBody(mark string) []byte {
	body := map[string]any{
		"model":   "doubao-seedance-2-0-260128",
		"content": []map[string]string{{"type": "text", "text": "A lighthouse at dusk."}},
	}
	if mark != "" {
		body["safety_identifier"] = mark
	}
	content, err := json.Marshal(body)
	if err != nil {
		log.Fatal(err)
	}
	return content
}

func read(answer []byte) (body taskBody) {
	if err := json.Unmarshal(answer, &body); err != nil {
		log.Fatal(err)
	}
	return body
}

func burst(used client) {
	var all sync.WaitGroup
	for range burstSize {
		all.Add(1)
		go func() {
			defer all.Done()
			if err := used.list(); err != nil {
				log.Print(err)
			}
		}()
	}
	all.Wait()
	json.NewEncoder(os.Stdout).Encode(map[string]string{"status": "done"})
}

func newRequest(method, url string, body []byte, agent string) *http.Request {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	key := os.Getenv("ARK_API_KEY")
	if key == "" {
		key = "ark-reference"
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("User-Agent", agent)
	if strings.EqualFold(method, "POST") {
		request.Header.Set("Content-Type", "application/json")
	}
	return request
}
