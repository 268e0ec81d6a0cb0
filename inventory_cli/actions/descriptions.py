"""Knows what is known of the SKUs themselves, as of a date: what they are called, their minimum,
and which SKU a barcode means.

Must never know how it is shown.
"""

from collections.abc import Mapping, Sequence

from inventory_cli.core.dates import END_OF_TIME, shifted
from inventory_cli.core.descriptions import BARCODE, MINIMUM, NAME, Description, latest
from inventory_cli.core.events import DESCRIBED, Draft, pack_details
from inventory_cli.core.quantities import parse_quantity
from inventory_cli.storage.descriptions import said_of
from inventory_cli.storage.ledger_file import Ledger


def descriptions(
    ledger: Ledger, head: int, as_of: str = END_OF_TIME, skus: Sequence[str] = ()
) -> dict[str, Description]:
    """Return what is known of SKUs at a position and a moment (UTC text); of all, or of some."""
    return {sku: latest(said) for sku, said in said_of(ledger, head, as_of, skus)}


def names(ledger: Ledger, head: int, as_of: str, skus: Sequence[str] = ()) -> Mapping[str, str]:
    """Return what SKUs are called; those without a name are not in it."""
    found = descriptions(ledger, head, as_of, skus)
    return {sku: known[NAME] for sku, known in found.items() if NAME in known}


def minimum_of(ledger: Ledger, head: int, as_of: str) -> Mapping[str, int]:
    """Return the minimum of each SKU that has one, in smallest units."""
    found = descriptions(ledger, head, as_of)
    return {
        sku: parse_quantity(known[MINIMUM], ledger.decimals, ".")
        for sku, known in found.items()
        if MINIMUM in known
    }


def described_anew(ledger: Ledger, head: int, cut: str) -> list[Draft]:
    """Return what says all that is known of SKUs once more, right behind a cut (UTC text)."""
    at = shifted(cut, 1)
    found = descriptions(ledger, head, cut)
    return [
        Draft(sku, "", DESCRIBED, 0, at, 1, details=pack_details(known))
        for sku, known in found.items()
        if known
    ]


def skus_by_barcode(ledger: Ledger) -> dict[str, list[str]]:
    """Return the SKUs of each barcode, by what was said last of them; as a rule it is one.

    What a batch that is being recorded says does not count.
    """
    found: dict[str, list[str]] = {}
    for sku, known in descriptions(ledger, ledger.head().position).items():
        for code in known.get(BARCODE, "").split():
            found.setdefault(code, []).append(sku)
    return found
