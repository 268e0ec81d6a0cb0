"""Knows how money is kept exactly: as whole millionths, rounded half-even where it must be.

Must never know a float, or which currency it is.
"""

from functools import lru_cache

from inventory_cli.core.quantities import format_quantity, parse_unit_cost
from inventory_cli.errors import WrongUsage, damaged

# The places to which an amount is kept, and those that are always shown.
PLACES = 6
_SHOWN_AT_LEAST = 2


def share(amount: int, part: int, whole: int) -> int:
    """Return amount × part ÷ whole, rounded half-even; `whole` is above 0."""
    quotient, rest = divmod(amount * part, whole)
    return quotient + (2 * rest > whole or (2 * rest == whole and quotient % 2))


def cost_of(quantity: int, decimals: int, unit_cost: str) -> int:
    """Return in millionths what a quantity of smallest units cost, at an exact unit cost.

    Raises LedgerUnusable where that is no number.
    """
    digits, places = _read(unit_cost)
    return share(digits * 10**PLACES, quantity, 10 ** (places + decimals))


@lru_cache(maxsize=4096)
def _read(unit_cost: str) -> tuple[int, int]:
    """Return a decimal number as its digits, and how many of them are behind the point."""
    try:
        whole, _, fraction = parse_unit_cost(unit_cost).partition(".")
    except (WrongUsage, TypeError):
        raise damaged(f"{repr(unit_cost)[:60]} stands where a unit cost belongs") from None
    return int(whole + fraction), len(fraction)


def show_money(amount: int) -> str:
    """Return millionths as exact text: two decimals, or as many as there are, at most six."""
    text = format_quantity(amount, PLACES)
    shortest = len(text) - PLACES + _SHOWN_AT_LEAST
    return text[:shortest] + text[shortest:].rstrip("0")
