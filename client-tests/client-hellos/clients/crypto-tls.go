// Connects twice to localhost and resumes the session the second time: PORT ALPN[,ALPN]
package main

import (
	"crypto/tls"
	"io"
	"log"
	"os"
	"strings"
)

func main() {
	config := &tls.Config{
		InsecureSkipVerify: true,
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
		NextProtos:         strings.Split(os.Args[2], ","),
	}
	for range 2 {
		connection, err := tls.Dial("tcp", "localhost:"+os.Args[1], config)
		if err != nil {
			log.Fatal(err)
		}
		io.WriteString(connection, "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
		io.Copy(io.Discard, connection)
		connection.Close()
	}
}
