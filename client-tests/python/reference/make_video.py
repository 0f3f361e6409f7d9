"""Makes a video with a reference client: the one a service can shake off, or the one it cannot.

    python make_video.py naive | no-alpn | hardened  [SECONDS [BEAT_EVERY]]

no-alpn is the naive one whose SSLContext is left as it comes, without set_alpn_protocols() (row B12).
With SECONDS it holds its connection open for so long before it begins, as an application does that has nothing to ask for.
"""

import asyncio
import json
import os
import random
import secrets
import sys
from urllib.parse import urlsplit

from connection import Answer, Connection, Cut, connect

BASE = os.environ["SEEDANCE_BASE_URL"]
TASKS = urlsplit(BASE).path + "/contents/generations/tasks"
LIGHTHOUSE = {"model": "doubao-seedance-2-0-260128", "content": [{"type": "text", "text": "A lighthouse at dusk."}]}
KEY = {"authorization": "Bearer ark-reference", "content-type": "application/json"}
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
    """One connection that beats under the 8 s of rule A5, backoff with jitter over all calls, and no create twice."""

    BEAT_EVERY = 5.0
    POLL_EVERY = 1.0

    def __init__(self, beat_every: float = BEAT_EVERY):
        self._beat_every = beat_every
        self._connection: Connection | None = None
        self._failures = 0
        self._created: set[str] = set()

    async def call(self, method: str, path: str, body: object = None, recover=None) -> Answer:
        trace = secrets.token_hex(16)
        for tries in range(1, TRIES + 1):
            retry_after = 0.0
            cut = False
            try:
                answer = await self._send(method, path, trace, body)
                if answer.status < 500 and answer.status != 429:
                    self._failures = 0
                    return answer
                retry_after = float(answer.headers.get("retry-after", 0))
            except (Cut, OSError):
                if tries == TRIES:
                    raise
                cut = True
            self._failures += 1
            await asyncio.sleep(max(retry_after, self._backoff()))
            if cut and recover and (found := await recover()):
                return found
        raise Cut(f"{method} {path} failed {TRIES} times")

    async def make_video(self) -> str:
        task = (await self.call("POST", TASKS, LIGHTHOUSE, self._find_created)).json()["id"]
        self._created.add(task)
        while (status := (await self.call("GET", f"{TASKS}/{task}")).json()["status"]) not in OVER:
            await asyncio.sleep(self.POLL_EVERY)
        return status

    async def idle(self, seconds: float) -> None:
        await self._usable()
        await asyncio.sleep(seconds)

    async def _find_created(self) -> Answer | None:
        """A task that is not known yet is the one whose answer was lost."""
        items = (await self.call("GET", TASKS)).json()["items"]
        lost = [item for item in items if item["id"] not in self._created]
        return Answer(status=200, body=json.dumps(lost[0]).encode()) if lost else None

    async def _send(self, method: str, path: str, trace: str, body: object) -> Answer:
        connection = await self._usable()
        headers = {**KEY, "user-agent": "hardened-python/1", "traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
        return await connection.request(method, path, headers, None if body is None else json.dumps(body).encode())

    async def _usable(self) -> Connection:
        if self._connection is None or not self._connection.usable:
            self._connection = await connect(BASE, ["h2"], self._beat_every)
        return self._connection

    def _backoff(self) -> float:
        # Reference, C3: from 100 ms, doubled, 30 s at most, and up to 100 ms by chance.
        return min(30.0, 0.1 * 2 ** (self._failures - 1)) + random.uniform(0, 0.1)


async def main(kind: str, seconds: float = 0, beat_every: float = Hardened.BEAT_EVERY) -> None:
    match kind:
        case "naive":
            client = Naive(["h2"])
        case "no-alpn":
            client = Naive(None)
        case _:
            client = Hardened(beat_every)
    if seconds:
        await client.idle(seconds)
    print(json.dumps({"status": await client.make_video()}))


asyncio.run(main(sys.argv[1], *map(float, sys.argv[2:])))
