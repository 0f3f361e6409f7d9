"""Sends a call every so often, whether those before it are answered or not. Prints how many were answered, and how many failed.

    python keep_alive.py aiohttp | httpx  default | tuned  SECONDS PER_SECOND

`default` is the library as it comes. `tuned` bounds its pool, keeps all of it, and says what the time is with each call, which is
a heartbeat to the service.
"""

import asyncio
import json
import os
import sys
import time

import aiohttp
import httpx

library, setting, seconds, per_second = sys.argv[1:]
TUNED = setting == "tuned"
POOL = 16
URL = os.environ["SEEDANCE_BASE_URL"] + "/contents/generations/tasks"
# The server tells clients apart by their keys.
KEY = {"authorization": f"Bearer {library} {setting}"}
counts = {"answered": 0, "failed": 0}


def beat() -> dict[str, str]:
    return {"x-client-timestamp": str(round(time.time() * 1000))} if TUNED else {}


async def at_rate(call) -> None:
    async def counted() -> None:
        try:
            await call()
            counts["answered"] += 1
        except (aiohttp.ClientError, httpx.HTTPError, OSError):
            counts["failed"] += 1

    started, total = time.monotonic(), int(seconds) * int(per_second)
    async with asyncio.TaskGroup() as group:
        for n in range(total):
            await asyncio.sleep(max(0, started + n / int(per_second) - time.monotonic()))
            group.create_task(counted())


async def with_aiohttp() -> None:
    connector = aiohttp.TCPConnector(limit=POOL, keepalive_timeout=60) if TUNED else None
    async with aiohttp.ClientSession(connector=connector, headers=KEY, raise_for_status=True) as session:

        async def call() -> None:
            async with session.get(URL, headers=beat()) as answer:
                await answer.read()

        await at_rate(call)


async def with_httpx() -> None:
    limits = httpx.Limits(max_connections=POOL, max_keepalive_connections=POOL, keepalive_expiry=60)
    async with httpx.AsyncClient(headers=KEY, timeout=20, **({"limits": limits} if TUNED else {})) as client:

        async def call() -> None:
            (await client.get(URL, headers=beat())).raise_for_status()

        await at_rate(call)


asyncio.run({"aiohttp": with_aiohttp, "httpx": with_httpx}[library]())
print(json.dumps(counts))
