// Lists the tasks twice with nothing but net/http, as Go programs do that know no SDK. Prints what it saw as JSON.
//
//	nethttp           http.DefaultClient: offers h2 and http/1.1 by ALPN
//	nethttp -http1    a Transport of its own, which offers http/1.1 alone
//	nethttp -create   the second call is a create with an Idempotency-Key, which net/http sends again by itself
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
)

const lighthouse = `{"model":"doubao-seedance-2-0-260128","content":[{"type":"text","text":"A lighthouse at dusk."}]}`

func main() {
	http1 := flag.Bool("http1", false, "offer http/1.1 alone")
	create := flag.Bool("create", false, "create a task with the second call")
	flag.Parse()
	client := http.DefaultClient
	if *http1 {
		// A TLSNextProto that is empty but not nil is how net/http is told to leave HTTP/2 alone.
		client = &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{NextProtos: []string{"http/1.1"}},
			TLSNextProto:    map[string]func(string, *tls.Conn) http.RoundTripper{},
		}}
	}

	type seen struct {
		Proto  string `json:"proto"`
		Status int    `json:"status"`
		Reused bool   `json:"reused"`
	}
	answers := []seen{}
	for call := 0; call < 2; call++ {
		method, body := "GET", io.Reader(nil)
		if *create && call == 1 {
			method, body = "POST", strings.NewReader(lighthouse)
		}
		request, err := http.NewRequest(method, os.Getenv("SEEDANCE_BASE_URL")+"/contents/generations/tasks", body)
		must(err)
		if method == "POST" {
			request.Header.Set("Idempotency-Key", "video-1")
		}
		request.Header.Set("Authorization", "Bearer "+os.Getenv("ARK_API_KEY"))
		reused := false
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }}
		answer, err := client.Do(request.WithContext(httptrace.WithClientTrace(request.Context(), trace)))
		must(err)
		_, err = io.Copy(io.Discard, answer.Body)
		must(err)
		must(answer.Body.Close())
		answers = append(answers, seen{answer.Proto, answer.StatusCode, reused})
	}
	must(json.NewEncoder(os.Stdout).Encode(answers))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
