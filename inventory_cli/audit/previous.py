"""Knows how the seam between a ledger and the one before it is proved: from one to the next,
nothing was lost, added or changed. The rules stand in `audit.verify`.

Must never take one of the two at its word.
"""

from collections.abc import Iterator

from inventory_cli.audit.both import MOST_OF_EACH, Both
from inventory_cli.audit.carried_ids import compare_ids
from inventory_cli.audit.check import UNREADABLE, unreadable
from inventory_cli.audit.finding import Checked, Finding
from inventory_cli.audit.seam import read_seam
from inventory_cli.audit.verify import Audit, Progress, verify
from inventory_cli.core.dates import show_cut
from inventory_cli.storage.anchors import Place, find_place
from inventory_cli.storage.batches import read_end
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.snapshots import read_closings

NAME = "previous"


def with_previous(
    audit: Audit, ledger: Ledger, old: Ledger, progress: Progress = lambda done, total: None
) -> Audit:
    """Add to an audit the check that a ledger begins where an older one ends."""
    check = Checked(NAME, [], [])
    try:
        for found in _check(ledger, old, progress):
            if isinstance(found, Finding):
                check.problems.append(found)
            else:
                check.notes.append(found)
    except UNREADABLE as error:
        check.problems.append(unreadable(old, error))
    names = [check.name for check in audit.checks]
    after = max((n for n, name in enumerate(names, 1) if name in ("chain", "anchor")), default=0)
    return audit._replace(checks=[*audit.checks[:after], check, *audit.checks[after:]])


def _check(ledger: Ledger, old: Ledger, progress: Progress) -> Iterator[Finding | str]:
    """Give what was found: a problem as a finding, a note as text."""
    seam = read_seam(ledger)
    if seam is None:
        text = "this ledger does not follow on another: its first batch is not a rollover"
        yield Finding("follows", text)
        return
    audit, name = verify(old, progress=progress), old.path.name
    yield from _own_findings(audit, name)
    for field in ("decimals", "timezone", "negative"):
        before, now = getattr(old.settings, field), getattr(ledger.settings, field)
        if before != now:
            text = f"{field} is {now} here, but {before} in {name}"
            yield Finding("previous-settings", text, expected=before, found=now)
    place = find_place(old, seam.anchor)
    if place is None:
        text = (
            f"the head that the rollover names, {str(seam.anchor)[:24]}…, is not on the chain of "
            f"{name}: it was rewritten or cut off, or is another ledger"
        )
        yield Finding("previous-head", text, expected=str(seam.anchor), found=audit.head.anchor)
    elif audit.head.position > place.position:
        ends = f"its log ends at {audit.head.position}, the rollover names {place.position}"
        text = f"{name} has gone on since: {ends}"
        yield Finding("previous-head", text, expected=str(seam.anchor), found=audit.head.anchor)
    else:
        yield from _since(old, place, audit.head.batch)
    if seam.cut not in (closing.as_of for closing in read_closings(old)):
        end = show_cut(seam.cut, ledger.zone)
        text = f"{name} has no period that was closed up to {end}"
        yield Finding("previous-closed", text, expected=end)
        if place is None:
            return  # There is nothing of it here to compare with.
    both = Both(ledger, old, seam)
    yield from both.compare()
    yield from compare_ids(ledger, old, seam, both.old_end)


def _since(old: Ledger, place: Place, last_batch: int) -> Iterator[str]:
    """Give notes on what the older one recorded behind the head that the new one names."""
    end, name = read_end(old), old.path.name
    if end is None:
        yield f"{name} has not ended: it can be recorded into beside this ledger"
    if (last_batch if end is None else end.head.batch) > place.batch:
        yield f"{name} has recorded snapshots since, but no events"


def _own_findings(audit: Audit, name: str) -> Iterator[Finding]:
    """Give what the audit of the older ledger found."""
    for check in audit.checks:
        for found in check.problems[:MOST_OF_EACH]:
            text = f"{name}: {check.name}: {found.text}"
            yield found._replace(rule="previous-audit", text=text)
        if (rest := len(check.problems) - MOST_OF_EACH) > 0:
            yield Finding("previous-audit", f"{name}: {check.name}: and {rest} more")
