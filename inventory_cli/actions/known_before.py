"""Knows what was recorded under an id in the ledgers before this one.

Must never know whether it was asked for a row or a command.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from inventory_cli.core.events import Draft
from inventory_cli.core.rules import content_of, same_moment
from inventory_cli.storage.carried_ids import CarriedId, carried_under
from inventory_cli.storage.ledger_file import Ledger

if TYPE_CHECKING:
    from inventory_cli.audit.seam import Seam


class Before(NamedTuple):
    """What a ledger before this one, in `file`, recorded under an id, and in what that differs
    from what is given, as text, or "".
    """

    file: str
    carried: CarriedId
    differing: str

    @property
    def in_words(self) -> str:
        """Where it stands."""
        return f"event {self.carried.position} of {self.file}"


def find_before(
    ledger: Ledger, drafts: Sequence[Draft], moment_given: bool, seam: "Seam | None" = None
) -> Before | None:
    """Return what is the same under the id of the drafts, or else what took effect last; None
    where there is nothing. Whoever asks often has the seam at hand.
    """
    id = drafts[0].id
    carried = carried_under(ledger, id) if id is not None else []
    if not carried:
        return None
    from inventory_cli.audit.seam import read_seam

    content = content_of(drafts)

    def differing(one: CarriedId) -> str:
        if one.content_sha256 != content:
            return "content"
        _, _, effective_at, date_only, _ = one
        same = same_moment(drafts[0], effective_at, date_only, ledger.zone)
        return "" if same or not moment_given else "moment"

    same = next((one for one in carried if not differing(one)), None)
    found = same or carried[-1]
    seam = seam or read_seam(ledger)
    file = seam.file_of(found.effective_at) if seam else "a ledger before this one"
    return Before(file, found, differing(found))
