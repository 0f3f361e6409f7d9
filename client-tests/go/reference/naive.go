package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

const naiveTries = 20

// A transport for each call, and once more at once when it fails.
type naive struct{ base string }

func (client *naive) makeVideo() (string, error) {
	created, err := client.call("POST", tasks, createBody(""))
	if err != nil {
		return "", err
	}
	task := read(created).ID
	for {
		answer, err := client.call("GET", tasks+"/"+task, nil)
		if err != nil {
			return "", err
		}
		if status := read(answer).Status; slices.Contains(over, status) {
			return status, nil
		}
		time.Sleep(pollEvery / 50)
	}
}

func (client *naive) list() error {
	_, err := client.call("GET", tasks, nil)
	return err
}

func (client *naive) call(method, path string, body []byte) ([]byte, error) {
	var failure error
	for range naiveTries {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		answer, err := (&http.Client{Transport: transport}).Do(newRequest(method, client.base+path, body, "naive-go/1"))
		if err != nil {
			failure = err
			continue
		}
		content, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		transport.CloseIdleConnections()
		if err == nil && answer.StatusCode < 429 {
			return content, nil
		}
		failure = fmt.Errorf("%s %s: %s, %v", method, path, answer.Status, err)
	}
	return nil, failure
}
