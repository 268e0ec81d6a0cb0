"""Knows what can be done where the database lacks batches that a replica holds: a server was lost
and another one took over, or one was put back.

Either the replica gives back what is missing, or it is set aside and made anew. Must never decide
which: a person does.
"""

from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

from inventory_cli.core.said_again import SaidAgain, say_again
from inventory_cli.errors import LedgerUnusable, WrongUsage
from inventory_cli.shared.beside import beside_path, write_beside
from inventory_cli.shared.clone import clone
from inventory_cli.shared.failures import BatchesMissing, ServerChanged
from inventory_cli.shared.ledger import SharedLedger
from inventory_cli.storage.batches import Batch, hash_of_batch, read_batches
from inventory_cli.storage.failures import file_failures
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import events_between, read_event
from inventory_cli.storage.new_file import check_free


class Lost(NamedTuple):
    """What a replica holds and the database does not: batches; their events as lines for `record`;
    and the commands that void again what their reversals voided before.

    `is_end` tells whether the database ends where they begin, so that it could take them again.
    """

    batches: list[Batch]
    lines: list[dict[str, Any]]
    commands: list[str]
    is_end: bool


def replay(ledger: SharedLedger) -> list[Batch]:
    """Take the server as it is from now on, and record again in the database what a replica holds
    behind its end; return those batches.

    Raises LedgerUnusable where something else was recorded there since.
    """
    with ledger.publishing("; nothing was recorded again"):
        try:
            after = _hold_as_it_is(ledger).batch
        except BatchesMissing as error:
            after = error.theirs.batch
            if hash_of_batch(ledger, after) != error.theirs.hash:
                raise _forked(ledger, error.theirs) from None
        lacking = read_batches(ledger, after)
        ledger.publish(after)
    _keep_timeline(ledger)
    return lacking


def take_server(ledger: SharedLedger) -> None:
    """Take the server as it is from now on, which holds all that a replica holds."""
    with ledger.publishing("; nothing was changed"):
        ledger.publish(_hold_as_it_is(ledger).batch)
    _keep_timeline(ledger)


def _keep_timeline(ledger: SharedLedger) -> None:
    _, timeline = ledger.look()
    write_beside(ledger.path, ledger.beside._replace(timeline=timeline))


def _hold_as_it_is(ledger: SharedLedger) -> Head:
    """Hold the head row of the database, whatever the server is now."""
    _, ledger.accepts = ledger.look()
    try:
        return ledger.hold()
    except ServerChanged as error:
        ledger.accepts = error.here
        return ledger.hold()


def _forked(ledger: SharedLedger, theirs: Head) -> LedgerUnusable:
    same = _last_in_both(ledger, theirs)
    mine = ledger.head().batch
    return LedgerUnusable(
        f"since batch {same} both went on: {ledger.server.place} to batch {theirs.batch}, and "
        f"{ledger.path} to batch {mine}; nothing was recorded again",
        "`inventory sync --reset` sets this file aside, makes it anew from the database, and "
        "prints what is missing as lines for `inventory record`",
    )


def _last_in_both(ledger: SharedLedger, theirs: Head) -> int:
    """Return the number of the last batch that the file and the database have in common, 0 if none:
    what lies before such a batch is the same, too.
    """
    first, last = 0, min(ledger.head().batch, theirs.batch)
    while first < last:
        middle = (first + last + 1) // 2
        link = hash_of_batch(ledger, middle)
        if link is not None and ledger.holds(Head(0, middle, "", link)):
            first = middle
        else:
            last = middle - 1
    return first


def find_lost(ledger: SharedLedger) -> Lost:
    """Return what a replica holds and the database does not. Raises WrongUsage where that is
    nothing.
    """
    theirs, _ = ledger.look()
    same = _last_in_both(ledger, theirs)
    batches = read_batches(ledger, same)
    if not batches:
        raise WrongUsage(
            f"{ledger.path} holds nothing that {ledger.server.place} does not",
            "`inventory sync` brings it up to date; `inventory sync --replay` takes another server",
        )
    actors = {header.batch: header.actor for header in batches}
    first = min((h.first_position for h in batches if h.first_position is not None), default=None)
    events = []
    if first is not None:
        positions = range(first, ledger.head().position + 1)
        events = [event for piece in events_between(ledger, positions) for event in piece]
    again = say_again(events, actors, ledger.zone, ledger.decimals)
    return Lost(batches, again.lines, _in_words(ledger, again), theirs.batch == same)


def _in_words(ledger: Ledger, again: SaidAgain) -> list[str]:
    commands = []
    for event in again.reversals:
        assert event.reverses is not None
        voided = read_event(ledger, event.reverses)
        # With one leg of a transfer the other is voided, too.
        if voided is None or voided.kind != "transferred" or voided.quantity < 0:
            commands.append(
                f"inventory reverse {event.reverses} --reason {quote(event.reason or '')}"
            )
    return commands


def aside_path(ledger: Ledger) -> Path:
    """Return the name of a replica that is set aside. Raises NotFree where it is not free."""
    path = ledger.path
    aside = path.with_name(f"{path.stem}-lost-at-{ledger.head().position}{path.suffix}")
    check_free(aside, f"move it away: {path} is to have that name")
    return aside


def set_aside(path: Path, url: str, identity: str, aside: Path) -> Head:
    """Make a replica anew from the database, and give the one of that name another; return the head
    of the new one. Where it cannot be made, everything is as before.
    """
    fresh = path.with_name(f"{path.stem}-new{path.suffix}")
    head = clone(url, fresh, identity)
    with file_failures(path):
        # What is set aside says that its log is shared, and not where: nothing is recorded in it.
        beside_path(path).unlink(missing_ok=True)
        path.rename(aside)
        fresh.rename(path)
        beside_path(fresh).rename(beside_path(path))
    return head
