"""Makes videos with a reference client: the one a service can shake off, or the one it cannot.

    python make_video.py naive | no-alpn | hardened  [SECONDS [BEAT_EVERY]]  [--videos N [--at-a-time N]]
                         [--attempt-limit SECONDS] [--task-limit SECONDS]

no-alpn is the naive one whose SSLContext is left as it comes, without set_alpn_protocols() (row B12).
With SECONDS it holds its connection open for so long before it begins, as an application does that has nothing to ask for.
"""

import argparse
import asyncio
import json
import os
import secrets
from urllib.parse import urlsplit

from backoff import Backoff, read_retry_after
from connection import Answer, Connection, Cut, connect

BASE = os.environ["SEEDANCE_BASE_URL"]
TASKS = urlsplit(BASE).path + "/contents/generations/tasks"
LIGHTHOUSE = {"model": "doubao-seedance-2-0-260128", "content": [{"type": "text", "text": "A lighthouse at dusk."}]}
KEY = {"authorization": f"Bearer {os.environ.get('ARK_API_KEY', 'ark-reference')}", "content-type": "application/json"}
OVER = ("succeeded", "failed", "cancelled", "expired")
TRIES = 20


class Naive:
    """A connection for each call, no heartbeat, and once more at once when a call fails. `alpn` as for `connect`."""

    def __init__(self, alpn: list[str] | None):
        self._alpn = alpn

    async def call(self, method: str, path: str, body: object = None) -> Answer:
        for tries in range(1, TRIES + 1):
            try:
                connection = await connect(BASE, self._alpn, beat_every=None)
                data = None if body is None else json.dumps(body).encode()
                answer = await connection.request(method, path, {**KEY, "user-agent": "naive-python/1"}, data)
                connection.close()
                if answer.status < 429:
                    return answer
            except (Cut, OSError):
                if tries == TRIES:
                    raise
        raise Cut(f"{method} {path} failed {TRIES} times")

    async def make_video(self) -> str:
        task = (await self.call("POST", TASKS, LIGHTHOUSE)).json()["id"]
        while (status := (await self.call("GET", f"{TASKS}/{task}")).json()["status"]) not in OVER:
            await asyncio.sleep(0.02)
        return status

    async def idle(self, seconds: float) -> None:
        connection = await connect(BASE, self._alpn, beat_every=None)
        await asyncio.sleep(seconds)
        connection.close()


