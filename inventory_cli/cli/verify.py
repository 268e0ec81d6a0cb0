"""Knows the command that proves: verify. Must never know how a check is done."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from inventory_cli.actions.verify import verify as verify_ledger
from inventory_cli.audit.finding import Checked, Finding
from inventory_cli.audit.verify import Audit
from inventory_cli.cli import options
from inventory_cli.cli.options import Format, ledger_path
from inventory_cli.core.dates import utc_text
from inventory_cli.errors import DIFFERENCE_FOUND, WrongUsage
from inventory_cli.render import Answer, Column, show, show_object
from inventory_cli.storage.anchors import Anchor, parse_anchor
from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.terminal import alarm, line, progress

SnapshotId = Annotated[
    str | None, typer.Option("--snapshot", metavar="ID", help="Check this snapshot only, of all.")
]
Previous = Annotated[
    str | None,
    typer.Option(
        "--previous", metavar="FILE", help="Check where it follows on that older ledger, too."
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Late arrivals for a snapshot are a failure.")
]
AnchorFile = Annotated[
    str | None,
    typer.Option(
        "--anchor", metavar="FILE", help="Hold the log against these anchors; add the head."
    ),
]
Expected = Annotated[
    str | None,
    typer.Option("--expect", metavar="POSITION:HASH", help="Hold the log against this anchor."),
]
SinceAnchor = Annotated[
    bool, typer.Option("--since-anchor", help="Only what came after the last anchor: quick.")
]
Shared = Annotated[
    bool, typer.Option("--shared", help="Hold it against the database of its shared log, too.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Say nothing when all is well: for cron.")
]


def verify(
    context: typer.Context,
    snapshot: SnapshotId = None,
    previous: Previous = None,
    strict: Strict = False,
    anchor: AnchorFile = None,
    expect: Expected = None,
    since_anchor: SinceAnchor = False,
    shared: Shared = False,
    quiet: Quiet = False,
    format: Format = "table",
) -> int:
    """
    Examples:
        inventory verify
        inventory verify --anchor anchors.txt --quiet || echo 'look at the ledger'
        inventory verify --anchor anchors.txt --since-anchor
    """
    if since_anchor and anchor is None and expect is None:
        raise WrongUsage("--since-anchor needs an anchor", "name one by --anchor FILE or --expect")
    if since_anchor and snapshot is not None:
        raise WrongUsage("--snapshot is checked by a whole audit", "leave out --since-anchor")
    expected = None if expect is None else parse_anchor(expect)
    with ExitStack() as opened:
        ledger = opened.enter_context(open_ledger(ledger_path(context), audit=True))
        old = None
        if previous is not None:
            old = opened.enter_context(open_ledger(Path(previous), audit=True))
        with progress("verifying") as advance:
            audit = verify_ledger(
                ledger,
                snapshot=snapshot,
                strict=strict,
                anchor_file=None if anchor is None else Path(anchor),
                expected=expected,
                since_anchor=since_anchor,
                previous=old,
                shared=shared,
                now=utc_text(options.now()),
                progress=advance,
            )
    if not (quiet and audit.ok):
        _show_audit(audit, format)
    return 0 if audit.ok else DIFFERENCE_FOUND


def _show_audit(audit: Audit, format: str) -> None:
    head = audit.head.anchor if audit.head.hash else None
    since = audit.since and str(Anchor(audit.since.position, audit.since.hash))
    if format == "json":
        checks = [
            {
                "name": check.name,
                "ok": check.ok,
                "problems": [_as_object(found) for found in check.problems],
                "notes": check.notes,
            }
            for check in audit.checks
        ]
        begin = {"since": since} if since else {}
        show_object({"ok": audit.ok, "head": head, **begin, "checks": checks})
    elif format == "table":
        if since:
            line(f"{'since':<10} {since}")
        for check in audit.checks:
            _show_check(check)
        line(f"{'head':<10} {head or 'cannot be read'}")
    else:
        rows = [(*row, head) for check in audit.checks for row in _rows_of(check)]
        show(Answer(_CHECKS, rows), format)


def _show_check(check: Checked) -> None:
    if check.ok:
        line(f"{check.name:<10} ok")
    else:
        alarm(f"{check.name:<10} ", "FAILED")
    for found in check.problems:
        line(f"    {found.text}")
    # What mends several is said once.
    for repair in dict.fromkeys(found.repair for found in check.problems if found.repair):
        line(f"    hint: {repair}")
    for text in check.notes:
        line(f"    note: {text}")


# What JSON says of a finding, after its text, in order; elsewhere each is a column.
_VALUES = ("rule", "sku", "location", "position", "expected", "found", "repair")
_CHECKS = (
    Column("name"),
    Column("ok", "flag"),
    *map(Column, ("problem", "note", *_VALUES)),
    Column("head"),
)


def _values_of(found: Finding) -> list[object]:
    """Return the values of a finding; what was found in a damaged file may be of any type."""
    values = (getattr(found, name) for name in _VALUES)
    return [v if isinstance(v, str | int | None) else str(v) for v in values]


def _as_object(found: Finding) -> dict[str, object]:
    return {"text": found.text, **dict(zip(_VALUES, _values_of(found), strict=True))}


def _rows_of(check: Checked) -> Iterator[tuple[object, ...]]:
    """Give a row for each problem and note of a check, or one that it is well."""
    nothing = [None] * len(_VALUES)
    for found in check.problems:
        yield check.name, check.ok, found.text, None, *_values_of(found)
    for note in check.notes:
        yield check.name, check.ok, None, note, *nothing
    if not check.problems and not check.notes:
        yield check.name, check.ok, None, None, *nothing
