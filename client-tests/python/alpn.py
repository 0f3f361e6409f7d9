"""Connects with an SSLContext that offers the given protocols by ALPN, and prints what becomes of it as JSON.

    python alpn.py                    no set_alpn_protocols() at all: no ALPN extension in the ClientHello
    python alpn.py h2                 set_alpn_protocols(["h2"])
    python alpn.py h2c http/1.1       set_alpn_protocols(["h2c", "http/1.1"])

Needs nothing but Python. It is written with asyncio, because a blocking SSLSocket does not tell a reset from an orderly
end in Python 3.10.0 to 3.11.8 and 3.12.0 to 3.12.2: `_ssl` took the 0 that SSL_read_ex() returns on every failure for
an end of file, so that `recv()` returns b"", or raises SSLEOFError with suppress_ragged_eofs=False, although
`getsockopt(SOL_SOCKET, SO_ERROR)` says 104, ECONNRESET (python/cpython issue 115627). asyncio reads the socket itself
and hands the bytes to TLS, so it sees what the socket saw.
"""

import asyncio
import json
import os
import ssl
import sys
from urllib.parse import urlsplit

# RFC 9113, section 3.4: what a client says first, with an empty SETTINGS frame.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
FRAME_HEADER_BYTES = 9
SETTINGS = 4


def make_context(protocols: "list[str]") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs()  # Heeds SSL_CERT_FILE.
    if protocols:
        context.set_alpn_protocols(protocols)
    return context


async def connect(context: ssl.SSLContext) -> dict:
    url = urlsplit(os.environ["SEEDANCE_BASE_URL"])
    try:
        reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=context)
    except OSError as error:
        return {"tls": None, "alpn": None, "then": type(error).__name__}
    tls = writer.get_extra_info("ssl_object")
    seen = {"tls": tls.version(), "alpn": tls.selected_alpn_protocol()}
    try:
        if seen["alpn"] == "h2":
            writer.write(PREFACE)
        frame = await reader.readexactly(FRAME_HEADER_BYTES)
        return {**seen, "then": "SETTINGS" if frame[3] == SETTINGS else f"frame of type {frame[3]}"}
    except (OSError, EOFError) as error:
        return {**seen, "then": type(error).__name__}
    finally:
        writer.close()


print(json.dumps(asyncio.run(connect(make_context(sys.argv[1:])))))
