"""Knows how events that were recorded are said again: as the lines that `record` reads.

Must never know why they have to be.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from inventory_cli.core.dates import show_effective
from inventory_cli.core.descriptions import FACTS
from inventory_cli.core.events import DESCRIBED, RESERVED_DETAILS, Event, unpack_details
from inventory_cli.core.quantities import exact


class SaidAgain(NamedTuple):
    """Lines for `record`, as values of JSON; and the reversals of earlier events, which `reverse`
    records.
    """

    lines: list[dict[str, Any]]
    reversals: list[Event]


def say_again(
    events: Sequence[Event], actors: Mapping[int, str], zone: tzinfo, decimals: int
) -> SaidAgain:
    """Return what says events at the end of a log again, in their order. `actors` are those who
    recorded their batches. An event that one of them voids is left out with that one.
    """
    positions = {event.position for event in events}
    voided = {event.reverses for event in events}
    standing = [event for event in events if event.position not in voided]
    lines = [
        _line(event, to_location, actors[event.batch], zone, decimals)
        for event, to_location in _legs_joined(e for e in standing if e.kind != "reversed")
    ]
    reversals = [e for e in standing if e.kind == "reversed" and e.reverses not in positions]
    return SaidAgain(lines, reversals)


def _legs_joined(events: Iterable[Event]) -> Iterable[tuple[Event, str | None]]:
    """Give the events, of a transfer the leg that leaves alone, with the place where it arrives."""
    leaving = None
    for event in events:
        if event.kind != "transferred":
            yield event, None
        elif leaving is None:
            leaving = event
        else:
            yield leaving, event.location
            leaving = None


def _line(
    event: Event, to_location: str | None, actor: str, zone: tzinfo, decimals: int
) -> dict[str, Any]:
    details = unpack_details(event.details)
    own = (*RESERVED_DETAILS, *(FACTS if event.kind == DESCRIBED else ()))
    quantity = abs(event.quantity) if to_location is not None else event.quantity
    is_described = event.kind == DESCRIBED
    line: dict[str, Any] = {
        "type": event.kind,
        "sku": event.sku,
        "quantity": None if is_described else exact(quantity, decimals),
        "date": show_effective(event.effective_at, event.date_only, zone),
        "location": event.location or None,
        "to_location": to_location,
        "reason": event.reason,
        "reference": event.reference,
        "unit_cost": event.unit_cost,
        "id": event.id,
        "by": details.pop("by", actor),
        **{key: details.pop(key) for key in own if key in details},
        "details": details or None,
    }
    return {key: value for key, value in line.items() if value is not None}
