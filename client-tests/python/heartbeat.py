"""Keeps one idle HTTP/2 connection by heartbeats, and prints how it was lost.

    python heartbeat.py --every 10 [--clock stdin] [--behind 31]

A heartbeat is a PING whose 8 bytes are this machine's time in Unix milliseconds. It starts in connection_made() and stops
in connection_lost(). `--behind` sets this client's clock back by so many seconds. With `--clock stdin` time is handed in: each line of standard input is a second, and the end of
input is the end of the program.
"""

import argparse
import asyncio
import os
import ssl
import struct
import sys
import time
from typing import Awaitable, Callable
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events

Sleep = Callable[[float], Awaitable[None]]


class HeartbeatProtocol(asyncio.Protocol):
    def __init__(self, every_seconds: float, behind_seconds: float, sleep: Sleep) -> None:
        self.every_seconds = every_seconds
        self.behind_seconds = behind_seconds
        self.sleep = sleep
        self.http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True))
        self.lost: "asyncio.Future[str]" = asyncio.get_running_loop().create_future()

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.http2.initiate_connection()
        transport.write(self.http2.data_to_send())
        self.heart = asyncio.create_task(self.beat())

    def data_received(self, data: bytes) -> None:
        events = self.http2.receive_data(data)
        self.transport.write(self.http2.data_to_send())
        if any(isinstance(event, h2.events.RemoteSettingsChanged) for event in events):
            print("connected", flush=True)

    def connection_lost(self, error) -> None:
        self.heart.cancel()
        self.lost.set_result(type(error).__name__ if error else "closed")

    async def beat(self) -> None:
        while True:
            await self.sleep(self.every_seconds)
            self.http2.ping(struct.pack(">Q", int((time.time() - self.behind_seconds) * 1000)))
            self.transport.write(self.http2.data_to_send())


class LineClock:
    """Time as lines of standard input, a second each."""

    def __init__(self) -> None:
        self.seconds = 0
        self.moved = asyncio.Condition()

    async def run(self) -> None:
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while await lines.readline():
            async with self.moved:
                self.seconds += 1
                self.moved.notify_all()

    async def sleep(self, seconds: float) -> None:
        due = self.seconds + seconds
        async with self.moved:
            await self.moved.wait_for(lambda: self.seconds >= due)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=float, required=True)
    parser.add_argument("--behind", type=float, default=0)
    parser.add_argument("--clock", choices=["real", "stdin"], default="real")
    arguments = parser.parse_args()

    clock = LineClock()
    sleep = clock.sleep if arguments.clock == "stdin" else asyncio.sleep
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2"])
    url = urlsplit(os.environ["SEEDANCE_BASE_URL"])
    transport, protocol = await asyncio.get_running_loop().create_connection(
        lambda: HeartbeatProtocol(arguments.every, arguments.behind, sleep), url.hostname, url.port, ssl=context
    )
    if arguments.clock == "stdin":
        await asyncio.wait([protocol.lost, asyncio.ensure_future(clock.run())], return_when=asyncio.FIRST_COMPLETED)
        transport.close()
    print(await protocol.lost, flush=True)


asyncio.run(main())
