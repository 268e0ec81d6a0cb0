"""Knows how it is answered what is said of a date now, and was not said of it then.

Must never change anything, or know how answers are shown.
"""

from collections.abc import Iterator, Sequence

from inventory_cli.actions.ask import Cut
from inventory_cli.core.events import Stream
from inventory_cli.core.restatement import Restatement, restate
from inventory_cli.storage.batches import known_position
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import read_effects, streams_between


def restated(
    ledger: Ledger,
    cut: Cut,
    known_at: str,
    skus: Sequence[str] = (),
    location: str | None = None,
) -> Iterator[tuple[Stream, Restatement]]:
    """Give each stream, sorted, of which an event was recorded after `known_at` (UTC text) and up
    to the cut; of all SKUs or of some, at all locations or at one.
    """
    known = known_position(ledger, known_at)
    between = range(known + 1, cut.head + 1)
    for stream in sorted(streams_between(ledger, between, cut.as_of)):
        sku, place = stream
        if (not skus or sku in skus) and location in (None, place):
            then = read_effects(ledger, stream, known, cut.as_of)
            now = read_effects(ledger, stream, cut.head, cut.as_of)
            yield stream, restate(then, now, known)
