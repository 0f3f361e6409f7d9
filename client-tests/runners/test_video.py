"""A test as a user of the official SDK writes it; `seedance-mock run ... -- pytest` gives it the server."""

import os
import time

from volcenginesdkarkruntime import Ark


def test_makes_a_video():
    tasks = Ark(base_url=os.environ["ARK_BASE_URL"], api_key=os.environ["ARK_API_KEY"]).content_generation.tasks
    content = [{"type": "text", "text": "A lighthouse at dusk."}]
    created = tasks.create(model="doubao-seedance-2-0-260128", content=content)
    while (task := tasks.get(task_id=created.id)).status in ("queued", "running"):
        time.sleep(1)
    assert task.status == "succeeded"
