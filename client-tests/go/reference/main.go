// Makes a video with a reference client: the one a service can shake off, or the one it cannot. Prints JSON.
//
//	reference naive | hardened        makes one video
//	reference naive | hardened burst  sends 24 calls at once
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	tasks     = "/contents/generations/tasks"
	create    = `{"model":"doubao-seedance-2-0-260128","content":[{"type":"text","text":"A lighthouse at dusk."}]}`
	burstSize = 24
	pollEvery = time.Second
)

// What makes a call succeed, or gives up. recover tells of a call that was cut whether it has been carried out.
type caller interface {
	call(method, path string, body []byte, recover func() []byte) ([]byte, error)
}

func main() {
	base := os.Getenv("SEEDANCE_BASE_URL")
	var client caller = &naive{base: base}
	if os.Args[1] == "hardened" {
		client = newHardened(base)
	}
	if len(os.Args) > 2 {
		burst(client)
		return
	}
	status, err := makeVideo(client)
	if err != nil {
		log.Fatal(err)
	}
	json.NewEncoder(os.Stdout).Encode(map[string]string{"status": status})
}

func makeVideo(client caller) (string, error) {
	// All that this run has created: one more in the list is the one whose answer was lost.
	var known []string
	created, err := client.call("POST", tasks, []byte(create), func() []byte { return findCreated(client, known) })
	if err != nil {
		return "", err
	}
	task := read(created).ID
	known = append(known, task)
	for {
		answer, err := client.call("GET", tasks+"/"+task, nil, nil)
		if err != nil {
			return "", err
		}
		if status := read(answer).Status; slices.Contains([]string{"succeeded", "failed", "cancelled", "expired"}, status) {
			return status, nil
		}
		if _, hasty := client.(*naive); hasty {
			time.Sleep(pollEvery / 50)
		} else {
			time.Sleep(pollEvery)
		}
	}
}

type taskBody struct {
	ID     string     `json:"id"`
	Status string     `json:"status"`
	Items  []taskBody `json:"items"`
}

func read(answer []byte) (body taskBody) {
	if err := json.Unmarshal(answer, &body); err != nil {
		log.Fatal(err)
	}
	return body
}

func findCreated(client caller, known []string) []byte {
	listed, err := client.call("GET", tasks, nil, nil)
	if err != nil {
		return nil
	}
	for _, item := range read(listed).Items {
		if !slices.Contains(known, item.ID) {
			found, _ := json.Marshal(item)
			return found
		}
	}
	return nil
}

func burst(client caller) {
	var all sync.WaitGroup
	for range burstSize {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := client.call("GET", tasks, nil, nil); err != nil {
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
	request.Header.Set("Authorization", "Bearer ark-reference")
	request.Header.Set("User-Agent", agent)
	if strings.EqualFold(method, "POST") {
		request.Header.Set("Content-Type", "application/json")
	}
	return request
}
