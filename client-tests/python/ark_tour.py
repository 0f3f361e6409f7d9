"""Does with an official SDK all that its API has, and catches an error of each status. Prints what it saw as JSON.

    python ark_tour.py volcenginesdkarkruntime | arkruntime | byteplussdkarkruntime

The server answers a Get of the task `cgt-status-N` with status N, and leaves a task alone whose prompt says where to stay.
"""

import importlib
import json
import os
import sys
import time

import httpx

sdk = importlib.import_module(sys.argv[1])
MODEL = "doubao-seedance-2-0-260128"


def open_client(**options):
    return sdk.Ark(base_url=os.environ["ARK_BASE_URL"], api_key=os.environ["ARK_API_KEY"], **options)


client = open_client(max_retries=0)
tasks = client.content_generation.tasks


def text(words):
    return {"type": "text", "text": words}


def image(role):
    return {"type": "image_url", "image_url": {"url": f"https://example.com/{role}.png"}, "role": role}


def create(*content, **options):
    return tasks.create(model=MODEL, content=list(content), **options).id


def wait(task, *until):
    while (found := tasks.get(task_id=task)).status not in until:
        time.sleep(0.05)
    return found


def catch(call):
    try:
        call()
    except Exception as error:
        return {
            "error": type(error).__name__,
            "status": getattr(error, "status_code", None),
            "code": getattr(error, "code", None),
            "type": getattr(error, "type", None),
            "request_id": getattr(error, "request_id", None),
        }


made = {
    "t2v": create(text("A lighthouse at dusk."), ratio="9:16", resolution="480p", duration=4, seed=11),
    "flf2v": create(text("It blooms."), image("first_frame"), image("last_frame"), return_last_frame=True),
    "r2v": create(
        text("Image 1 dances as in video 1."),
        image("reference_image"),
        {"type": "video_url", "video_url": {"url": "https://example.com/dance.mp4"}, "role": "reference_video"},
        {"type": "audio_url", "audio_url": {"url": "https://example.com/beat.mp3"}, "role": "reference_audio"},
        generate_audio=False,
    ),
}
results = {}
for mode, task in made.items():
    done = wait(task, "succeeded", "failed")
    download = httpx.get(done.content.video_url).raise_for_status()
    results[mode] = {
        "status": done.status,
        "resolution": done.resolution,
        "ratio": done.ratio,
        "duration": done.duration,
        "seed": done.seed,
        "tokens": done.usage.total_tokens,
        "last_frame": bool(done.content.last_frame_url),
        "video": [download.headers["content-type"], download.content[4:8].decode(), len(download.content)],
    }

waiting = create(text("stay queued"))
busy = create(text("stay running"))
wait(busy, "running")

pages = [[item.id for item in tasks.list(page_num=page, page_size=2, status="succeeded").items] for page in (1, 2, 3)]
lists = {
    "pages": pages,
    "total": tasks.list(page_size=1).total,
    "by_id": sorted(item.id for item in tasks.list(task_ids=[made["t2v"], made["r2v"]]).items),
    "queued": [item.id for item in tasks.list(status="queued").items],
    "of_model": tasks.list(model=MODEL).total,
    "of_another": tasks.list(model="ep-20260416234150-zsd4v").total,
}

tasks.delete(task_id=waiting)
deleted = {
    "queued": tasks.get(task_id=waiting).status,
    "running": catch(lambda: tasks.delete(task_id=busy)),
    "finished": [tasks.delete(task_id=made["t2v"]) and None, catch(lambda: tasks.get(task_id=made["t2v"]))],
}

errors = {
    "bad create": catch(lambda: create(text("too long"), duration=99)),
    "unknown model": catch(lambda: tasks.create(model="doubao-seedance-9-9-000000", content=[text("a")])),
    **{
        str(status): catch(lambda: tasks.get(task_id=f"cgt-status-{status}"))
        for status in (400, 401, 403, 404, 409, 429, 500, 502, 503)
    },
}
# As an application would open it that leaves the retries alone.
errors["with retries"] = catch(lambda: open_client().content_generation.tasks.get(task_id="cgt-status-429"))

print(
    json.dumps(
        {"made": made, "results": results, "waiting": waiting, "busy": busy, "lists": lists, "deleted": deleted, "errors": errors}
    )
)
