"""Creates a task with an official SDK, as an application does that leaves the retries alone. Prints what it got as JSON.

    python ark_create.py volcenginesdkarkruntime | arkruntime | byteplussdkarkruntime [PATH]

With a PATH, such as `/api/v3/`, the SDK's base URL has that path in place of /api/v3.
"""

import importlib
import json
import os
import sys
from urllib.parse import urljoin

sdk = importlib.import_module(sys.argv[1])
base_url = os.environ["ARK_BASE_URL"]
if len(sys.argv) > 2:
    base_url = urljoin(base_url, sys.argv[2])
client = sdk.Ark(base_url=base_url, api_key=os.environ["ARK_API_KEY"])

try:
    created = client.content_generation.tasks.create(
        model="doubao-seedance-2-0-260128",
        content=[{"type": "text", "text": "A lighthouse at dusk."}],
    )
    # Whatever is not JSON by its Content-Type comes back as text.
    seen = {"returned": "str"} if isinstance(created, str) else {"task": created.id}
except Exception as error:
    own = type(error).__module__.startswith(sdk.__name__)
    seen = {"error": type(error).__name__, "own": own}
print(json.dumps(seen))
