"""Knows how two accounts of the same stock differ, in words. Must never know where they lie."""

from collections.abc import Mapping
from datetime import tzinfo
from typing import NamedTuple

from inventory_cli.core.dates import is_day, show_effective
from inventory_cli.core.events import Stream
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.replay import State
from inventory_cli.errors import LedgerUnusable


class Difference(NamedTuple):
    """A stream that is not stored as the log says: what the log says, and what was found."""

    stream: Stream
    expected: State | None
    found: State | None


def compare(expected: Mapping[Stream, State], found: Mapping[Stream, State]) -> list[Difference]:
    """Return every stream that differs, sorted by SKU and location."""
    return [
        Difference(stream, expected.get(stream), found.get(stream))
        for stream in sorted(expected.keys() | found.keys())
        if expected.get(stream) != found.get(stream)
    ]


def describe(difference: Difference, decimals: int, zone: tzinfo) -> str:
    """Return a difference as text: each value that the log says, and what stands there instead."""
    (sku, location), expected, found = difference
    where = f"{sku} at {location}"
    if found is None:
        return f"{where}: not stored, though the log has {_on_hand(expected, decimals)}"
    if expected is None:
        return f"{where}: stored as {_on_hand(found, decimals)}, but the log has no event of it"
    parts = []
    for field, wanted, stored in zip(State._fields, expected, found, strict=True):
        if wanted == stored:
            continue
        if field == "on_hand":
            shown = [format_quantity(int(value or 0), decimals) for value in (wanted, stored)]
        else:
            shown = [_moment(value, zone) for value in (wanted, stored)]
        parts.append(f"{field.replace('_', ' ')} expected {shown[0]}, found {shown[1]}")
    return f"{where}: {'; '.join(parts)}"


def _on_hand(state: State | None, decimals: int) -> str:
    return f"{format_quantity(state.on_hand if state else 0, decimals)} on hand"


def _moment(value: object, zone: tzinfo) -> str:
    if not value:
        return "nothing"
    try:
        return show_effective(str(value), int(is_day(str(value))), zone)
    except LedgerUnusable:
        return repr(value)
