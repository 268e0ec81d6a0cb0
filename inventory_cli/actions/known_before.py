"""Knows what was recorded under an id in the ledgers before this one.

Must never know whether it was asked for a row or a command.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from inventory_cli.core.events import Draft
from inventory_cli.core.rules import content_of, same_moment
from inventory_cli.storage.carried_ids import CarriedId, carried_under
from inventory_cli.storage.known import place_in_words
from inventory_cli.storage.ledger_file import Ledger

if TYPE_CHECKING:
    from inventory_cli.audit.seam import Seam


class Before(NamedTuple):
    """What a ledger before this one, in `file`, recorded under an id; in what that differs from
    what is given, as text, or ""; and in which way what is given was read for that.
    """

    file: str
    carried: CarriedId
    differing: str
    said: Sequence[Draft]

    @property
    def in_words(self) -> str:
        """Where it stands, and whether it was voided."""
        return place_in_words(self.carried.position, self.carried.voided_by, self.file)


def find_before(
    ledger: Ledger,
    ways: Sequence[Sequence[Draft]],
    moment_given: bool,
    seam: "Seam | None" = None,
    standing: bool = False,
) -> Before | None:
    """Return what is the same, under their id, as one of the ways in which a request may be read,
    or else what was recorded last; what stands, if any does; None where there is nothing.

    What was voided is passed over where only what is `standing` is asked for. Whoever asks often
    has the seam at hand.
    """
    first = ways[0][0]
    known = carried_under(ledger, first.id) if first.id is not None else []
    known = sorted(
        (one for one in known if not (standing and one.voided_by is not None)),
        key=lambda one: one.voided_by is None,
    )
    if not known:
        return None
    from inventory_cli.audit.seam import read_seam

    contents = {content_of(way): way for way in ways}

    def differing(one: CarriedId) -> str:
        if one.content_sha256 not in contents:
            return "content"
        same = same_moment(first, one.effective_at, one.date_only, ledger.zone)
        return "" if same or not moment_given else "moment"

    found = next((one for one in reversed(known) if not differing(one)), known[-1])
    seam = seam or read_seam(ledger)
    file = seam.file_of(found) if seam else "a ledger before this one"
    return Before(file, found, differing(found), contents.get(found.content_sha256, ways[0]))
