"""Creates a task in asyncio, waits up to 30 s for the answer, and prints how the wait ended as JSON.

    python slow_answer.py streams | aiohttp | httpx
"""

import asyncio
import json
import os
import ssl
import sys
from urllib.parse import urlsplit

import aiohttp
import httpx

PATIENCE_SECONDS = 30
URL = os.environ["SEEDANCE_BASE_URL"] + "/contents/generations/tasks"
KEY = {"authorization": f"Bearer {os.environ['ARK_API_KEY']}"}
TASK = {"model": "doubao-seedance-2-0-260128", "content": [{"type": "text", "text": "A lighthouse at dusk."}]}


async def create_with_streams() -> None:
    url = urlsplit(URL)
    body = json.dumps(TASK).encode()
    head = {**KEY, "host": url.netloc, "content-type": "application/json", "content-length": len(body)}
    fields = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=ssl.create_default_context())
    writer.write(f"POST {url.path} HTTP/1.1\r\n{fields}\r\n".encode() + body)
    await asyncio.wait_for(reader.readline(), PATIENCE_SECONDS)


# A GET would be repeated once by aiohttp itself, and take 8 s twice.
async def create_with_aiohttp() -> None:
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, headers=KEY) as session, session.post(URL, json=TASK) as answer:
        await answer.json()


async def create_with_httpx() -> None:
    async with httpx.AsyncClient(http2=True, timeout=PATIENCE_SECONDS, headers=KEY) as client:
        (await client.post(URL, json=TASK)).json()


def root_of(error):
    while error is not None and (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return error


async def main(create) -> None:
    error = None
    try:
        await create()
    except Exception as raised:
        error = raised
    print(
        json.dumps(
            {
                "error": type(error).__name__,
                "isOSError": isinstance(error, OSError),
                # Since Python 3.3 a TimeoutError is an OSError too.
                "isTimeout": isinstance(error, (TimeoutError, asyncio.TimeoutError, httpx.TimeoutException)),
                "rootCause": type(root_of(error)).__name__,
            }
        )
    )


asyncio.run(main({"streams": create_with_streams, "aiohttp": create_with_aiohttp, "httpx": create_with_httpx}[sys.argv[1]]))
