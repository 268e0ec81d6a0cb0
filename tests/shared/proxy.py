"""Knows how a connection is disturbed on its way: cut at a chosen byte, frozen, delayed.

A proxy stands between a client and the socket of a server. Must never know what is said, beyond
the bytes at which it is told to cut.
"""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NamedTuple

from psycopg.conninfo import conninfo_to_dict

# Where bytes come from.
CLIENT, SERVER = "client", "server"


class Cut(NamedTuple):
    """Where a connection is cut: when `source` says the bytes of `marker`, which are not passed on;
    or behind so many bytes that it has said. Where it `freezes`, it is not cut, but nothing more is
    passed on.
    """

    source: str
    marker: bytes = b""
    after: int = 0
    freezes: bool = False


class Proxy:
    """A proxy to a server; `port` is where it listens on this machine."""

    def __init__(self, socket: Path, delay: float = 0) -> None:
        """`delay` is in seconds, each way."""
        # Where new connections lead; it may be another server from some time on.
        self.socket = socket
        self.delay = delay
        self._cut: Cut | None = None
        self._seen = 0
        self._freezes = False
        self._connections: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._listener = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = int(self._listener.sockets[0].getsockname()[1])
        self._flows = asyncio.Event()
        self._flows.set()
        # Set when a cut was made.
        self.was_cut = threading.Event()

    def url(self, url: str) -> str:
        """Return the address of the same database behind the proxy."""
        parts = conninfo_to_dict(url)
        return f"postgresql://{parts['user']}@127.0.0.1:{self.port}/{parts['dbname']}"

    def cut_at(self, cut: Cut | None) -> None:
        """Cut one connection, once, at such bytes; None takes it back."""
        self._seen, self._cut = 0, cut
        self.was_cut.clear()

    def freeze(self) -> None:
        """Pass nothing on, in either direction, and keep all connections open."""
        self._loop.call_soon_threadsafe(self._flows.clear)

    def thaw(self) -> None:
        """Pass on what waited, and what comes."""
        self._loop.call_soon_threadsafe(self._flows.set)

    def close_all(self) -> None:
        """Cut every connection now."""
        self._do(self._close_all())

    async def _close_all(self) -> None:
        for writer in list(self._connections):
            writer.transport.abort()

    def close(self) -> None:
        """Stop listening, and cut every connection."""
        self._do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _stop(self) -> None:
        self._listener.close()
        self._flows.set()
        await self._close_all()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        try:
            server, forth = await asyncio.open_unix_connection(str(self.socket))
        except OSError:
            back.transport.abort()
            return
        both = {back, forth}
        self._connections |= both
        try:
            await asyncio.gather(
                self._pass(CLIENT, client, forth, back), self._pass(SERVER, server, back, forth)
            )
        finally:
            self._connections -= both
            for writer in both:
                writer.transport.abort()

    async def _pass(
        self,
        source: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        other: asyncio.StreamWriter,
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                await self._flows.wait()
                passed = self._before_cut(source, data)
                if passed == data:
                    self._send(writer, data)
                    if not self.delay:
                        await writer.drain()
                    continue
                writer.write(passed)
                await writer.drain()
                self.was_cut.set()
                if self._freezes:
                    self._flows.clear()
                    await self._flows.wait()
                    writer.write(data[len(passed) :])
                    continue
                writer.transport.abort()
                other.transport.abort()
                return
        if not writer.transport.is_closing():
            self._loop.call_later(self.delay, writer.close)

    def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if self.delay:
            self._loop.call_later(self.delay, writer.write, data)
        else:
            writer.write(data)

    def _before_cut(self, source: str, data: bytes) -> bytes:
        """Return what is passed on of data: all of it, unless the cut lies in it."""
        cut = self._cut
        if cut is None or cut.source != source:
            return data
        end = data.find(cut.marker) if cut.marker else cut.after - self._seen
        self._seen += len(data)
        if not 0 <= end < len(data):
            return data
        self._cut, self._freezes = None, cut.freezes
        return data[:end]
