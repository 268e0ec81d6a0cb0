"""Knows how a machine that holds a ledger for long shows that it is alive.

The database gives up whoever holds and says nothing: a machine that died, or was frozen. One that
reads a large file says a word now and then, from a thread that is frozen with it. Must never use
the connection while anything else does.
"""

import threading
from types import TracebackType

from inventory_cli.shared.failures import ServerUnusable
from inventory_cli.shared.server import IDLE_WITHIN, Server


class Pulse:
    """Says a word on an idle connection, from when it is entered until it is stopped."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def _beat(self) -> None:
        while not self._ends.wait(IDLE_WITHIN / 4):
            try:
                with self._server.failures():
                    self._server.run("SELECT 1")
            except ServerUnusable:
                return  # Whoever publishes will hear of it.

    def stop(self) -> None:
        """Say nothing more; what was begun is waited for."""
        self._ends.set()
        self._thread.join()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
