"""Knows how a ledger is proved, and what is kept elsewhere when it is: the file of anchors.

Must never add an anchor to that file before everything was found well.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from inventory_cli.audit.anchor_file import read_anchors
from inventory_cli.audit.check import UNREADABLE, unreadable
from inventory_cli.audit.finding import Checked
from inventory_cli.audit.verify import Audit, Progress
from inventory_cli.audit.verify import verify as audit_of
from inventory_cli.errors import WrongUsage
from inventory_cli.shared.failures import ServerUnusable
from inventory_cli.storage.anchors import Anchor
from inventory_cli.storage.ledger_file import Head, Ledger


def verify(
    ledger: Ledger,
    *,
    snapshot: str | None = None,
    strict: bool = False,
    anchor_file: Path | None = None,
    expected: Anchor | None = None,
    since_anchor: bool = False,
    previous: Ledger | None = None,
    shared: bool = False,
    now: str | None = None,
    progress: Progress = lambda done, total: None,
) -> Audit:
    """Prove a ledger, as `audit.verify` does, and add its head to a file of anchors if all is well.

    It is held against the anchors of that file, and against one that is `expected`; and where it
    follows on a `previous` ledger, the seam is proved too; and what is `shared` is held against its
    database. `now` (UTC text) is what the clock says. Raises WrongUsage where the file cannot be
    read or written, or the log is not shared.
    """
    # Before the head is looked at: what is added to the file meanwhile is not for this audit.
    kept = [] if anchor_file is None else read_anchors(anchor_file)
    against = kept if expected is None else [*kept, expected]
    asked = None if anchor_file is None and expected is None else against
    audit = audit_of(ledger, snapshot, strict, progress, asked, since_anchor, now)
    if previous is not None:
        from inventory_cli.audit.previous import with_previous

        audit = with_previous(audit, ledger, previous, progress)
    if shared:
        audit = audit._replace(checks=[*audit.checks, _compare(ledger)])
    if audit.ok and anchor_file is not None:
        _add_anchor(anchor_file, kept, audit.head)
    return audit


def _compare(ledger: Ledger) -> Checked:
    """Hold a replica against the database that holds its log."""
    from inventory_cli.shared.attached import database_of  # Few logs are shared.

    with database_of(ledger) as server:
        from inventory_cli.shared.compare import compare

        try:
            return compare(ledger, server)
        except UNREADABLE as error:
            if isinstance(error, ServerUnusable):
                raise
            return Checked("shared", [unreadable(ledger, error)], [])


def _add_anchor(path: Path, anchors: Sequence[Anchor], head: Head) -> None:
    """Add the head to a file that holds these anchors, unless it is the last of them already."""
    if anchors and str(anchors[-1]) == head.anchor:
        return
    try:
        with path.open("ab+") as file:
            if _ends_within_a_line(file):
                file.write(b"\n")
            file.write(head.anchor.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise WrongUsage(
            f"--anchor {path} cannot be written: {error.strerror}",
            "name a file that may be written",
        ) from error


def _ends_within_a_line(file: BinaryIO) -> bool:
    if file.tell() == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"
