"""Knows how the canonical texts of many events are had from SQLite while others are looked at.

SQLite writes all texts of a piece of the log as one, in C, without Python's lock: a second thread
has them written ahead. Must never give texts of which there is not one for each event.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from queue import SimpleQueue
from threading import Thread

from inventory_cli.core.events import Event
from inventory_cli.errors import LedgerUnusable
from inventory_cli.storage.connection import connect
from inventory_cli.storage.failures import DatabaseError
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.sql_text import text_of

# How many pieces are written ahead.
_AHEAD = 3

Texts = Callable[[int, int, int], list[str] | None]


@contextmanager
def texts_ahead(ledger: Ledger, pieces: Iterator[range], any_types: bool) -> Iterator[Texts]:
    """Begin to have the texts of pieces of the log written, given their positions in order.

    What is given is asked for each piece in turn, by its first and last position and the number of
    its events; it returns their texts, or None where they are not known to be this program's own.
    """
    wanted: SimpleQueue[range | None] = SimpleQueue()
    written: SimpleQueue[tuple[range, list[str]]] = SimpleQueue()
    writer = Thread(target=_write, args=(ledger, any_types, wanted, written), name="texts")
    # How many pieces are being written.
    coming = 0

    def ask(count: int) -> None:
        nonlocal coming
        for positions in islice(pieces, count):
            wanted.put(positions)
            coming += 1

    def texts(first: int, last: int, count: int) -> list[str] | None:
        nonlocal coming
        for _ in range(min(coming, _AHEAD)):
            positions, found = written.get()
            coming -= 1
            ask(1)
            if positions.start == first:
                fit = positions.stop - 1 == last and len(found) == count
                return found if fit else None
        # Positions are missing, and there may be any number of pieces in between.
        coming = 0
        return None

    writer.daemon = True
    writer.start()
    ask(_AHEAD)
    try:
        yield texts
    finally:
        wanted.put(None)
        writer.join()


def _write(
    ledger: Ledger,
    any_types: bool,
    wanted: "SimpleQueue[range | None]",
    written: "SimpleQueue[tuple[range, list[str]]]",
) -> None:
    """Write the texts of pieces as they are asked for; none where that is not possible."""
    try:
        with closing(connect(ledger.path, "ro", any_thread=True)) as connection:
            text = text_of(connection, "events", "event", Event._fields, any_types)
            # A text has no line feed in it: JSON writes it otherwise.
            query = (
                f"SELECT group_concat(text, char(10)) FROM (SELECT {text} AS text FROM events"
                " WHERE position BETWEEN ? AND ? ORDER BY position)"
            )
            while (positions := wanted.get()) is not None:
                whole = None
                try:
                    ends = positions.start, positions.stop - 1
                    (whole,) = connection.execute(query, ends).fetchone()
                except DatabaseError:
                    pass  # Whoever reads the cells says what it is.
                written.put((positions, whole.split("\n") if whole else []))
    except (DatabaseError, LedgerUnusable):
        while (positions := wanted.get()) is not None:
            written.put((positions, []))
