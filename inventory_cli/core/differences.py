"""Knows how two accounts of the same stock differ, in words and in values.

Must never know where they lie; what was stored may be of any type.
"""

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
    differing = [
        stream
        for stream in expected.keys() | found.keys()
        if expected.get(stream) != found.get(stream)
    ]
    return [
        Difference(stream, expected.get(stream), found.get(stream))
        for stream in sorted(differing, key=lambda stream: [str(part) for part in stream])
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
            shown = [_quantity(value, decimals) for value in (wanted, stored)]
        else:
            shown = [_moment(value, zone) or "nothing" for value in (wanted, stored)]
        parts.append(f"{field.replace('_', ' ')} expected {shown[0]}, found {shown[1]}")
    return f"{where}: {'; '.join(parts)}"


Value = int | str | None


def values_of(difference: Difference, decimals: int, zone: tzinfo) -> tuple[Value, Value]:
    """Return the first value of a stream that differs, as the log says and as it was found.

    That is what is on hand, else a date. A quantity is text where there are decimals.
    """
    _, expected, found = difference
    if expected is None or found is None or expected.on_hand != found.on_hand:
        wanted, stored = (state and _exact(state.on_hand, decimals) for state in (expected, found))
        return wanted, stored
    pairs = zip(expected, found, strict=True)
    wanted, stored = next(pair for pair in pairs if pair[0] != pair[1])
    return _moment(wanted, zone), _moment(stored, zone)


def _on_hand(state: State | None, decimals: int) -> str:
    return f"{_quantity(state.on_hand if state else 0, decimals)} on hand"


def _quantity(value: object, decimals: int) -> str:
    return format_quantity(value, decimals) if isinstance(value, int) else repr(value)


def _exact(value: object, decimals: int) -> int | str:
    return value if isinstance(value, int) and not decimals else _quantity(value, decimals)


def _moment(value: object, zone: tzinfo) -> str | None:
    if value is None or value == "":
        return None
    try:
        return show_effective(str(value), int(is_day(str(value))), zone)
    except LedgerUnusable:
        return repr(value)
