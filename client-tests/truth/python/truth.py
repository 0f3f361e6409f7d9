"""The rows of the corpus in Python, one function each: `truth.py NAME`."""

import os
import socket
import ssl
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import h2.events
import httpx
from client import BASE, OVER, PROCESS, TASKS, Client, Failed, Raw, at_once, backoff, fixed, ignore, never, read, retry

ROWS = {}


def row(program):
    ROWS[program.__name__.replace("_", "-")] = program


def again(client, **more):
    """The create, sent again until it is answered."""
    return retry(fixed(0.3), lambda n: client.create(**more))


def create_once(client, mark):
    """A create that is looked for by its mark before it is repeated."""

    def attempt(n):
        if n > 1:
            for task in client.list():
                if task.get("safety_identifier") == mark:
                    return task["id"]
        return client.create(safety_identifier=mark)

    return retry(backoff, attempt)


def create_or_adopt(client, known=(), **more):
    try:
        return client.create(**more)
    except Failed:
        time.sleep(0.2)
        listed = retry(backoff, lambda n: client.list())
        return next(task["id"] for task in listed if task["id"] not in known)


def follow_all(client, tasks):
    at_once([lambda task=task: client.follow(task) for task in tasks])


def follow_new(waits, **more):
    client = Client()
    client.follow(client.create(), waits=waits, **more)


# Creates.


@row
def lost_create_repeated(client):
    client.follow(again(client))


@row
def lost_stream_repeated(client):
    client.follow(again(client))


@row
def lost_create_found_by_mark(client):
    client.follow(create_once(client, f"video-{PROCESS}-1"))


@row
def lost_create_adopted(client):
    client.follow(create_or_adopt(client))


@row
def empty_create_repeated(client):
    client.follow(again(client))


@row
def half_create_repeated(client):
    client.follow(again(client))


@row
def half_create_repeated_then_list(client):
    client.follow(again(client))
    client.list()


@row
def failed_poll_creates_again(client):
    ignore(client.poll, client.create())
    client.follow(client.create())


@row
def lost_create_with_new_seed(client):
    client.follow(retry(fixed(0.3), lambda n: client.create(seed=n)))


@row
def lost_create_with_new_mark(client):
    client.follow(retry(fixed(0.3), lambda n: client.create(safety_identifier=f"attempt-{n}")))


@row
def lost_create_by_fallback(client):
    ignore(client.create)
    time.sleep(0.3)
    http1 = Client(http2=False)
    http1.follow(http1.create())


@row
def silent_create_left_and_repeated(client):
    # httpx leaves the stream as it is when it times out.
    ignore(Client(timeout=httpx.Timeout(0.4, connect=10)).create)
    client.follow(client.create())


@row
def slow_polls_left_by_httpx(client):
    task = client.create()
    hasty = Client(timeout=httpx.Timeout(0.1, connect=10, pool=10))
    for _ in range(8):
        ignore(hasty.poll, task)
    client.follow(task)


@row
def three_videos_first_found(client):
    follow_all(client, [create_or_adopt(client), client.create(), client.create()])


@row
def three_videos_with_keys(client):
    tasks = []
    for video in range(3):
        tasks.append(create_or_adopt(client, tasks, key=f"video-{video}"))
    follow_all(client, tasks)


@row
def three_videos_one_after_the_other(client):
    for _ in range(3):
        client.follow(client.create())


@row
def three_videos_at_once(client):
    client.list()
    follow_all(client, at_once([client.create] * 3))


@row
def two_clients_behind_one_address(client):
    client.follow(create_once(client, f"video-{PROCESS}-1"))


@row
def hedged_create(client):
    client.list()
    tasks = at_once([client.create, lambda: time.sleep(0.2) or client.create()])
    client.follow(tasks[1])


@row
def one_key_and_another_body(client):
    client.follow(retry(fixed(0.3), lambda n: client.create(key="video-1", prompt=f"A lighthouse, take {n}.")))


@row
def new_request_id_for_each_attempt(client):
    client.follow(retry(fixed(0.3), lambda n: client.create(request_id=f"request-{n}")))


@row
def user_id_as_mark(client):
    for _ in range(2):
        client.follow(client.create(safety_identifier="user-7"))


@row
def refused_create_repeated(client):
    client.follow(retry(backoff, lambda n: client.create()))


@row
def overloaded_create_repeated(client):
    client.follow(retry(backoff, lambda n: client.create()))


@row
def redirected_create_followed_by_get(client):
    Client(follow_redirects=True).send("POST", TASKS, {"model": "doubao-seedance-2-0-260128", "content": []})


# Tasks.


