"""Knows how a snapshot is taken, and a period closed by one. Must never begin with another one."""

from inventory_cli.core.text import clean_name
from inventory_cli.errors import WrongUsage
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import replay_log, whole_to
from inventory_cli.storage.snapshots import Content, Line, Snapshot, lines_of, store_snapshot


def take_snapshot(
    ledger: Ledger,
    origin: Origin,
    name: str | None,
    as_of: str,
    clock: Clock,
    closes: bool = False,
) -> tuple[Snapshot, list[Line]]:
    """Store the replayed state at the present head, effective up to `as_of` (UTC text).

    One that `closes` ends a period: from then on nothing may take effect up to `as_of` that does
    not name it.
    """
    if name is not None:
        name = clean_name(name, "snapshot name")
        if name.isdecimal():
            raise WrongUsage(
                f"a snapshot cannot be named {name!r}", "a bare number is a snapshot's id"
            )
    if closes and name is None:
        raise WrongUsage("what closes a period needs a name", "`snapshot take NAME --close`")

    def content_at(position: int) -> Content:
        # The whole log, not from an earlier snapshot: this one is evidence of its own.
        lines = lines_of(replay_log(ledger, position, as_of))
        return Content(position, lines, whole_to(ledger, position, as_of))

    taken, content = store_snapshot(ledger, origin, name, as_of, content_at, clock, closes)
    return taken, content.lines
