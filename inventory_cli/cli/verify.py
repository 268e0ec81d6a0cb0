"""Knows the commands that prove: verify, head. Must never know how a check is done."""

from itertools import zip_longest
from pathlib import Path
from typing import Annotated

import typer

from inventory_cli.audit.anchor_file import add_anchor, read_anchors
from inventory_cli.audit.verify import Audit
from inventory_cli.audit.verify import verify as verify_ledger
from inventory_cli.cli.options import Format, ledger_path
from inventory_cli.errors import DIFFERENCE_FOUND, WrongUsage
from inventory_cli.render import Answer, Column, show, show_object
from inventory_cli.storage.anchors import Anchor, parse_anchor
from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.terminal import line, progress


def verify(
    context: typer.Context,
    snapshot: Annotated[
        str | None,
        typer.Option("--snapshot", metavar="ID", help="Check this snapshot only, of all."),
    ] = None,
    previous: Annotated[
        str | None,
        typer.Option(
            "--previous", metavar="FILE", help="Check where it follows on that older ledger, too."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Late arrivals for a snapshot are a failure.")
    ] = False,
    anchor: Annotated[
        str | None,
        typer.Option(
            "--anchor", metavar="FILE", help="Hold the log against these anchors; add the head."
        ),
    ] = None,
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="POSITION:HASH", help="Hold the log against this anchor."),
    ] = None,
    since_anchor: Annotated[
        bool, typer.Option("--since-anchor", help="Only what came after the last anchor: quick.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing when all is well: for cron.")
    ] = False,
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
    kept = None if anchor is None else Path(anchor)
    # Before the head is looked at: what is added to the file meanwhile is not for this audit.
    anchors = read_anchors(kept) if kept else []
    expected = [parse_anchor(expect)] if expect is not None else []
    against = [*anchors, *expected] if kept or expected else None
    with open_ledger(ledger_path(context), audit=True) as ledger:
        with progress("verifying") as advance:
            audit = verify_ledger(ledger, snapshot, strict, advance, against, since_anchor)
        if previous is not None:
            from inventory_cli.audit.previous import with_previous

            with (
                open_ledger(Path(previous), audit=True) as old,
                progress(f"verifying {previous}") as advance,
            ):
                audit = with_previous(audit, ledger, old, advance)
        if not (quiet and audit.ok):
            _show_audit(audit, format)
    if not audit.ok:
        return DIFFERENCE_FOUND
    if kept:
        add_anchor(kept, anchors, audit.head)
    return 0


_CHECKS = (Column("name"), Column("ok"), Column("problem"), Column("note"))


def _show_audit(audit: Audit, format: str) -> None:
    since = audit.since and Anchor(audit.since.position, audit.since.hash)
    if format == "json":
        show_object(
            {
                "ok": audit.ok,
                "head": audit.head.anchor,
                **({"since": str(since)} if since else {}),
                "checks": [
                    {
                        "name": check.name,
                        "ok": check.ok,
                        "problems": check.problems,
                        "notes": check.notes,
                    }
                    for check in audit.checks
                ],
            }
        )
        return
    if format != "table":
        rows = [
            (check.name, check.ok, problem, note)
            for check in audit.checks
            for problem, note in zip_longest(check.problems or (None,), check.notes)
        ]
        show(Answer(_CHECKS, rows), format)
        return
    if since:
        line(f"{'since':<10} {since}")
    for check in audit.checks:
        line(f"{check.name:<10} {'ok' if check.ok else 'FAILED'}")
        for text in check.problems:
            line(f"    {text}")
        for text in check.notes:
            line(f"    note: {text}")
    line(f"{'head':<10} {audit.head.anchor}")


def head(context: typer.Context) -> None:
    """
    Examples:
        inventory head >> anchors.txt
    """
    with open_ledger(ledger_path(context)) as ledger:
        line(ledger.head().anchor)
