"""Knows how events are written as a journal of hledger: locations as accounts, SKUs as commodities.

Must never know where events lie.

An event is a transaction of two postings: what it changed on `stock:LOCATION`, and the contrary on
`kind:KIND`, which stands for where it came from or went. So `bal stock` says what is there, and
`bal kind` what happened. A count is posted with its variance, and with what was counted as a
balance assertion, which hledger checks.
"""

import re
from datetime import tzinfo

from inventory_cli.core.dates import show_day
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.replay import Step


def journal_begins(anchor: str, timezone: str) -> str:
    """Return what stands before the transactions: of which log it is, and how figures are read."""
    return f"; the log up to {anchor}; days in {timezone}\ndecimal-mark .\n"


def transaction(step: Step, decimals: int, zone: tzinfo) -> str:
    """Return a standing event as a transaction, with an empty line before it."""
    event = step.event
    kind = event.kind
    account = _escaped(event.location, _BARRED_IN_ACCOUNT)
    sku = f'"{_escaped(event.sku, _BARRED_IN_COMMODITY)}"'
    code = f"({_escaped(_one_line(event.reference), _BARRED_IN_CODE)}) " if event.reference else ""
    why = f": {_one_line(event.reason).replace(';', ',')}" if event.reason else ""
    counted = f" = {format_quantity(step.on_hand, decimals)} {sku}" if kind == "counted" else ""
    return (
        f"\n{show_day(event.effective_at, zone)} {code}{kind}{why}  ; position:{event.position}\n"
        f"    stock:{account}  {format_quantity(step.change, decimals)} {sku}"
        f"{counted}\n"
        f"    kind:{kind}  {format_quantity(-step.change, decimals)} {sku}\n"
    )


# What hledger gives a meaning within a name: in that of an account also any blank but a single one.
# Names that differ must differ in the journal too, so such a character is encoded, not replaced.
_BARRED_IN_COMMODITY = r'[%";]'
_BARRED_IN_ACCOUNT = r"[%:;]|[^\S ]|(?<=\s)\s"
_BARRED_IN_CODE = r"[);]"


def _escaped(text: str, barred: str) -> str:
    return re.sub(barred, lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)


def _one_line(text: str) -> str:
    """Return free text without line breaks and control characters, in single blanks."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
