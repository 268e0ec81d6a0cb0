"""Knows how quantity text and exact integers correspond. Must never know a float."""

import re
from typing import TYPE_CHECKING

from inventory_cli.errors import WrongUsage

if TYPE_CHECKING:
    from fractions import Fraction  # Few commands need one; it takes long to import.

MOST_DECIMALS = 9
RATIO_DECIMALS = 4
# Keeps every on-hand figure well inside the 64 bits that SQLite stores.
MOST_DIGITS = 18
LARGEST_ON_HAND = 2**63 - 1

_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]*))?|([+-]?)\.([0-9]+)", re.ASCII)
# A figure whose marks may part thousands, or be a decimal mark if there is only one.
_TWO_WAYS = re.compile(r"([+-]?)([1-9][0-9]{0,2})((?:[.,][0-9]{3})+)", re.ASCII)
# Digits that marks part by threes, or nothing does. What begins with 0 has no thousands.
_WHOLE = re.compile(
    r"[+-]?(?:[0-9]*|[1-9][0-9]{0,2}([.,' \u00a0\u202f\u2019])[0-9]{3}(?:\1[0-9]{3})*)", re.ASCII
)
# A long figure is no quantity, and takes long to be read.
_LONGEST = 100
_FIGURES = "write it in figures, like 20"


def keeps_thousandths(decimals: int) -> bool:
    """Tell whether a ledger keeps as many decimals as stand behind the mark of `1.000`."""
    return decimals >= 3


def decimal_marks(text: str) -> str:
    """Return the decimal marks with which a figure is a number.

    Both for `12` and `1.000`, and one for a figure that shows it, like `0.5` or `2.500.000`.
    """
    return "".join(mark for mark in ".," if _is_number(text, mark))


def _is_number(text: str, decimal_mark: str) -> bool:
    try:
        return _NUMBER.fullmatch(without_marks(text, decimal_mark)) is not None
    except WrongUsage:
        return False


def two_readings(text: str) -> tuple[str, str] | None:
    """Return the readings of a figure like `1.000`: with a decimal mark, and with thousands.

    None where there is one reading only.
    """
    number = _signed(text)
    if len(number) > _LONGEST or not (found := _TWO_WAYS.fullmatch(number)):
        return None
    sign, first, groups = found.groups()
    if len(groups) > len(".000"):
        return None  # Two marks cannot be decimal marks.
    fraction = groups[1:].rstrip("0")
    return f"{sign}{first}{fraction and '.'}{fraction}", f"{sign}{first}{groups[1:]}"


_MINUS = {ord(sign): "-" for sign in "\u2212▲△"}


def _signed(text: str) -> str:
    """Return a number with its sign before it: for `5-`, `(5)`, `−5` and, in Japan, `▲5` too."""
    number = text.strip().translate(_MINUS)
    if number.endswith("-") and not number.startswith(("-", "+", "(")):
        return f"-{number[:-1].rstrip()}"
    if number.startswith("(") and number.endswith(")") and number[1:2] not in ("-", "+"):
        return f"-{number[1:-1].strip()}"
    return number


def without_marks(text: str, decimal_mark: str) -> str:
    """Return a number of which the decimal mark is known, with a decimal point and no other marks.

    With the mark `,` that is `1234.5` for `1.234,5`, `1 234,5` and `1'234,5`. Raises WrongUsage
    where other marks do not part the digits by threes.
    """
    number = _signed(text)
    whole, mark, fraction = number.partition(decimal_mark)
    if len(number) > _LONGEST or not _WHOLE.fullmatch(whole):
        raise WrongUsage(
            f"quantity {text!r} is not a number with the decimal mark {decimal_mark!r}"
        )
    digits = re.sub(r"[^0-9+-]", "", whole)
    return f"{digits}.{fraction}" if mark else digits


