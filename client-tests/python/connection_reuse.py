"""Sends 100 calls at once, and 60 more when they are answered: what 100 requests a second come to.

    python connection_reuse.py aiohttp | httpx  default | tuned

`default` is the library as it comes. `tuned` has a pool as large as the calls need, and keeps all of it.
"""

import asyncio
import os
import sys

import aiohttp
import httpx

BURSTS = (100, 60)
POOL = 18
URL = os.environ["SEEDANCE_BASE_URL"] + "/contents/generations/tasks"
# The server tells clients apart by their keys.
KEY = {"authorization": f"Bearer {' '.join(sys.argv[1:])}"}


async def with_aiohttp(tuned: bool) -> None:
    connector = aiohttp.TCPConnector(limit=POOL, keepalive_timeout=60) if tuned else None

    async def call() -> None:
        async with session.get(URL) as answer:
            await answer.read()

    async with aiohttp.ClientSession(connector=connector, headers=KEY, raise_for_status=True) as session:
        for calls in BURSTS:
            await asyncio.gather(*(call() for _ in range(calls)))


async def with_httpx(tuned: bool) -> None:
    limits = httpx.Limits(max_connections=POOL, max_keepalive_connections=POOL, keepalive_expiry=60)
    options = {"limits": limits} if tuned else {}

    async def call() -> None:
        (await client.get(URL)).raise_for_status()

    async with httpx.AsyncClient(headers=KEY, timeout=20, **options) as client:
        for calls in BURSTS:
            await asyncio.gather(*(call() for _ in range(calls)))


library, setting = sys.argv[1:]
asyncio.run({"aiohttp": with_aiohttp, "httpx": with_httpx}[library](setting == "tuned"))
