"""Knows which batches are corrections, what takes the place of what, and how one is put back.

Must never record anything.
"""

from shlex import join
from typing import NamedTuple

from inventory_cli.core.corrections import options_that_put_back
from inventory_cli.core.dates import show_effective
from inventory_cli.core.quantities import format_quantity
from inventory_cli.errors import Refused
from inventory_cli.storage.batches import Batch, read_batch
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import read_event

# The command whose batch is a correction.
COMMAND = "correct"


class Correction(NamedTuple):
    """A batch that is a correction: by what each event that it voids is replaced."""

    header: Batch

    def replacement_of(self, reversal: int) -> int:
        """Return the position of the event that takes the place of what a reversal voids."""
        return reversal + len(self.header.positions) // 2

    def reversal_for(self, replacement: int) -> int:
        """Return the position of the reversal of what an event takes the place of."""
        return replacement - len(self.header.positions) // 2


def correction_in(ledger: Ledger, batch: int) -> Correction | None:
    """Return a batch as a correction, or None where it is none."""
    header = read_batch(ledger, batch)
    return Correction(header) if header and header.command == COMMAND else None


def corrected_by(ledger: Ledger, reversal: int) -> int | None:
    """Return the position of the event that a correction has put in the place of what this
    reversal voids, or None.
    """
    event = read_event(ledger, reversal)
    found = event and correction_in(ledger, event.batch)
    return found.replacement_of(reversal) if found else None


def refuse_correction(ledger: Ledger, header: Batch) -> None:
    """Raise Refused where a batch to be voided is a correction, with what puts it back."""
    if header.command != COMMAND:
        return
    found = Correction(header)
    first = header.positions.start
    reversal, after = (read_event(ledger, n) for n in (first, found.replacement_of(first)))
    before = read_event(ledger, reversal.reverses) if reversal and reversal.reverses else None
    if before is None or after is None:
        raise Refused(
            f"batch {header.batch} is a correction, which is not reversed as a whole",
            f"`inventory log --batch {header.batch}` shows the events of it",
        )
    quantity = format_quantity(before.quantity, ledger.decimals)
    if before.kind == "transferred":
        quantity = quantity.removeprefix("-")
    day = show_effective(before.effective_at, before.date_only, ledger.zone)
    options = options_that_put_back(before, after, quantity, day)
    words = ["inventory", "correct", str(after.position), *options, "--reason"]
    raise Refused(
        f"batch {header.batch} is a correction of event {before.position}, which is not reversed "
        "as a whole",
        f"`{join(words)} TEXT` puts it back; `inventory reverse {after.position} --reason TEXT` "
        "voids what it says now",
    )
