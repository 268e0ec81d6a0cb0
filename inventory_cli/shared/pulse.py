"""Knows how a machine that holds a ledger for long shows that it is alive.

The database gives up whoever holds and says nothing: a machine that died, or was frozen. One that
reads a large file says a word now and then, from a thread that is frozen with it. Must never use
the connection while anything else does.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from inventory_cli.shared.failures import ServerUnusable
from inventory_cli.shared.server import IDLE_WITHIN, Server


class Pulse:
    """Says a word now and then on a connection, while it may."""

    def __init__(self, server: Server) -> None:
        self._server = server
        # Held while a word is said, and by whoever ends that one may be.
        self._lock = threading.Lock()
        self._may = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Let words be said, until this ends or `stop` is called."""
        if self._thread is None:
            # One for all: to start a thread for each append takes as long as a round trip.
            self._thread = threading.Thread(target=self._beat, daemon=True)
            self._thread.start()
        self._may = True
        try:
            yield
        finally:
            self.stop()

    def stop(self) -> None:
        """Say nothing more; what was begun is waited for."""
        with self._lock:
            self._may = False

    def end(self) -> None:
        """Say nothing ever again."""
        self.stop()
        self._ended.set()

    def _beat(self) -> None:
        while not self._ended.wait(IDLE_WITHIN / 4):
            with self._lock:
                if self._may:
                    self._say()

    def _say(self) -> None:
        try:
            with self._server.failures():
                self._server.run("SELECT 1")
        except ServerUnusable:
            self._may = False  # Whoever publishes will hear of it.
