"""Knows how the two sides of a transfer that stand in two rows find each other.

Must never know a column or SQL.
"""

from collections import deque
from collections.abc import Iterator
from datetime import tzinfo

from inventory_cli.core.dates import show_effective
from inventory_cli.core.events import pack_details
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.rules import transfer
from inventory_cli.importing.rows import OneSide, Row

# What two sides share: the columns that pair them, the SKU and the quantity; and whether goods
# leave, which they do not share.
_Key = tuple[tuple[str, ...], str, int, bool]


class Pairs:
    """The sides whose other side has not been seen yet."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._waiting: dict[_Key, deque[OneSide]] = {}

    def take(self, side: OneSide) -> Row | None:
        """Return the transfer that a side completes, or keep it until the other one comes.

        The transfer takes place when the goods leave; when they arrived, if that is another
        day or time, is kept in the details. Of several sides that could be meant, the first one
        is taken: they are of the same SKU, quantity and document, so stock is the same either way.
        """
        key = (side.key, side.sku, side.quantity, not side.leaves)
        waiting = self._waiting.get(key, ())
        for place, other in enumerate(waiting):
            if other.location != side.location:
                del self._waiting[key][place]
                if not self._waiting[key]:
                    del self._waiting[key]
                return self._joined(*((side, other) if side.leaves else (other, side)))
        self._waiting.setdefault((*key[:3], side.leaves), deque()).append(side)
        return None

    def _joined(self, leaving: OneSide, arriving: OneSide) -> Row:
        """Return the transfer of two rows, each leg with what its own row says of it."""
        left, came = transfer(
            leaving.sku,
            leaving.location,
            arriving.location,
            leaving.quantity,
            leaving.when,
            self._zone,
            leaving.facts,
        )
        reason, reference, unit_cost, id, facts_details = arriving.facts
        details = dict(facts_details)
        if arriving.when != leaving.when:
            details["arrived"] = (
                show_effective(arriving.when.instant, 0, self._zone)
                if arriving.when.instant
                else arriving.when.day.isoformat()
            )
        if id is not None:
            # The key of a transfer is that of the leg that leaves.
            details["id"] = id
        came = came._replace(
            reason=reason,
            reference=reference,
            unit_cost=unit_cost,
            details=pack_details(details),
        )
        # What was there when the goods arrived says nothing about the moment when they left.
        stated = arriving.balance if arriving.when == leaving.when else None
        guessed = leaving.guessed or arriving.guessed
        return Row(leaving.line, (left, came), (leaving.balance, stated), arriving.line, guessed)

    def unpaired(self, decimals: int) -> Iterator[tuple[int, tuple[str, ...], str]]:
        """Give what is left: the line, the key, and why no other side was found for it."""
        first: dict[tuple[tuple[str, ...], str, bool], OneSide] = {}
        for sides in self._waiting.values():
            first.setdefault((sides[0].key, sides[0].sku, sides[0].leaves), sides[0])
        for sides in self._waiting.values():
            for side in sides:
                wanted = "arrives" if side.leaves else "leaves"
                reason = (
                    f"no row says that {format_quantity(side.quantity, decimals)} of {side.sku} "
                    f"{wanted}"
                )
                if other := first.get((side.key, side.sku, not side.leaves)):
                    reason += (
                        f"; line {other.line} says {format_quantity(other.quantity, decimals)}"
                        f" at {other.location}"
                    )
                yield side.line, side.key, reason
