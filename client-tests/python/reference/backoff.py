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

    def note_failure(self, in_a_row: int, asked: float = 0.0) -> float:
        """Calls that fail together, such as those on one connection that is cut, count once.

        `in_a_row` is how often the call has failed: it waits longer each time, though others may succeed meanwhile. `asked`
        is what Retry-After asks for. Returns until when the call has to wait.
        """
        now = time.monotonic()
        if now >= self._until:
            self._failures += 1
            self._until = now + _wait_after(self._failures)
        self._until = max(self._until, now + asked)
        return max(self._until, now + _wait_after(in_a_row))

    async def pause(self, own_until: float = 0.0) -> None:
        """Waits until a call may be sent, and each call a little longer by chance. `own_until` is for its own failures.

        Another call may fail while it waits: then it waits on.
        """
        while (left := max(self._until, own_until) - time.monotonic()) > 0:
            await asyncio.sleep(left + random.uniform(0, JITTER))


def _wait_after(failures: int) -> float:
    return min(MOST, BASE * 2 ** (failures - 1))


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
