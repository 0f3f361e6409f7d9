package main

import (
	"fmt"
	"io"
	"net/http"
)

const naiveTries = 20

// A transport for each call, and once more at once when it fails.
type naive struct{ base string }

func (client *naive) call(method, path string, body []byte, _ func() []byte) ([]byte, error) {
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