@row
def followed_to_the_end(client):
    client.follow(client.create())


@row
def left_running(client):
    client.poll(client.create())


@row
def cancelled_while_queued(client):
    client.remove(client.create())


@row
def followed_by_list(client):
    task = client.create()
    while client.list(f"?filter.task_ids={task}")[0]["status"] not in OVER:
        time.sleep(0.25)


@row
def altered_poll_repeated(client):
    client.follow(client.create())


@row
def altered_poll_given_up(client):
    ignore(client.poll, client.create())


@row
def polled_after_the_end(client):
    task = client.create()
    client.follow(task)
    for _ in range(5):
        time.sleep(0.3)
        client.poll(task)


@row
def delete_repeated_on_409(client):
    task = client.create()
    while client.poll(task) == "queued":
        time.sleep(0.05)
    while client.remove(task).status_code == 409:
        time.sleep(0.25)


@row
def bad_create_repeated(client):
    for _ in range(6):
        client.send("POST", TASKS, {"model": "doubao-seedance-2-0-260128", "content": []})
        time.sleep(0.2)


@row
def polled_too_often(client):
    client.follow(client.create(), every=0.02)


@row
def four_tasks_polled_in_parallel(client):
    client.list()
    follow_all(client, at_once([lambda n=n: client.create(prompt=f"Lighthouse {n}.") for n in range(4)]))


def take_callbacks(client, times, answer):
    """Creates a task, and takes its callbacks until the last has come so many times."""
    heard = threading.Semaphore(0)

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            key = ":".join(self.headers[name] for name in ("biz-id", "op-type", "version"))
            self.send_response(200)
            for name, value in answer(key).items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()
            if self.headers["op-type"] == "task.succeeded":
                heard.release()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client.create(callback_url=f"http://127.0.0.1:{server.server_port}/")
    for _ in range(times):
        heard.acquire()
    time.sleep(0.3)


@row
def callback_acknowledged(client):
    take_callbacks(client, 1, lambda key: {})


@row
def callback_counted_twice(client):
    take_callbacks(client, 2, lambda key: {})


@row
def callback_known(client):
    known = set()

    def answer(key):
        fields = {"idempotent-replayed": "true"} if key in known else {}
        known.add(key)
        return fields

    take_callbacks(client, 2, answer)


# Waits.


@row
def cut_polls_repeated_at_once(client):
    follow_new(fixed(0))


@row
def cut_polls_repeated_with_backoff(client):
    follow_new(backoff)


@row
def cut_polls_repeated_every_150_ms(client):
    follow_new(fixed(0.15))


@row
def cut_poll_repeated_after_over_1_s(client):
    follow_new(fixed(1.3))


@row
def cut_poll_repeated_after_2_s(client):
    follow_new(fixed(1.8))


@row
def refused_polls_repeated_at_once(client):
    follow_new(fixed(0))


@row
def broken_polls_repeated_at_once(client):
    follow_new(fixed(0))


@row
def refused_polls_repeated_with_backoff(client):
    follow_new(backoff)


@row
def no_jitter(client):
    task = client.create()
    for _ in range(7):
        retry(fixed(0.12), lambda n: client.poll(task))
        time.sleep(0.1)


@row
def nothing_failed(client):
    follow_new(never)


@row
def retry_after_respected(client):
    follow_new(backoff)


@row
def retry_after_ignored(client):
    follow_new(fixed(0.2))


@row
def retry_after_unreadable(client):
    follow_new(fixed(0.3))


@row
def retry_after_evaded_by_new_body(client):
    client.follow(retry(fixed(0.05), lambda n: client.create(prompt=f"Take {n}.")))


@row
def accept_resets_with_backoff(client):
    client.follow(retry(backoff, lambda n: client.create()))


@row
def two_clients_meet_resets(client):
    client.follow(retry(backoff, lambda n: client.create()))


@row
def accept_resets_repeated_at_once(client):
    client.follow(retry(fixed(0), lambda n: client.create()))


# Ends.


@row
def poll_cancelled(client):
    task = client.create()
    raw = Raw()
    stream = raw.send("GET", f"{TASKS}/{task}")
    time.sleep(0.3)
    raw.cancel(stream)
    time.sleep(0.3)
    client.follow(task)
    raw.close()


@row
def program_ends_amid_a_poll(client):
    client.follow(client.create())
    raw = Raw()
    raw.send("GET", TASKS)
    time.sleep(0.3)


@row
def answer_cut_and_not_repeated(client):
    ignore(client.follow, client.create(), waits=never)


@row
def silent_poll_repeated(client):
    client.follow(client.create(), timeout=0.5)


