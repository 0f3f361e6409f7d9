// seedance-mock with Testcontainers for Go: starts it, makes a task, and prints the task and the verdict as JSON.
package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

const lighthouse = `{"model":"doubao-seedance-2-0-260128","content":[{"type":"text","text":"A lighthouse at dusk."}]}`

// What the admin API asks for: the container's port is open to more than this program.
const token = "only-for-this-test"

func main() {
	ctx := context.Background()
	mock, err := testcontainers.Run(ctx, cmp.Or(os.Getenv("SEEDANCE_MOCK_IMAGE"), "seedance-mock"),
		testcontainers.WithCmd("serve", "alpn-required", "--host", "0.0.0.0", "--admin-host", "0.0.0.0"),
		testcontainers.WithEnv(map[string]string{"SEEDANCE_MOCK_ADMIN_TOKEN": token}),
		testcontainers.WithExposedPorts("8443/tcp", "8480/tcp"),
		testcontainers.WithWaitStrategy(wait.ForHTTP("/health/ready").WithPort("8480/tcp")),
		testcontainers.WithLogger(log.New(io.Discard, "", 0)),
	)
	defer func() { must(testcontainers.TerminateContainer(mock)) }()
	must(err)
	url, err := mock.PortEndpoint(ctx, "8443/tcp", "https")
	must(err)
	admin, err := mock.PortEndpoint(ctx, "8480/tcp", "http")
	must(err)

	trust := x509.NewCertPool()
	trust.AppendCertsFromPEM([]byte(read(http.Get(admin + "/ca.pem"))))
	// With a TLS configuration of its own, net/http offers HTTP/2 only when it is told to.
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: trust},
		ForceAttemptHTTP2: true,
	}}
	create, err := http.NewRequest("POST", url+"/api/v3/contents/generations/tasks", strings.NewReader(lighthouse))
	must(err)
	create.Header.Set("Authorization", "Bearer any")
	create.Header.Set("Content-Type", "application/json")
	created := read(client.Do(create))

	// Behind Docker's proxy for published ports a reset arrives as a FIN: ?resets=fin makes what depends on it inconclusive.
	judge, err := http.NewRequest("GET", admin+"/report?final=true", nil)
	must(err)
	judge.Header.Set("Authorization", "Bearer "+token)
	report := read(http.DefaultClient.Do(judge))
	fmt.Printf(`{"created":%s,"report":%s}`, created, report)
}

func read(answer *http.Response, err error) string {
	must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(err)
	if answer.StatusCode != http.StatusOK {
		log.Panicf("%s: %s", answer.Status, body)
	}
	return string(body)
}

// Panics, so that what was deferred ends the container.
func must(err error) {
	if err != nil {
		log.Panic(err)
	}
}
