"""Events written as a line each, for tables of what happens to one stream.

`1 Mar received 100`, `15 Mar 14:30 sold 20`, `voids 2`; all in 2022, in UTC, of `A` at `main`.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from inventory_cli.core.dates import parse_when, utc_text
from inventory_cli.core.events import Draft, Effect, Event, pack_details
from inventory_cli.core.rules import Facts, movement

NOW = datetime(2022, 12, 31, 12, tzinfo=UTC)
_LINE = re.compile(r"(\d+ \w+)( \d\d:\d\d)? (\w+) (-?\d+)((?: \w+=\S+)*)")


def draft(line: str, before: list[Event]) -> Draft:
    """Return what a line says, as it would be recorded behind the events before it."""
    if voids := re.fullmatch(r"voids (\d+)", line):
        event = before[int(voids[1]) - 1]
        return event.said._replace(kind="reversed", quantity=0, reverses=event.position)
    found = _LINE.fullmatch(line)
    assert found, line
    day, clock, kind, quantity, more = found.groups()
    when = parse_when(f"{day} 2022{clock or ''}", NOW, UTC)
    details = dict(pair.split("=") for pair in more.split())
    return movement(kind, "A", "main", int(quantity), when, UTC, Facts("why", details=details))


def log(*lines: str) -> list[Event]:
    """Return the events of some lines, in the order in which they were recorded."""
    events: list[Event] = []
    for position, line in enumerate(lines, start=1):
        events.append(Event(position, 1, *draft(line, events)))
    return events


def with_voids(events: Iterable[Event]) -> list[tuple[Event, int | None]]:
    """Return the events of one stream in fold order, each with what voids it, as one reads them."""
    stream = sorted(events, key=lambda event: (event.effective_at, event.position))
    voided_by = {event.reverses: event.position for event in stream if event.reverses is not None}
    return [(event, voided_by.get(event.position)) for event in stream]


def effects(events: Iterable[Event]) -> list[Effect]:
    """Return what a fold wants to know of the events of one stream, in fold order."""
    return [
        (
            event.position,
            event.kind,
            event.quantity,
            event.effective_at,
            event.date_only,
            voided_by,
            event.details if event.kind == "opened" else None,
        )
        for event, voided_by in with_voids(events)
    ]


def moment(text: str) -> str:
    """Return a date of 2022, like `15 Mar 14:30`, as UTC text."""
    return utc_text(datetime.strptime(f"2022 {text}", "%Y %d %b %H:%M").replace(tzinfo=UTC))


def details(**pairs: str) -> str | None:
    """Return details as they are stored."""
    return pack_details(pairs)