@row
def silent_poll_given_up(client):
    ignore(client.follow, client.create(), timeout=0.5, waits=never)


def meet():
    """Says who it is, on a connection that is served and closed: the next one is not."""
    client = Client()
    client.list()
    client.http.close()


@row
def frozen_connection_left(client):
    meet()
    ignore(Client(timeout=0.5).create)
    client.follow(client.create())


@row
def frozen_connection_given_up(client):
    meet()
    ignore(Client(timeout=0.5).create)


@row
def never_served(client):
    ignore(Client(timeout=0.5).create)


@row
def stalled_create_given_up(client):
    # More than the window that every stream has.
    ignore(Client(timeout=httpx.Timeout(0.5, connect=10)).create, prompt="A lighthouse at dusk. " * 5_000)


@row
def refused_stream_repeated(client):
    client.follow(client.create())


@row
def drained_streams_dropped_by_httpx(client):
    client.follow(client.create())


@row
def drained_streams_abandoned_and_repeated(client):
    task = client.create()
    raw = Raw()
    raw.send("GET", f"{TASKS}/{task}")
    raw.wait(h2.events.ConnectionTerminated)
    raw.close()
    time.sleep(0.3)
    client.follow(task)


@row
def streams_above_the_last_repeated(client):
    client.follow(client.create())


# Connections.


def list_times(client, times, every=0.02):
    for _ in range(times):
        client.list()
        time.sleep(every)


@row
def one_connection_for_all(client):
    list_times(client, 12)


@row
def connection_for_each_call(client):
    for _ in range(12):
        Client().list()


@row
def idle_connection_cut_between_polls(client):
    client.follow(client.create(), every=0.9)


@row
def slow_answer_cut_and_repeated(client):
    client.follow(client.create())


@row
def slow_answer_cut_and_given_up(client):
    ignore(client.poll, client.create())


@row
def twelve_connections_at_once(client):
    at_once([lambda: list_times(Client(), 3, 0.3)] * 12)


@row
def beats_in_time(client):
    raw = Raw()
    raw.wait(h2.events.StreamEnded, stream_id=raw.send("GET", TASKS))
    for _ in range(8):
        raw.beat()
        time.sleep(0.3)
    raw.close()


@row
def beats_by_header(client):
    for _ in range(8):
        client.list(headers={"x-client-timestamp": str(round(time.time() * 1000))})
        time.sleep(0.3)


@row
def beats_missing(client):
    list_times(client, 8, 0.3)


@row
def beats_too_rare(client):
    raw = Raw()
    raw.wait(h2.events.StreamEnded, stream_id=raw.send("GET", TASKS))
    for _ in range(2):
        raw.beat()
        time.sleep(1.8)
    raw.close()


def traced():
    client = Client()
    client.http.headers["traceparent"] = f"00-{uuid.uuid4().hex}-00f067aa0ba902b7-01"
    return client


@row
def traces_on_all(client):
    client = traced()
    client.follow(client.create())


@row
def traces_on_none(client):
    client.follow(client.create())


@row
def download_without_trace(client):
    api = traced()
    task = api.create()
    api.follow(task)
    client.send("GET", read(api.send("GET", f"{TASKS}/{task}"))["content"]["video_url"])


@row
def h2_offered(client):
    client.list()


def say_hello(alpn=None):
    """A handshake, and what the service makes of it."""
    parts = urlsplit(BASE)
    context = ssl.create_default_context()
    if alpn:
        context.set_alpn_protocols(alpn)
    try:
        with socket.create_connection((parts.hostname, parts.port)) as plain:
            with context.wrap_socket(plain, server_hostname=parts.hostname) as secured:
                secured.settimeout(1)
                secured.recv(1)
    except OSError:
        pass


@row
def no_alpn(client):
    say_hello()


@row
def http1_offered_alone(client):
    ignore(Client(http2=False).list)


@row
def h2c_by_prior_knowledge(client):
    parts = urlsplit(BASE)
    with socket.create_connection((parts.hostname, parts.port)) as plain:
        plain.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        try:
            plain.recv(1)
        except OSError:
            pass


@row
def http1_pool_of_twenty(client):
    many = Client(http2=False, limits=httpx.Limits(max_connections=20, max_keepalive_connections=20))
    at_once([many.list] * 20)


@row
def http1_pool_of_four(client):
    four = Client(http2=False, limits=httpx.Limits(max_connections=4, max_keepalive_connections=4))
    at_once([four.list] * 12)


ROWS[sys.argv[1]](Client())
# What a program leaves open ends with it.
sys.stdout.flush()
os._exit(0)