class Hardened:
    """A client that the service cannot shake off. Any number of videos may be under way at a time.

    They share one connection, which beats under the 8 s of rule A5 as long as it lives, and one backoff.
    """

    BEAT_EVERY = 5.0
    POLL_EVERY = 1.0
    # How long one attempt may take, connection and body included, how long a connection may take, and how long a video.
    ATTEMPT_LIMIT = 60.0
    CONNECT_LIMIT = 10.0
    TASK_LIMIT = 1800.0
    # A task that was just created may not be found yet, on a replica that lags behind.
    LAG_LIMIT = 30.0
    # The most that a page of List holds.
    PAGE_SIZE = 500

    def __init__(
        self,
        beat_every: float = BEAT_EVERY,
        attempt_limit: float = ATTEMPT_LIMIT,
        task_limit: float = TASK_LIMIT,
    ):
        self._beat_every = beat_every
        self._attempt_limit = attempt_limit
        self._task_limit = task_limit
        self._connection: Connection | None = None
        self._opening: asyncio.Task | None = None
        self._backoff = Backoff()

    async def call(self, method: str, path: str, body: object = None, recover=None) -> Answer:
        """`recover` looks whether a call that failed has been carried out."""
        trace = secrets.token_hex(16)
        for tries in range(1, TRIES + 1):
            await self._backoff.pause()
            asked = 0.0
            may_be_done = True
            failure: Exception = Cut(f"{method} {path} failed {tries} times")
            try:
                answer = await self._attempt(method, path, trace, body)
                if answer.status < 500 and answer.status != 429:
                    answer.json()
                    self._backoff.note_success()
                    return answer
                asked = read_retry_after(answer.headers.get("retry-after"))
                may_be_done = answer.status != 429
            # JSON that does not parse, a ValueError, was cut on its way. A time-out is an OSError.
            except (Cut, OSError, ValueError) as error:
                failure = error
            if tries == TRIES:
                raise failure
            await self._backoff.pause(self._backoff.note_failure(tries, asked))
            if may_be_done and recover and (found := await recover()):
                return found
        raise AssertionError("the last try has returned or raised")

    async def make_video(self, body: dict = LIGHTHOUSE) -> str:
        # Get and List show it. By this mark, and by nothing else, a create whose answer was lost is known again: other calls
        # and other processes create tasks under the same key.
        mark = f"video-{secrets.token_hex(16)}"
        marked = {**body, "safety_identifier": mark}
        task = None
        try:
            async with asyncio.timeout(self._task_limit):
                created = await self.call("POST", TASKS, marked, lambda: self._find_created(mark))
                if created.status != 200:
                    raise RuntimeError(f"the create was refused with {created.status}: {created.body!r}")
                task = created.json()["id"]
                return await self._follow(task)
        except Exception:
            if task is not None:
                await self._cancel(task)
            raise

    async def idle(self, seconds: float) -> None:
        await self._usable()
        await asyncio.sleep(seconds)

    async def _follow(self, task: str) -> str:
        visible_by = asyncio.get_running_loop().time() + self.LAG_LIMIT
        while True:
            answer = await self.call("GET", f"{TASKS}/{task}")
            is_late = answer.status == 404 and asyncio.get_running_loop().time() < visible_by
            if answer.status != 200 and not is_late:
                raise RuntimeError(f"task {task} cannot be polled: {answer.status} {answer.body!r}")
            if (status := answer.json().get("status")) in OVER:
                return status
            await asyncio.sleep(self.POLL_EVERY)

    async def _cancel(self, task: str) -> None:
        """Best effort: what runs already cannot be cancelled."""
        try:
            await self._attempt("DELETE", f"{TASKS}/{task}", secrets.token_hex(16), None)
        except (Cut, OSError):
            pass

    async def _find_created(self, mark: str) -> Answer | None:
        """Looks for the task of a create that failed. New tasks move older ones to later pages, and none between two."""
        page = 1
        while True:
            listed = (await self.call("GET", f"{TASKS}?page_num={page}&page_size={self.PAGE_SIZE}")).json()
            for item in listed["items"]:
                if item.get("safety_identifier") == mark:
                    return Answer(status=200, body=json.dumps(item).encode())
            if page * self.PAGE_SIZE >= listed["total"]:
                return None
            page += 1

    async def _attempt(self, method: str, path: str, trace: str, body: object) -> Answer:
        headers = {**KEY, "user-agent": "hardened-python/1", "traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
        data = None if body is None else json.dumps(body).encode()
        connection = None
        try:
            async with asyncio.timeout(self._attempt_limit):
                connection = await self._usable()
                return await connection.request(method, path, headers, data)
        except TimeoutError:
            # It has been silent for long.
            if connection:
                connection.retire()
            raise

    async def _usable(self) -> Connection:
        """The one connection; calls that need another at the same time open one together."""
        if self._connection is None or not self._connection.usable:
            if self._opening is None:
                self._opening = asyncio.create_task(self._open())
            return await asyncio.shield(self._opening)
        return self._connection

    async def _open(self) -> Connection:
        try:
            async with asyncio.timeout(self.CONNECT_LIMIT):
                # Kept here, not where it is awaited: a call that comes in between would open another.
                self._connection = await connect(BASE, ["h2"], self._beat_every)
            return self._connection
        except OSError:
            # Noted here for the same reason. The calls that await it note it too, and it counts once.
            self._backoff.note_failure(1)
            raise
        finally:
            self._opening = None


async def make_videos(client: Naive | Hardened, count: int, at_a_time: int) -> list[str]:
    waiting = iter(range(count))

    async def make_in_turn() -> list[str]:
        return [await client.make_video() for _ in waiting]

    made = await asyncio.gather(*(make_in_turn() for _ in range(at_a_time)))
    return [status for statuses in made for status in statuses]


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["naive", "no-alpn", "hardened"])
    parser.add_argument("seconds", type=float, nargs="?", default=0)
    parser.add_argument("beat_every", type=float, nargs="?", default=Hardened.BEAT_EVERY)
    parser.add_argument("--videos", type=int, default=1)
    parser.add_argument("--at-a-time", type=int, default=1)
    parser.add_argument("--attempt-limit", type=float, default=Hardened.ATTEMPT_LIMIT)
    parser.add_argument("--task-limit", type=float, default=Hardened.TASK_LIMIT)
    words = parser.parse_args()
    if words.kind == "hardened":
        client = Hardened(words.beat_every, words.attempt_limit, words.task_limit)
    else:
        client = Naive(["h2"] if words.kind == "naive" else None)
    if words.seconds:
        await client.idle(words.seconds)
    statuses = await make_videos(client, words.videos, words.at_a_time)
    print(json.dumps({"status": statuses[0]} if words.videos == 1 else {"statuses": statuses}))


asyncio.run(main())
