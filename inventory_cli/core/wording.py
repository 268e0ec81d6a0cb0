"""Knows how counts, lists, events and streams are put into words, for all messages alike.

Must never know who is told, or where the words stand.
"""

from collections.abc import Sequence
from datetime import tzinfo
from shlex import quote

from inventory_cli.core.dates import say_effective
from inventory_cli.core.events import DESCRIBED, KINDS, SIGNED, Draft, Event
from inventory_cli.core.quantities import format_quantity

# How many problems, or other things worth a word, of one command are shown one by one.
MOST_SHOWN = 20


def count_of(number: int, noun: str) -> str:
    """Return how many there are of something: `1 row`, `2 rows`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def first_of(lines: Sequence[str], most: int = MOST_SHOWN) -> list[str]:
    """Return the first of some lines, with one more that counts the rest, if there is a rest."""
    return [*lines[:most], *and_more(len(lines) - most)]


def and_more(rest: int, where: str = "") -> list[str]:
    """Return the line that says how many more there are than those shown, if any, and where."""
    return [f"and {rest} more{where}"] if rest > 0 else []


def signed(quantity: int, decimals: int) -> str:
    """Return a change with its sign: `+5`, `-5`, `0`."""
    return ("+" if quantity > 0 else "") + format_quantity(quantity, decimals)


def command_about(sku: str, command: str, options: str = "") -> str:
    """Return a command about a SKU as it is typed; one that begins like an option stands last."""
    words = f"{options} -- {quote(sku)}" if sku.startswith("-") else f" {quote(sku)}{options}"
    return f"inventory {command}{words}"


def event_in_words(event: Event) -> str:
    """Return which event is meant, and of what: `event 7 (sold XYZ-1 at main)`."""
    return f"event {event.position} ({event.kind} {_place(event.sku, event.location)})"


def _place(sku: str, location: str) -> str:
    """Return where a SKU lies; what describes one is nowhere."""
    return f"{sku} at {location}" if location else sku


def recorded_in_words(event: Event, decimals: int, zone: tzinfo) -> str:
    """Return what an event says happened: `sold 20 of XYZ-1 at main on 2022-03-15`."""
    on = say_effective(event.effective_at, event.date_only, zone)
    if event.kind == "reversed":
        what = f"reversed event {event.reverses}: {_place(event.sku, event.location)}"
    elif event.kind == DESCRIBED:
        what = f"described {event.sku}"
    else:
        show = signed if event.kind in SIGNED else format_quantity
        what = f"{event.kind} {show(event.quantity, decimals)} of {event.sku} at {event.location}"
    return f"{what} on {on}"


def command_in_words(draft: Draft, decimals: int, zone: tzinfo) -> str:
    """Return a draft in the words of its command: `sell 30 of XYZ-1 at main on 2022-03-15`."""
    if draft.kind == "reversed":
        return f"reverse event {draft.reverses}"
    if draft.kind == DESCRIBED:
        return f"describe {draft.sku}"
    show = signed if draft.kind == "adjusted" else format_quantity
    quantity = draft.quantity if draft.kind == "adjusted" else abs(draft.quantity)
    on = say_effective(draft.effective_at, draft.date_only, zone)
    return (
        f"{KINDS[draft.kind].command} {show(quantity, decimals)} of {draft.sku} "
        f"{'from' if draft.kind == 'transferred' else 'at'} {draft.location} on {on}"
    )
