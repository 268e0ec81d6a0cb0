"""Knows how the two sides of a transfer that stand in two rows find each other.

Must never know a column or SQL.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from datetime import tzinfo

from inventory_cli.core.dates import show_effective
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.rules import transfer
from inventory_cli.importing.rows import OneSide, Row

# What two sides share: the columns that pair them, and the SKU.
_Key = tuple[tuple[str, ...], str]


class Pairs:
    """The sides whose other side has not been seen yet."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._waiting: dict[_Key, deque[OneSide]] = defaultdict(deque)

    def take(self, side: OneSide) -> Row | None:
        """Return the transfer that a side completes, or keep it until the other one comes.

        The transfer takes place when the goods leave; the day of an arrival on another day is
        kept in the details. Of several sides that could be meant, the first one is taken: they
        are of the same SKU, quantity and document, so stock is the same either way.
        """
        waiting = self._waiting[side.key, side.sku]
        for other in waiting:
            if other.leaves != side.leaves and other.quantity == side.quantity:
                if other.location == side.location:
                    continue
                waiting.remove(other)
                return self._joined(*((side, other) if side.leaves else (other, side)))
        waiting.append(side)
        return None

    def _joined(self, leaving: OneSide, arriving: OneSide) -> Row:
        facts = leaving.facts
        details = {**arriving.facts.details, **facts.details}
        if arriving.when != leaving.when:
            details["arrived"] = (
                show_effective(arriving.when.instant, 0, self._zone)
                if arriving.when.instant
                else arriving.when.day.isoformat()
            )
        if arriving.facts.id and arriving.facts.id != facts.id:
            details["arrival id"] = arriving.facts.id
        facts = facts._replace(
            details=details,
            reason=facts.reason or arriving.facts.reason,
            reference=facts.reference or arriving.facts.reference,
        )
        drafts = transfer(
            leaving.sku,
            leaving.location,
            arriving.location,
            leaving.quantity,
            leaving.when,
            self._zone,
            facts,
        )
        return Row(leaving.line, drafts, rows=2)

    def unpaired(self, decimals: int) -> Iterator[tuple[int, tuple[str, ...], str]]:
        """Give what is left: the line, the key, and why no other side was found for it."""
        for (key, sku), sides in self._waiting.items():
            for side in sides:
                wanted = "arrives" if side.leaves else "leaves"
                reason = (
                    f"no row says that {format_quantity(side.quantity, decimals)} of {sku} {wanted}"
                )
                if near := [other for other in sides if other.leaves != side.leaves]:
                    found = near[0]
                    reason += (
                        f"; line {found.line} says {format_quantity(found.quantity, decimals)}"
                        f" at {found.location}"
                    )
                yield side.line, key, reason
