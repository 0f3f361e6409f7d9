"""Makes a video with httpx and prints what it saw as JSON.

    python httpx_client.py [--http1]
"""

import hashlib
import json
import os
import sys
import time

import httpx

TASKS = "/contents/generations/tasks"
HTTP2 = "--http1" not in sys.argv

with httpx.Client(
    http2=HTTP2,
    base_url=os.environ["SEEDANCE_BASE_URL"],
    headers={"authorization": f"Bearer {os.environ['ARK_API_KEY']}"},
) as client:
    created = client.post(
        TASKS,
        json={
            "model": "doubao-seedance-2-0-260128",
            "content": [{"type": "text", "text": "A lighthouse at dusk."}],
        },
    ).raise_for_status()
    task_id = created.json()["id"]

    while True:
        task = client.get(f"{TASKS}/{task_id}").raise_for_status().json()
        if task["status"] not in ("queued", "running"):
            break
        time.sleep(0.1)

# The storage is another host: it must not see the key.
with httpx.Client(http2=HTTP2) as storage:
    video = storage.get(task["content"]["video_url"]).raise_for_status()

print(
    json.dumps(
        {
            "task": task_id,
            "status": task["status"],
            "http": created.http_version,
            "type": video.headers["content-type"],
            "sha256": hashlib.sha256(video.content).hexdigest(),
        }
    )
)
