"""Knows what goes over a connection while a batch is still being made: its parts, as they are
ready; and where none is, a word now and then.

For the database gives up whoever holds and says nothing: a machine that died, or was frozen. One
that reads a large file shows that it is alive, from a thread that is frozen with it. Must never use
the connection while anything else does.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from threading import Lock, Thread

from inventory_cli.shared.server import IDLE_WITHIN, Server

# How many parts wait at most: who makes them faster than they go waits, too.
_WAITING = 2

Send = Callable[[], None]


class Sender:
    """Sends parts of a batch, and says a word now and then, while it may."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._parts: Queue[Send | None] = Queue(_WAITING)
        # Held while anything is sent, and for a moment by whoever ends that.
        self._lock = Lock()
        self._may = False
        self._failure: Exception | None = None
        self._thread: Thread | None = None

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send, until this ends or `finish` is called."""
        if self._thread is None:
            # One for all: to start a thread for each append takes as long as a round trip.
            self._thread = Thread(target=self._run, daemon=True)
            self._thread.start()
        self._failure, self._may = None, True
        try:
            yield
        except BaseException as error:
            if not isinstance(error, Exception):
                # Who interrupts waits for no answer, least of all behind a network that hangs.
                self._server.cut()
            raise
        finally:
            self._stop()

    def add(self, part: Send) -> None:
        """Send a part behind those before it. Raises ServerUnusable where one was not taken."""
        self._parts.put(part)
        self._raise()

    def finish(self) -> None:
        """Wait until all parts are sent; nothing is from then on. Raises ServerUnusable where one
        was not taken.
        """
        self._parts.join()
        self._stop()
        self._raise()

    def close(self) -> None:
        """Send nothing ever again."""
        self._stop()
        if self._thread is not None:
            self._parts.put(None)
            self._thread.join()

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _stop(self) -> None:
        """Send nothing more; what was begun is waited for."""
        self._may = False
        # None of what waits is sent, but who sends next must not find it.
        self._parts.join()
        with self._lock:
            pass

    def _run(self) -> None:
        while True:
            try:
                part = self._parts.get(timeout=IDLE_WITHIN / 4)
                if part is None:
                    return
            except Empty:
                part = None
            with self._lock:
                if self._may:
                    self._send(part or self._say_a_word)
            if part is not None:
                self._parts.task_done()

    def _send(self, part: Send) -> None:
        try:
            with self._server.failures():
                part()
        except Exception as error:  # noqa: BLE001
            # Who waits for this thread is told, whatever it is.
            self._failure, self._may = error, False

    def _say_a_word(self) -> None:
        self._server.run("SELECT 1")
