"""One HTTP/2 connection on asyncio, by the library h2. Heartbeats start in connection_made and stop in connection_lost."""

import asyncio
import json
import ssl
import struct
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions


class Cut(Exception):
    """The connection or the stream ended before the answer was whole."""


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self):
        return json.loads(self.body)


class Draining(h2.connection.H2Connection):
    """Goes on reading after GOAWAY. The library takes it for the end, and PING or an answer behind it for a breach of protocol."""

    def _receive_goaway_frame(self, frame):
        state = self.state_machine.state
        received = super()._receive_goaway_frame(frame)
        self.state_machine.state = state
        return received


class Connection(asyncio.Protocol):
    """`beat_every` seconds between heartbeats; None sends none, which is how most clients come."""

    def __init__(self, authority: str, beat_every: float | None):
        self.authority = authority
        self.beat_every = beat_every
        self.lost = asyncio.get_running_loop().create_future()
        self.draining = False
        self._h2 = Draining(h2.config.H2Configuration(header_encoding="utf-8"))
        self._waiting: dict[int, tuple[Answer, asyncio.Future]] = {}
        self._beating: asyncio.Task | None = None

    # What asyncio calls.

    def connection_made(self, transport):
        self._transport = transport
        self._h2.initiate_connection()
        self._flush()
        if self.beat_every is not None:
            self._beating = asyncio.get_running_loop().create_task(self._beat())

    def connection_lost(self, error):
        if self._beating:
            self._beating.cancel()
        if not self.lost.done():
            self.lost.set_result(error)
        for _, future in self._waiting.values():
            if not future.done():
                future.set_exception(Cut(str(error)))
        self._waiting.clear()

    def data_received(self, data):
        try:
            for event in self._h2.receive_data(data):
                self._handle(event)
        except h2.exceptions.ProtocolError:
            self.retire()
            self._transport.close()
        self._flush()

    # What a client calls.

    @property
    def usable(self) -> bool:
        return not self.lost.done() and not self.draining

    async def request(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
        if not self.usable:
            raise Cut(str(self.lost.result()) if self.lost.done() else "the connection takes no new calls")
        stream = self._h2.get_next_available_stream_id()
        fields = {":method": method, ":scheme": "https", ":authority": self.authority, ":path": path, **headers}
        self._h2.send_headers(stream, list(fields.items()), end_stream=body is None)
        if body is not None:
            self._h2.send_data(stream, body, end_stream=True)
        future = asyncio.get_running_loop().create_future()
        self._waiting[stream] = (Answer(), future)
        self._flush()
        try:
            return await future
        except asyncio.CancelledError:
            # The caller that waited for it has given up.
            if self._waiting.pop(stream, None) and not self.lost.done():
                self._h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
                self._flush()
            raise
        finally:
            self._close_if_done()

    def retire(self):
        """Takes no new calls, and closes once those under way are over."""
        self.draining = True
        self._close_if_done()

    def close(self):
        self._transport.close()

    def _close_if_done(self):
        if self.draining and not self._waiting:
            self._transport.close()

    async def _beat(self):
        while True:
            # The 8 bytes are the client's time, in milliseconds.
            self._h2.ping(struct.pack(">Q", round(time.time() * 1000)))
            self._flush()
            await asyncio.sleep(self.beat_every)

    def _handle(self, event):
        stream = getattr(event, "stream_id", None)
        answer, future = self._waiting.get(stream, (None, None))
        match event:
            case h2.events.ResponseReceived() if answer:
                answer.headers = dict(event.headers)
                answer.status = int(answer.headers[":status"])
            case h2.events.DataReceived() if answer:
                answer.body += event.data
                self._h2.acknowledge_received_data(event.flow_controlled_length, stream)
            case h2.events.StreamEnded() if future and not future.done():
                future.set_result(answer)
                del self._waiting[stream]
            case h2.events.StreamReset() if future and not future.done():
                future.set_exception(Cut(f"stream reset with {event.error_code}"))
                del self._waiting[stream]
            case h2.events.ConnectionTerminated():
                # RFC 9113, section 6.8: those above the last stream were never processed.
                for above in [one for one in self._waiting if one > event.last_stream_id]:
                    _, refused = self._waiting.pop(above)
                    if not refused.done():
                        refused.set_exception(Cut("the connection is drained, and did not take the call"))
                # Those under way are answered still.
                self.retire()

    def _flush(self):
        if data := self._h2.data_to_send():
            self._transport.write(data)


async def connect(url: str, alpn: list[str] | None, beat_every: float | None) -> Connection:
    """Without `alpn` the handshake succeeds, and the service resets the connection (row B12)."""
    context = ssl.create_default_context()  # Takes the CA from SSL_CERT_FILE.
    if alpn is not None:
        context.set_alpn_protocols(alpn)
    parts = urlsplit(url)
    make = lambda: Connection(parts.netloc, beat_every)
    _, connection = await asyncio.get_running_loop().create_connection(make, parts.hostname, parts.port, ssl=context)
    return connection
