"""What the Python rows are made of: httpx over HTTP/2 as it comes, and one connection by the library h2 for what httpx hides."""

import os
import random
import socket
import ssl
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events
import httpx

BASE = os.environ["SEEDANCE_BASE_URL"]
TASKS = "/contents/generations/tasks"
OVER = ("succeeded", "failed", "cancelled", "expired")
RETRIABLE = (408, 425, 429, 500, 502, 503, 504)
PROCESS = os.environ["TRUTH_PROCESS"]
FIELDS = {
    "authorization": f"Bearer {os.environ['ARK_API_KEY']}",
    "user-agent": os.environ["TRUTH_AGENT"],
    "x-truth-process": PROCESS,
}


class Failed(Exception):
    """No whole answer, or one that asks to try again."""

    def __init__(self, message, answer=None):
        super().__init__(message)
        self.answer = answer


def never(n, failure):
    return None


def fixed(seconds, tries=20):
    return lambda n, failure: seconds if n < tries else None


def backoff(n, failure):
    """Reference, C3."""
    asked = float(failure.answer.headers.get("retry-after", 0)) if failure.answer else 0
    return max(asked, min(30, 0.1 * 2 ** (n - 1)) + random.random() * 0.1) if n < 20 else None


def retry(waits, call):
    n = 1
    while True:
        try:
            return call(n)
        except Failed as failure:
            seconds = waits(n, failure)
            if seconds is None:
                raise
            time.sleep(seconds)
            n += 1


def ignore(call, *args, **more):
    """For a row whose client gives up."""
    try:
        return call(*args, **more)
    except Failed:
        return None


def at_once(calls):
    with ThreadPoolExecutor(max_workers=32) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


class Client:
    def __init__(self, http2=True, timeout=20, limits=None, **more):
        context = ssl.create_default_context()  # Takes the CA from SSL_CERT_FILE.
        limits = limits or httpx.Limits(keepalive_expiry=60)
        self.http = httpx.Client(http2=http2, verify=context, headers=FIELDS, timeout=timeout, limits=limits, **more)

    def send(self, method, path, json=None, headers=None, **more):
        """One attempt."""
        url = path if path.startswith("https:") else BASE + path
        try:
            answer = self.http.request(method, url, json=json, headers=headers, **more)
        except (httpx.HTTPError, ssl.SSLError, OSError) as error:
            raise Failed(repr(error)) from error
        if answer.status_code in RETRIABLE:
            raise Failed(str(answer.status_code), answer)
        return answer

    def create(self, prompt="A lighthouse at dusk.", key=None, request_id=None, headers=None, **more):
        body = {"model": "doubao-seedance-2-0-260128", "content": [{"type": "text", "text": prompt}], **more}
        fields = {"idempotency-key": key, "x-client-request-id": request_id, **(headers or {})}
        return read(self.send("POST", TASKS, body, {name: value for name, value in fields.items() if value}))["id"]

    def poll(self, task, **more):
        return read(self.send("GET", f"{TASKS}/{task}", **more))["status"]

    def follow(self, task, every=0.25, waits=backoff, **more):
        while (status := retry(waits, lambda n: self.poll(task, **more))) not in OVER:
            time.sleep(every)
        return status

    def list(self, query="", **more):
        return read(self.send("GET", TASKS + query, **more))["items"]

    def remove(self, task):
        return self.send("DELETE", f"{TASKS}/{task}")


def read(answer):
    try:
        return answer.json()
    except ValueError as error:
        raise Failed("not JSON", answer) from error


class Raw:
    """One connection, on which every frame is ours."""

    def __init__(self, alpn=("h2",)):
        parts = urlsplit(BASE)
        context = ssl.create_default_context()
        context.set_alpn_protocols(list(alpn))
        plain = socket.create_connection((parts.hostname, parts.port))
        self.socket = context.wrap_socket(plain, server_hostname=parts.hostname)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.authority = parts.netloc
        self.events = []
        self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def send(self, method, path, headers=None):
        stream = self.h2.get_next_available_stream_id()
        place = {":method": method, ":scheme": "https", ":authority": self.authority, ":path": "/api/v3" + path}
        self.h2.send_headers(stream, list({**place, **FIELDS, **(headers or {})}.items()), end_stream=True)
        self.flush()
        return stream

    def wait(self, kind, seconds=5, **fields):
        """Reads until an event has come."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for event in self.events:
                if isinstance(event, kind) and all(getattr(event, name) == value for name, value in fields.items()):
                    return event
            self.socket.settimeout(0.05)
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                continue
            except OSError as error:
                raise Failed(repr(error)) from error
            if not data:
                raise Failed("closed")
            self.events += self.h2.receive_data(data)
            self.flush()
        raise Failed(f"no {kind.__name__}")

    def cancel(self, stream):
        self.h2.reset_stream(stream, 8)
        self.flush()

    def beat(self):
        self.h2.ping(struct.pack(">Q", round(time.time() * 1000)))
        self.flush()

    def close(self):
        self.socket.close()