def parse_quantity(text: str, decimals: int, decimal_mark: str | None = None) -> int:
    """Return the quantity in smallest units: with 2 decimals, `1.5` is 150.

    Zeros behind the ledger's last decimal are harmless and accepted (`5.0` is 5). Raises
    WrongUsage for anything that is not an exact decimal number of that many decimals, and for what
    is one in two ways, unless the ledger keeps as many decimals or the decimal mark is said.
    """
    if len(text) > _LONGEST:
        raise WrongUsage(
            f"quantity {text[:20]!r}… has {len(text)} characters, as no number has", _FIGURES
        )
    plain = text
    if decimal_mark is not None:
        plain = without_marks(text, decimal_mark)
    elif not keeps_thousandths(decimals) and (readings := two_readings(text)):
        fits = [one for one in readings if len(one.partition(".")[2]) <= decimals]
        raise WrongUsage(
            f"quantity {text!r} can be read as {' or as '.join(readings)}",
            f"write {' or '.join(fits)}; for a file, --decimal-mark says what its marks are",
        )
    number = _NUMBER.fullmatch(_signed(plain))
    if number is None:
        hint = _FIGURES
        if re.fullmatch(r"[+-]?[0-9][0-9.,' \u00a0]*", text.strip()):
            hint = "write it without thousands marks and with a decimal point, like 1234.5"
        raise WrongUsage(f"quantity {text!r} is not a decimal number", hint)
    sign, whole, fraction = number[1] or number[4] or "", number[2] or "0", number[3] or number[5]
    fraction = (fraction or "").rstrip("0")
    if len(fraction) > decimals:
        keeps = _places(decimals) if decimals else "whole units"
        raise WrongUsage(
            f"quantity {text!r} has {_places(len(fraction))}, but this ledger keeps {keeps}",
            "the number of decimals is fixed when a ledger is made: `inventory init --decimals N`",
        )
    digits = (whole + fraction.ljust(decimals, "0")).lstrip("0")
    if len(digits) > MOST_DIGITS:
        raise WrongUsage(
            f"quantity {text!r} has more than {MOST_DIGITS} digits",
            "is it a code that was scanned? the SKU comes first, and then how much",
        )
    value = int(digits or "0")
    return -value if sign == "-" else value


def _places(number: int) -> str:
    return f"{number} decimal{'' if number == 1 else 's'}"


def format_quantity(value: int, decimals: int) -> str:
    """Return a quantity of smallest units as text, with exactly the ledger's decimals."""
    if decimals == 0:
        return str(value)
    digits = str(abs(value)).rjust(decimals + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}"


def exact(quantity: int, decimals: int) -> int | str:
    """Return a quantity as JSON shows it: an integer, or text where there are decimals."""
    return format_quantity(quantity, decimals) if decimals else quantity


def format_ratio(value: "Fraction", decimals: int = 0) -> str:
    """Return a ratio or a mean as text, rounded once to RATIO_DECIMALS, half to even.

    Where it is one of quantities in smallest units, `decimals` are the ledger's.
    """
    unit = value.denominator * 10**decimals
    whole, rest = divmod(value.numerator * 10**RATIO_DECIMALS, unit)
    up = 2 * rest > unit or (2 * rest == unit and whole % 2 == 1)
    return format_quantity(whole + up, RATIO_DECIMALS)


def parse_unit_cost(text: str) -> str:
    """Return an exact, not negative decimal as plain text, as many decimals as were given."""
    number = _NUMBER.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if number is None or "-" in (number[1], number[4]):
        raise WrongUsage(
            f"unit cost {text!r} is not a decimal number of zero or more",
            "write what one unit cost, without a currency, like 3.20",
        )
    whole, fraction = (number[2] or "0").lstrip("0") or "0", number[3] or number[5] or ""
    if len(whole) + len(fraction) > 2 * MOST_DIGITS:
        raise WrongUsage(f"unit cost {text!r} has more than {2 * MOST_DIGITS} digits", "round it")
    return f"{whole}.{fraction}" if fraction else whole
