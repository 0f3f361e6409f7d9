// Lists the tasks twice with nothing but net/http, as Go programs do that know no SDK. Prints what it saw as JSON.
//
//	nethttp           http.DefaultClient: offers h2 and http/1.1 by ALPN
//	nethttp -http1    a Transport of its own, which offers http/1.1 alone
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
)

func main() {
	http1 := flag.Bool("http1", false, "offer http/1.1 alone")
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
		request, err := http.NewRequest("GET", os.Getenv("SEEDANCE_BASE_URL")+"/contents/generations/tasks", nil)
		must(err)
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
