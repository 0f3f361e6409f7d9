"""Makes a video with an official SDK: creates, gets, lists, downloads and deletes. Prints what it saw as JSON.

    python ark_sdk.py volcenginesdkarkruntime | arkruntime
"""

import hashlib
import importlib
import json
import os
import sys
import time

import httpx

sdk = importlib.import_module(sys.argv[1])
client = sdk.Ark(base_url=os.environ["ARK_BASE_URL"], api_key=os.environ["ARK_API_KEY"])
tasks = client.content_generation.tasks

created = tasks.create(
    model="doubao-seedance-2-0-260128",
    content=[{"type": "text", "text": "A lighthouse at dusk."}],
    ratio="16:9",
    duration=5,
)
while (task := tasks.get(task_id=created.id)).status in ("queued", "running"):
    time.sleep(0.1)

listed = tasks.list(page_size=10, status="succeeded", task_ids=[created.id])
# The SDKs leave the download to their users; this is the library that comes with them.
video = httpx.get(task.content.video_url).raise_for_status()

tasks.delete(task_id=created.id)
try:
    tasks.get(task_id=created.id)
    gone = None
except Exception as error:
    gone = {"error": type(error).__name__, "code": error.code}

print(
    json.dumps(
        {
            "task": created.id,
            "status": task.status,
            "ratio": task.ratio,
            "duration": task.duration,
            "tokens": task.usage.total_tokens,
            "listed": [listed.total, [item.id for item in listed.items]],
            "type": video.headers["content-type"],
            "sha256": hashlib.sha256(video.content).hexdigest(),
            "gone": gone,
        }
    )
)
