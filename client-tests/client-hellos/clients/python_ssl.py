"""Connects twice to localhost and resumes the session the second time: PORT ALPN[,ALPN]"""

import socket
import ssl
import sys

port, protocols = int(sys.argv[1]), sys.argv[2].split(",")
context = ssl._create_unverified_context()
context.set_alpn_protocols(protocols)
session = None
for _ in range(2):
    with socket.create_connection(("localhost", port)) as raw:
        with context.wrap_socket(raw, server_hostname="localhost", session=session) as secured:
            secured.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
            while secured.recv(4096):
                pass
            session = secured.session
