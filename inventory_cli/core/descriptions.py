"""Knows what may be said of a SKU itself: its name, unit, category, supplier, minimum, barcodes.

Each fact is what was said last of it, as of a date; what was said to be "" is no longer said. Must
never know how events are stored.
"""

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from inventory_cli.core.dates import When, effective_at
from inventory_cli.core.events import DESCRIBED, KINDS, Draft, pack_details, unpack_details
from inventory_cli.core.quantities import format_quantity, parse_quantity
from inventory_cli.core.rules import Facts
from inventory_cli.core.text import clean_name, clean_text, trimmed
from inventory_cli.errors import WrongUsage

# In the details of an event of this kind; all are text. A minimum is a quantity, and barcodes are
# parted by blanks.
NAME, UNIT, CATEGORY, SUPPLIER, MINIMUM, BARCODE = FACTS = (
    "name",
    "unit",
    "category",
    "supplier",
    "minimum",
    "barcode",
)

# What is known of a SKU: a text for each fact that is said.
Description = Mapping[str, str]


def description(
    sku: str,
    said: Mapping[str, str],
    decimals: int,
    when: When,
    zone: tzinfo,
    facts: Facts,
    decimal_mark: str | None = None,
) -> Draft:
    """Return the draft that says something of a SKU. An empty text takes a fact away.

    Raises WrongUsage where nothing is said, or a fact is not what it should be.
    """
    if not said:
        raise WrongUsage(f"nothing is said of {sku}", f"say one of {', '.join(FACTS)}")
    clean = {fact: _clean(fact, text, decimals, decimal_mark) for fact, text in said.items()}
    moment, date_only = effective_at(when, KINDS[DESCRIBED].time_of_day, zone)
    return Draft(
        sku,
        "",
        DESCRIBED,
        0,
        moment,
        date_only,
        facts.reason,
        facts.reference,
        None,
        facts.id,
        None,
        pack_details({**facts.details, **clean}),
    )


def _clean(fact: str, text: str, decimals: int, decimal_mark: str | None) -> str:
    if not trimmed(text):
        return ""
    if fact == MINIMUM:
        try:
            minimum = parse_quantity(text, decimals, decimal_mark)
        except WrongUsage as error:
            raise WrongUsage(f"as minimum, {error.message}", error.hint) from None
        if minimum < 0:
            raise WrongUsage(
                f"a minimum is never negative, as {text!r} is", "'' says that there is none"
            )
        return format_quantity(minimum, decimals)
    if fact == BARCODE:
        return " ".join(dict.fromkeys(clean_name(code, "barcode") for code in text.split()))
    return clean_text(text, fact) or ""


def fact_called(name: str) -> str | None:
    """Return the fact that the header of a column names, in any case; None where it is none."""
    fact = name.strip().casefold()
    return fact if fact in FACTS else None


def facts_in(details: str | None) -> dict[str, str]:
    """Return what the details of a `described` event say of its SKU."""
    return {fact: text for fact, text in unpack_details(details).items() if fact in FACTS}


def latest(said: Iterable[str | None]) -> Description:
    """Return what is known of a SKU by the details of what described it, in fold order."""
    known: dict[str, str] = {}
    for details in said:
        known |= facts_in(details)
    return {fact: known[fact] for fact in FACTS if known.get(fact)}


def barcodes_in(details: str | None) -> list[str]:
    """Return the barcodes that a `described` event gives to its SKU."""
    return facts_in(details).get(BARCODE, "").split()


def in_words(known: Description) -> str:
    """Return what is said of a SKU in one line: `name Blue mug, unit piece`."""
    return ", ".join(f"{fact} {text}".rstrip() for fact, text in known.items())
