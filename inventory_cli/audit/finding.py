"""Knows what a finding is: which rule of the audit does not hold, where, and what mends it.

Must never know how a rule is checked.
"""

from collections.abc import Mapping
from typing import NamedTuple

from inventory_cli.storage.failures import DAMAGED

_REBUILD = "`inventory rebuild` makes anew what is derived from the log"
_ROLL_OVER = "keep both files as they are; a good copy of the older one can be rolled over again"

_BOTH_SIDES = (
    "keep both as they are, and hold them against anchors: a replica that was altered is cloned "
    "anew, a database is put back from its backup"
)

# Every rule by its name, in the order of `audit.verify`, which says what each asks; and what mends
# what breaks it.
REPAIRS: Mapping[str, str | None] = {
    "readable": DAMAGED,
    "file": DAMAGED,
    "schema": f"{_REBUILD}; what is still found after it needs the last good backup",
    "position": DAMAGED,
    "batch": DAMAGED,
    "claim": DAMAGED,
    "recorded-at": DAMAGED,
    "ended": "record what came after it into the ledger in which this one goes on",
    "settings": DAMAGED,
    "event-hash": DAMAGED,
    "batch-hash": DAMAGED,
    "carried-ids": DAMAGED,
    "transfer": DAMAGED,
    "reversal": DAMAGED,
    "kind": DAMAGED,
    "stock": _REBUILD,
    "snapshot-recorded": DAMAGED,
    "snapshot-digest": DAMAGED,
    "snapshot-position": DAMAGED,
    "snapshot-state": DAMAGED,
    "snapshot-whole": DAMAGED,
    "closed": DAMAGED,
    "late": None,
    "anchor": "find out which history is the true one: hold a backup against the same anchors",
    "follows": "name the ledger that this one was made from by `inventory rollover`",
    "previous-audit": "`inventory verify` of the older file says more",
    "previous-settings": _ROLL_OVER,
    "previous-head": _ROLL_OVER,
    "previous-closed": _ROLL_OVER,
    "opened": _ROLL_OVER,
    "carried-costs": _ROLL_OVER,
    "carried": _ROLL_OVER,
    "goes-on": _ROLL_OVER,
    "opening-voided": "an opening is what the older file proves: adjust instead, in a backup",
    "previous-ids": _ROLL_OVER,
    "shared-settings": _BOTH_SIDES,
    "shared-batch": _BOTH_SIDES,
    "shared-event": _BOTH_SIDES,
    "shared-snapshot": _BOTH_SIDES,
    "shared-head": _BOTH_SIDES,
}


class Finding(NamedTuple):
    """Something that breaks a rule of the audit, in words and in values.

    `position` is of the event, or the first of several. Where two values are compared, `expected`
    follows from the log, and `found` is what stands there instead.
    """

    rule: str
    text: str
    sku: str | None = None
    location: str | None = None
    position: int | None = None
    expected: int | str | None = None
    found: int | str | None = None

    @property
    def repair(self) -> str | None:
        """What can be done about it."""
        if self.rule == "stock" and self.position is not None:
            return DAMAGED  # Nothing is made anew from events that cannot be trusted.
        if self.rule == "schema" and self.text.startswith("table ") and "stock" not in self.text:
            return DAMAGED  # Of the tables, only that one can be made anew.
        return REPAIRS[self.rule]


class Checked(NamedTuple):
    """The outcome of one check. Notes are worth knowing, and no failure."""

    name: str
    problems: list[Finding]
    notes: list[str]

    @property
    def ok(self) -> bool:
        """Whether the check found nothing wrong."""
        return not self.problems
