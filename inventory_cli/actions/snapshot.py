"""Knows how a snapshot is taken, and a period closed by one. Must never begin with another one."""

from collections.abc import Mapping

from inventory_cli.actions.append import refuse_ended
from inventory_cli.core.dates import show_cut, utc_text
from inventory_cli.core.periods import check_over
from inventory_cli.core.text import clean_name
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import replay_log, whole_to
from inventory_cli.storage.snapshots import (
    Content,
    Line,
    Snapshot,
    find_snapshot,
    lines_of,
    read_closings,
    store_snapshot,
)


def take_snapshot(
    ledger: Ledger,
    origin: Origin,
    name: str | None,
    as_of: str,
    clock: Clock,
    closes: bool = False,
    details: Mapping[str, str] = {},
) -> tuple[Snapshot, list[Line]]:
    """Store the replayed state at the present head, effective up to `as_of` (UTC text).

    One that `closes` ends a period: from then on nothing may take effect up to `as_of` that does
    not name it. `details` go into the header of its batch. Raises WrongUsage when that is not over,
    or the name cannot be one, and Refused when the name is taken, or the period closed already.
    """
    name = _checked_name(name, closes)
    if closes:
        now = max(utc_text(clock()), ledger.head().recorded_at)
        check_over(as_of, now, ledger.zone)
    # Replayed before the lock is taken, so as not to keep others from recording meanwhile; for one
    # that closes a period under it, so that nothing enters the period between.
    content = None if closes else _content(ledger, as_of)
    with ledger.appending():
        refuse_ended(ledger)
        if name is not None and find_snapshot(ledger, name):
            raise Refused(f"there is a snapshot {name!r} already", "choose another name")
        if closes:
            _refuse_closed(ledger, as_of)
        content = content or _content(ledger, as_of)
        recorded_at = max(utc_text(clock()), ledger.head().recorded_at)
        taken = store_snapshot(ledger, origin, name, as_of, content, recorded_at, closes, details)
    return taken, content.lines


def _checked_name(name: str | None, closes: bool) -> str | None:
    if name is None:
        if closes:
            raise WrongUsage("what closes a period needs a name", "`snapshot take NAME --close`")
        return None
    name = clean_name(name, "snapshot name")
    if name.isdecimal():
        raise WrongUsage(f"a snapshot cannot be named {name!r}", "a bare number is a snapshot's id")
    return name


def _content(ledger: Ledger, as_of: str) -> Content:
    position = ledger.head().position
    # The whole log, not from an earlier snapshot: this one is evidence of its own.
    lines = lines_of(replay_log(ledger, position, as_of))
    return Content(position, lines, whole_to(ledger, position, as_of))


def _refuse_closed(ledger: Ledger, as_of: str) -> None:
    closings = read_closings(ledger)
    if closings and as_of <= closings[-1].as_of:
        last = show_cut(closings[-1].as_of, ledger.zone)
        raise Refused(
            f"the period up to {last} is closed already ({closings[-1].name})",
            "a later date closes the next period",
        )
