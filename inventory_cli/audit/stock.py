"""Knows how the stored stock is held against what the log replays to.

Must never know how either was read.
"""

from collections.abc import Mapping

from inventory_cli.audit.finding import Checked, Finding
from inventory_cli.audit.replayed import Replayed
from inventory_cli.audit.since import Recent
from inventory_cli.core.differences import compare, describe, values_of
from inventory_cli.core.events import Stream
from inventory_cli.core.replay import State
from inventory_cli.storage.ledger_file import Ledger


def compare_stock(
    ledger: Ledger,
    stock: Recent | Replayed,
    stored: dict[Stream, State] | Finding,
    broken: Mapping[Stream, int],
) -> Checked:
    """Return in what the stored stock differs from a replay, given the first event of each stream
    that is `broken`; or that it could not be read.
    """
    if isinstance(stored, Finding):
        return Checked(stock.name, [stored], [])
    comparable, notes = stock.comparable(stored)
    found = []
    for difference in compare(stock.states, comparable):
        text = describe(difference, ledger.decimals, ledger.zone)
        position = broken.get(difference.stream)
        if position is not None:
            text += f"; the first event of it that cannot be trusted is {position}"
        values = values_of(difference, ledger.decimals, ledger.zone)
        found.append(Finding("stock", text, *difference.stream, position, *values))
    return Checked(stock.name, found, notes)
