"""Looks up a host by UDP, and by TCP when the answer is too long, connects to it, and prints what it saw as JSON.

    python dns_client.py HOST DNS_ADDRESS:PORT PATIENCE_SECONDS
"""

import json
import os
import socket
import ssl
import struct
import sys
from urllib.parse import urlsplit

host, server, patience = sys.argv[1], sys.argv[2].rsplit(":", 1), float(sys.argv[3])
dns = (server[0], int(server[1]))
seen = []

TC = 0x0200
RCODE = 0x000F


def query() -> bytes:
    name = b"".join(bytes([len(label)]) + label for label in host.encode().split(b"."))
    return struct.pack("!6H", 4711, 0x0100, 1, 0, 0, 0) + name + b"\0" + struct.pack("!2H", 1, 1)


def ask_by_udp() -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(patience)
        udp.sendto(query(), dns)
        return udp.recv(512)


def ask_by_tcp() -> bytes:
    with socket.create_connection(dns, patience) as tcp, tcp.makefile("rb") as replies:
        tcp.sendall(struct.pack("!H", len(query())) + query())
        return replies.read(struct.unpack("!H", replies.read(2))[0])


def look_up() -> str:
    for transport, ask in (("udp", ask_by_udp), ("tcp", ask_by_tcp)):
        reply = ask()
        _, flags, _, answers, _, _ = struct.unpack("!6H", reply[:12])
        seen.append([transport, flags & RCODE, answers])
        if not flags & TC:
            break
    if answers == 0:
        raise socket.gaierror(socket.EAI_NONAME, f"rcode {flags & RCODE}")
    return socket.inet_ntoa(reply[-4:])


def connect(address: str) -> "str | None":
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2"])
    port = urlsplit(os.environ["SEEDANCE_BASE_URL"]).port
    with socket.create_connection((address, port), patience) as tcp:
        with context.wrap_socket(tcp, server_hostname=host) as tls:
            return tls.selected_alpn_protocol()


try:
    print(json.dumps({"alpn": connect(look_up()), "replies": seen}))
except OSError as error:
    print(json.dumps({"error": type(error).__name__, "replies": seen}))
