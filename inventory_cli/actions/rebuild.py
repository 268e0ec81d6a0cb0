"""Knows how everything that is not the log is made anew from it."""

from typing import Any

from inventory_cli.core.differences import compare, describe
from inventory_cli.core.events import Stream
from inventory_cli.core.offsets import offsets_of
from inventory_cli.core.replay import State
from inventory_cli.storage import schema
from inventory_cli.storage.failures import DatabaseError
from inventory_cli.storage.ledger_file import Ledger, Written
from inventory_cli.storage.log import last_position, replay_log
from inventory_cli.storage.offsets import store_offsets, stored_offsets
from inventory_cli.storage.stock import store_states, stored_states


def rebuild(ledger: Ledger) -> tuple[int, list[str], list[str]]:
    """Replay the log into a new projection, and put back guards, indexes, views and the
    offsets of the zone.

    Returns how many streams there are, what had differed, and what of the schema still does,
    because it is not derived. All in one transaction.
    """
    with ledger.writing():
        before = schema.differences(ledger.connection)
        stored, offsets = _stored(ledger), _offsets(ledger)
        schema.restore_derived(ledger.connection)
        store_offsets(ledger.connection, ledger.zone)
        replayed = replay_log(ledger, last_position(ledger))
        store_states(ledger, replayed)
        remaining = schema.differences(ledger.connection)
        ledger.commit(
            Written(
                lambda: _is_rebuilt(ledger, remaining),
                "the stock made anew",
                "run `inventory rebuild` again",
            )
        )
    differed = [text for text in before if text not in remaining]
    if offsets not in (None, offsets_of(ledger.zone)):
        differed.append(f"zone_offsets is not what the rules of {ledger.zone} say")
    if stored is not None:
        differed += [
            describe(difference, ledger.decimals, ledger.zone)
            for difference in compare(replayed, stored)
        ]
    return len(replayed), differed, remaining


def _is_rebuilt(ledger: Ledger, remaining: list[str]) -> bool:
    return (
        schema.differences(ledger.connection) == remaining
        and _offsets(ledger) == offsets_of(ledger.zone)
        and _stored(ledger) == replay_log(ledger, last_position(ledger))
    )


def _stored(ledger: Ledger) -> dict[Stream, State] | None:
    """Return the projection as it was, or None where its table is gone or altered."""
    try:
        return stored_states(ledger)
    except DatabaseError:
        return None


def _offsets(ledger: Ledger) -> tuple[tuple[Any, ...], ...] | None:
    """Return the offsets of the zone as they were, or None where their table is gone or altered."""
    try:
        return tuple(stored_offsets(ledger.connection))
    except DatabaseError:
        return None
