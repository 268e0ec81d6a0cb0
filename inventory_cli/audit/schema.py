"""Knows whether the schema is as it was made, and whether what SQL is told of the time zone is so.

The rules of zones change, and machines differ in them: offsets other than this machine's are worth
a note. Must never know what the log says.
"""

from datetime import UTC
from typing import Any

from inventory_cli.audit.check import UNREADABLE, unreadable
from inventory_cli.audit.finding import Checked, Finding
from inventory_cli.core.dates import local_time, utc_text
from inventory_cli.core.offsets import BEGINNING, offsets_of
from inventory_cli.errors import LedgerUnusable
from inventory_cli.storage import schema
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.offsets import stored_offsets

# In seconds: no clock differs from UTC by more.
_DAY = 24 * 60 * 60


def check_schema(ledger: Ledger) -> Checked:
    """Compare the schema with what it should be, and look at the offsets of the zone."""
    checked = Checked("schema", [], [])
    for look in (_look_at_objects, _look_at_offsets):
        try:
            look(ledger, checked)
        except UNREADABLE as error:
            checked.problems.append(unreadable(ledger, error))
    return checked


def _look_at_objects(ledger: Ledger, checked: Checked) -> None:
    texts = schema.differences(ledger.connection)
    checked.problems.extend(Finding("schema", text) for text in texts)


def _look_at_offsets(ledger: Ledger, checked: Checked) -> None:
    if ("table", "zone_offsets") not in schema.objects(ledger.connection):
        return  # That is said already.
    stored = stored_offsets(ledger.connection)
    # An audit shows UTC where the zone is not known.
    is_known = str(ledger.zone) == ledger.settings.timezone
    if is_known and tuple(stored) == offsets_of(ledger.zone):
        return
    faults = [row for row in stored if not _is_offset(*row)]
    if faults:
        starts_at, seconds = faults[0]
        text = f"zone_offsets has {seconds!r:.40} from {starts_at!r:.40} on, which is no offset"
        checked.problems.append(Finding("schema", text))
    elif not stored or stored[0][0] != BEGINNING:
        text = f"zone_offsets has no offset from {BEGINNING} on"
        checked.problems.append(Finding("schema", text))
    elif is_known:
        checked.notes.append(
            f"zone_offsets is not what the rules of {ledger.zone} say here and now, so that the "
            "views may tell other days; `inventory rebuild` makes it anew"
        )


def _is_offset(starts_at: Any, seconds: Any) -> bool:
    if not isinstance(starts_at, str) or not isinstance(seconds, int):
        return False
    try:
        moment = local_time(starts_at, UTC)
    except LedgerUnusable:
        return False
    return utc_text(moment) == starts_at and abs(seconds) < _DAY
