"""Knows which way goods go where a file says so by a sign or by places, not by a kind of event.

Values in, values out. Must never know a column.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from inventory_cli.core.events import KINDS
from inventory_cli.errors import WrongUsage
from inventory_cli.importing.profile_keys import Outside

# Which kinds, or sides of a transfer, bring goods in, and which take them out. A transfer as a
# whole, an adjustment and a count do neither by themselves.
ARRIVES = frozenset(("transferred_in", *(k.name for k in KINDS.values() if k.sign == 1))) - {
    "transferred",
    "adjusted",
}
LEAVES = frozenset(("transferred_out", *(k.name for k in KINDS.values() if k.sign == -1)))
_OPPOSITE = {
    "transferred_out": "transferred_in",
    "transferred_in": "transferred_out",
    **{kind.name: kind.opposite for kind in KINDS.values() if kind.opposite is not None},
}


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
        kind = "received" if change > 0 else "removed"
    if kind == "adjusted":
        return Move(kind, change, location, target)
    if kind == "transferred" and target is None:
        kind = "transferred_in" if change > 0 else "transferred_out"
    if change and (change > 0) != (kind in ARRIVES):
        if kind not in _OPPOSITE:
            way = "in" if change > 0 else "out"
            raise WrongUsage(f"the sign says that goods come {way}, but the row is {kind!r}")
        kind = _OPPOSITE[kind]
    return Move(kind, abs(change), location, target)


def by_places(
    outside_of: Callable[[str], Outside | None], quantity: int, source: str, target: str | None
) -> Move:
    """Return what a quantity means that goes from one place to another.

    `outside_of` tells of a place that is not ours what coming from there, or going there, means,
    as `outside_finder` makes it. Raises WrongUsage where they do not say, or neither place is ours.
    """
    if target is None:
        raise WrongUsage("the row says from where goods come, but not where they go")
    come, go = outside_of(source), outside_of(target)
    if come and go:
        raise WrongUsage(f"neither {source!r} nor {target!r} is a place of ours")
    if quantity < 0:
        raise WrongUsage("a quantity that goes from one place to another is positive")
    if come is None and go is None:
        return Move("transferred", quantity, source, target)
    kind = come.come if come else go.go if go else ""
    if not kind:
        way = f"come from {source!r}" if come else f"go to {target!r}"
        raise WrongUsage(f"the profile does not say what it means that goods {way}")
    signed = -quantity if kind == "adjusted" and go else quantity
    return Move(kind, signed, *((target, None, source) if come else (source, None, target)))


def outside_finder(outside: Mapping[str, Outside]) -> Callable[[str], Outside | None]:
    """Return what finds the meaning of a place; `*` in the names of `outside` is any text."""
    patterns = [
        (re.compile(".*".join(map(re.escape, name.split("*")))), meaning)
        for name, meaning in outside.items()
    ]

    @lru_cache(maxsize=65536)
    def find(place: str) -> Outside | None:
        return next((meaning for pattern, meaning in patterns if pattern.fullmatch(place)), None)

    return find


def from_two(came: int, went: int) -> int:
    """Return the change that a column of what came in and one of what went out say, of which one is
    0: a row that has both is two.

    Some systems write what went out as a negative number.
    """
    if came < 0:
        raise WrongUsage("what came in is never negative")
    return came - abs(went)
