"""Knows how a connection is disturbed on its way: cut at a chosen byte, frozen, delayed.

A proxy stands between a client and the socket of a server. Must never know what is said, beyond
the bytes at which it is told to cut.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple

from psycopg.conninfo import conninfo_to_dict

# Where bytes come from.
CLIENT, SERVER = "client", "server"


class Cut(NamedTuple):
    """At which bytes a connection is cut: when `source` says them for the `nth` time. They are not
    passed on; or, where they `pass`, nothing that follows them is.
    """

    source: str
    marker: bytes
    nth: int = 1
    passes: bool = False


class Proxy:
    """A proxy to a server; `port` is where it listens on this machine."""

    def __init__(self, socket: Path, delay: float = 0) -> None:
        """`delay` is in seconds, each way."""
        # Where new connections lead; it may be another server from some time on.
        self.socket = socket
        self.delay = delay
        self.cuts = 0
        self._cut: Cut | None = None
        self._seen = 0
        self._connections: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._listener = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = int(self._listener.sockets[0].getsockname()[1])
        self._flows = asyncio.Event()
        self._flows.set()
        # Told in the loop's thread when a cut was made.
        self.was_cut = threading.Event()
        self.on_cut: Callable[[], object] = lambda: None

    def url(self, url: str) -> str:
        """Return the address of the same database behind the proxy."""
        parts = conninfo_to_dict(url)
        return f"postgresql://{parts['user']}@127.0.0.1:{self.port}/{parts['dbname']}"

    def cut_at(self, cut: Cut | None) -> None:
        """Cut one connection, once, at such bytes."""
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
                if passed is None:
                    self._send(writer, data)
                    if not self.delay:
                        await writer.drain()
                    continue
                if passed:
                    writer.write(passed)
                    await writer.drain()
                self.on_cut()
                writer.transport.abort()
                other.transport.abort()
                self.cuts += 1
                self.was_cut.set()
                return
        if not writer.transport.is_closing():
            self._loop.call_later(self.delay, writer.close)

    def _send(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if self.delay:
            self._loop.call_later(self.delay, writer.write, data)
        else:
            writer.write(data)

    def _before_cut(self, source: str, data: bytes) -> bytes | None:
        """Return what is passed on of data at which the connection is cut; None where it is not."""
        cut = self._cut
        if cut is None or cut.source != source:
            return None
        start = 0
        while (found := data.find(cut.marker, start)) >= 0:
            self._seen += 1
            start = found + len(cut.marker)
            if self._seen == cut.nth:
                self._cut = None
                # All or nothing of a message: what is before the marker may be half of one.
                return data if cut.passes else data[:found]
        return None
