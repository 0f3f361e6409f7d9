"""Makes a video with aiohttp, which knows HTTP/1.1 alone, and prints what it saw as JSON.

    python aiohttp_client.py
"""

import asyncio
import hashlib
import json
import os

import aiohttp

BASE_URL = os.environ["SEEDANCE_BASE_URL"] + "/"
KEY = {"authorization": f"Bearer {os.environ['ARK_API_KEY']}"}


async def main() -> None:
    async with aiohttp.ClientSession(base_url=BASE_URL, headers=KEY, raise_for_status=True) as session:
        body = {
            "model": "doubao-seedance-2-0-260128",
            "content": [{"type": "text", "text": "A lighthouse at dusk."}],
        }
        async with session.post("contents/generations/tasks", json=body) as created:
            version = created.version
            task_id = (await created.json())["id"]

        while True:
            async with session.get(f"contents/generations/tasks/{task_id}") as answer:
                task = await answer.json()
            if task["status"] not in ("queued", "running"):
                break
            await asyncio.sleep(0.1)

    async with aiohttp.ClientSession(raise_for_status=True) as storage:
        async with storage.get(task["content"]["video_url"]) as video:
            content = await video.read()

    print(
        json.dumps(
            {
                "task": task_id,
                "status": task["status"],
                "http": f"HTTP/{version.major}.{version.minor}",
                "type": video.content_type,
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )
    )


asyncio.run(main())
