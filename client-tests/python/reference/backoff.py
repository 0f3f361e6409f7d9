"""The waits that failures ask for: one for the service, whatever the calls. It is the service that a wait spares."""

import asyncio
import random
import time
from email.utils import parsedate_to_datetime

# Reference, C3, in seconds.
BASE = 0.1
MOST = 30.0
JITTER = 0.1


class Backoff:
    def __init__(self):
        self._failures = 0
        self._until = 0.0

    def note_success(self) -> None:
        self._failures = 0

    def note_failure(self, in_a_row: int, asked: float = 0.0) -> None:
        """Calls that fail together, such as those on one connection that is cut, count once.

        `in_a_row` is how often the call has failed: others may succeed meanwhile. `asked` is what Retry-After asks for.
        """
        now = time.monotonic()
        if now >= self._until:
            self._failures += 1
        wait = min(MOST, BASE * 2 ** (max(self._failures, in_a_row) - 1))
        self._until = max(self._until, now + max(wait, asked))

    async def pause(self) -> None:
        """Waits until a call may be sent, and each call a little longer by chance."""
        if (left := self._until - time.monotonic()) > 0:
            await asyncio.sleep(left + random.uniform(0, JITTER))


def read_retry_after(value: str | None) -> float:
    """Seconds, or a date (RFC 9110, section 10.2.3). 0 for what is neither."""
    if value is None:
        return 0.0
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return 0.0
