"""Knows which way goods go where a file says so by a sign or by places, not by a kind of event.

Values in, values out. Must never know a column.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from inventory_cli.core.events import KINDS
from inventory_cli.core.quantities import count_of
from inventory_cli.errors import WrongUsage
from inventory_cli.importing.profile_keys import Outside

OTHER_SIDE = {"transferred_out": "transferred_in", "transferred_in": "transferred_out"}


class Move(NamedTuple):
    """What happened where: the quantity is signed for `adjusted` only.

    `outside` is the place that is not ours, where one such place made it what it is.
    """

    kind: str
    quantity: int
    location: str
    target: str | None
    outside: str | None = None


def by_sign(kind: str | None, change: int, location: str, target: str | None) -> Move:
    """Return what a signed change in stock means; a count is no change and is not for here.

    A sign that contradicts the kind means its opposite. Without a kind, what comes in is
    `received` and what goes out `removed`. Raises WrongUsage for any other contradiction.
    """
    if kind is None:
        if change == 0:
            raise WrongUsage("nothing came in or went out; a rule may leave such rows out")
        kind = "received" if change > 0 else "removed"
    if kind == "adjusted":
        return Move(kind, change, location, target)
    if kind == "transferred" and target is None:
        kind = "transferred_in" if change > 0 else "transferred_out"
    arrives = KINDS[kind].sign == 1 if kind in KINDS else kind == "transferred_in"
    if kind == "transferred":
        arrives = False
    if change and (change > 0) != arrives:
        opposite = OTHER_SIDE.get(kind) or (KINDS[kind].opposite if kind in KINDS else None)
        if opposite is None:
            way = "in" if change > 0 else "out"
            raise WrongUsage(f"the sign says that goods come {way}, but the row is {kind!r}")
        kind = opposite
    return Move(kind, abs(change), location, target)


def by_places(
    outside: Mapping[str, Outside], quantity: int, source: str, target: str | None
) -> Move:
    """Return what a quantity means that goes from one place to another.

    Places that match `outside` are not ours: its kinds say what coming from there, or going
    there, means. Raises WrongUsage where they do not say, or neither place is ours.
    """
    if target is None:
        raise WrongUsage("the row says from where goods come, but not where they go")
    come, go = _matching(tuple(outside.items()), source), _matching(tuple(outside.items()), target)
    if come and go:
        raise WrongUsage(f"neither {source!r} nor {target!r} is a place of ours")
    if quantity <= 0:
        raise WrongUsage("a quantity that goes from one place to another is positive")
    if come is None and go is None:
        return Move("transferred", quantity, source, target)
    kind = come.come if come else go.go if go else ""
    if not kind:
        way = f"come from {source!r}" if come else f"go to {target!r}"
        raise WrongUsage(f"the profile does not say what it means that goods {way}")
    signed = -quantity if kind == "adjusted" and go else quantity
    return Move(kind, signed, *((target, None, source) if come else (source, None, target)))


@lru_cache(maxsize=65536)
def _matching(outside: tuple[tuple[str, Outside], ...], place: str) -> Outside | None:
    """Return what is said of a place, of which `*` stands for any text."""
    for pattern, meaning in outside:
        if re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), place):
            return meaning
    return None


def from_two(came: int, went: int) -> int:
    """Return the change that a column of what came in and one of what went out say together.

    Some systems write what went out as a negative number.
    """
    if came < 0:
        raise WrongUsage("what came in is never negative")
    if came and went:
        raise WrongUsage(f"something came in and went out at once: these are {count_of(2, 'row')}")
    return came - abs(went)
