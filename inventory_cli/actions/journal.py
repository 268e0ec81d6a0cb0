"""Knows how the log is given as a journal of hledger. Must never change anything."""

from collections.abc import Iterator
from itertools import groupby

from inventory_cli.core.journal import journal_begins, transaction
from inventory_cli.core.replay import steps
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.timeline import standing_events


def journal(ledger: Ledger) -> Iterator[str]:
    """Give the journal piece by piece: the events that stand, stream by stream.

    What was voided, and what voids it, is left out.
    """
    head = ledger.head()
    yield journal_begins(head.anchor, ledger.settings.timezone)
    for _, events in groupby(standing_events(ledger, head.position), lambda event: event.stream):
        for step in steps((event, None) for event in events):
            yield transaction(step, ledger.decimals, ledger.zone)
