"""Knows which SKU a code means that somebody scans or types: the SKU itself, or a barcode of it.

Must never take what is only like a SKU for it.
"""

from shlex import quote
from typing import NamedTuple

from inventory_cli.actions.descriptions import skus_by_barcode
from inventory_cli.actions.names import newcomers
from inventory_cli.core.names import there_is
from inventory_cli.core.quantities import parse_quantity
from inventory_cli.core.text import clean_name
from inventory_cli.core.wording import command_about
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.storage.descriptions import count_described
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.stock import has_sku


class Scanned(NamedTuple):
    """What a line of a scanner means: so much of a SKU, in smallest units."""

    sku: str
    quantity: int


class Codes:
    """The codes of a ledger. Barcodes are read again only where something was said since."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._said = -1
        self._barcodes: dict[str, list[str]] = {}

    def find_sku(self, code: str) -> str | None:
        """Return the SKU that a code means, by itself or as its barcode; None where none does.

        Raises Refused where it is the barcode of several.
        """
        if has_sku(self._ledger, code):
            return code
        if (said := count_described(self._ledger)) != self._said:
            self._said, self._barcodes = said, skus_by_barcode(self._ledger)
        found = self._barcodes.get(code, [])
        if len(found) > 1:
            free = command_about(found[-1], "describe", " --barcode ''")
            raise Refused(
                f"the barcode {code} is that of {' and of '.join(found)}",
                f"`{free}` takes it away there",
            )
        return found[0] if found else None


def read_scanned(ledger: Ledger, codes: Codes, line: str) -> Scanned:
    """Return what a line means, `CODE` or `CODE QTY`; a code may hold blanks.

    Raises Refused where no SKU has that code, WrongUsage where it is none.
    """
    code = clean_name(line, "code")
    one = 10**ledger.decimals
    if sku := codes.find_sku(code):
        return Scanned(sku, one)
    first, _, last = code.rpartition(" ")
    if first and (sku := codes.find_sku(first.rstrip())):
        return Scanned(sku, parse_quantity(last, ledger.decimals))
    unknown = first.rstrip() if first and _is_quantity(last, ledger.decimals) else code
    new = newcomers(ledger).look_at_sku(unknown)
    raise Refused(
        f"there is no SKU with the code {unknown}{there_is(new.alike) if new else ''}",
        f"`inventory describe SKU --barcode {quote(unknown)}` says whose barcode it is, `inventory "
        "receive SKU QTY` begins a new SKU",
    )


def _is_quantity(text: str, decimals: int) -> bool:
    try:
        parse_quantity(text, decimals)
    except WrongUsage:
        return False
    return True
