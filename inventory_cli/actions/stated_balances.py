"""Knows how the balances that a file states are compared with the log, before it is recorded.

Must never know how a balance is spelled, or what becomes of a file whose balances break.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import NamedTuple

from inventory_cli.actions.file_lines import FileLines
from inventory_cli.core.balances import Break, find_breaks, over_places
from inventory_cli.core.events import Stream, is_stock
from inventory_cli.core.replay import Step, steps
from inventory_cli.core.wording import count_of
from inventory_cli.importing.tally import Foremost
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import locations_of, read_stream

# A break, behind the line of the file that shows it.
Shown = tuple[int, Break]


class Broken(NamedTuple):
    """How many balances of a file break, and those that stand first in it.

    `cut` of them show 0 where more left than there was. They are the balances of `timelines`
    streams or, `over_places`, of as many SKUs over all their places.
    """

    breaks: Foremost[Shown]
    cut: int = 0
    timelines: int = 0
    over_places: bool = False

    def in_words(self) -> str:
        """Return whose balances they are, as a statement."""
        of = count_of(self.timelines, "SKU" if self.over_places else "stream")
        return f"the balances of {of} are not those of the log"


def compare_balances(
    ledger: Ledger,
    lines: FileLines,
    streams: Iterable[Stream],
    last: int,
    tell: Callable[[int, Break, bool], object],
) -> Broken:
    """Return where the balances break that a file states of some streams.

    The log is read up to the position `last`. Whether a balance is that of a SKU at its place, or
    over all places, is told by what breaks less often. `tell` is told of every break, its line, and
    whether it is one over all places, SKU by SKU.
    """
    touched = [stream for stream in streams if is_stock(stream)]
    by_stream = partial(_breaks_of_streams, ledger, lines, touched, last)
    by_sku = partial(_breaks_of_skus, ledger, lines, dict.fromkeys(sku for sku, _ in touched), last)
    count = sum(1 for _ in by_stream())
    if not count:
        return Broken(Foremost())
    fewer = sum(1 for _ in islice(by_sku(), count))
    in_all = fewer < count
    breaks, cut, timelines = Foremost[Shown](), 0, set()
    for found in by_sku() if in_all else by_stream():
        line = lines.line_of(found.event.position) or 0
        tell(line, found, in_all)
        breaks.add((line, found))
        cut += found.is_cut
        timelines.add(found.event.sku if in_all else found.event.stream)
    return Broken(breaks, cut, len(timelines), in_all)


def _breaks_of_streams(
    ledger: Ledger, lines: FileLines, streams: Collection[Stream], last: int
) -> Iterator[Break]:
    for stream in streams:
        timeline = _timeline(ledger, stream, last)
        yield from find_breaks(timeline, lines.line_of, lines.stated, ledger.zone)


def _breaks_of_skus(
    ledger: Ledger, lines: FileLines, skus: Collection[str], last: int
) -> Iterator[Break]:
    for sku in skus:
        timelines = [_timeline(ledger, (sku, at), last) for at in locations_of(ledger, sku)]
        timeline = over_places(timelines)
        yield from find_breaks(timeline, lines.line_of, lines.stated, ledger.zone)


def _timeline(ledger: Ledger, stream: Stream, last: int) -> Iterator[Step]:
    return steps(chain.from_iterable(read_stream(ledger, stream, last)))
