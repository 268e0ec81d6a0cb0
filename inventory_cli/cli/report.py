"""Knows the command that writes a page for a manager or an auditor, and which command repeats each
part of it.

Must never know how what is on it was found, or how it looks.
"""

from pathlib import Path
from shlex import join
from typing import Annotated

import typer

from inventory_cli import __version__
from inventory_cli.actions import report as action
from inventory_cli.actions.report import Asked, Report
from inventory_cli.cli import options
from inventory_cli.cli.completion import complete_method
from inventory_cli.cli.lazy import But
from inventory_cli.cli.options import ledger_path, parse_number
from inventory_cli.cli.shared import Between
from inventory_cli.core.dates import (
    END_OF_TIME,
    say_effective,
    show_cut,
    show_moment,
    show_start,
    utc_text,
)
from inventory_cli.core.spans import parse_between
from inventory_cli.core.valuation import METHODS
from inventory_cli.errors import DIFFERENCE_FOUND, WrongUsage
from inventory_cli.report.file import check_name, write_page
from inventory_cli.report.page import About, page, require_templates
from inventory_cli.report.tables import Written
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.terminal import alarm, line, progress


def report(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The page to write, as HTML.")],
    between: Annotated[Between, But("skus", "location", "format")],
    cover: Annotated[
        str, typer.Option("--cover", metavar="DAYS", help="For how many days it should last.")
    ] = "30",
    method: Annotated[
        str,
        typer.Option(
            "--method",
            metavar="fifo|average",
            help="How stock is valued, as in `value`.",
            autocompletion=complete_method,
        ),
    ] = "fifo",
) -> int:
    """It needs no network; an earlier report of the same ledger is written over.

    Examples:
        inventory report report.html
        inventory report march.html --from 2022-03 --to 2022-03
        inventory report report.html --from -30d --cover 14 --method average
    """
    require_templates()
    if method not in METHODS:
        raise WrongUsage(f"--method {method!r} is not one of {', '.join(METHODS)}")
    days = parse_number(cover, "--cover")
    path = Path(file)
    with open_ledger(ledger_path(context), audit=True) as ledger:
        check_name(path, ledger.settings.identity)
        moment = options.moment_asked(ledger)
        begins, ends = parse_between(between.start, between.end, moment, ledger.zone)
        known = options.parse_known(ledger, between.known_at, moment)
        asked = Asked(begins, ends, known, days, method)
        with progress("reporting") as advance:
            found = action.report(ledger, asked, utc_text(options.now()), advance)
        names = found.figures.names if found.figures else {}
        text = page(
            found,
            _about(ledger, asked, found),
            Written(ledger.decimals, ledger.zone, names),
            _commands(context, ledger, asked, found),
        )
        write_page(path, text, ledger.settings.identity)
    if found.audit.ok:
        line(f"wrote {file}: the audit found nothing wrong")
        return 0
    alarm(f"wrote {file}: the audit ", "FAILED")
    return DIFFERENCE_FOUND


def _about(ledger: Ledger, asked: Asked, found: Report) -> About:
    zone = ledger.zone
    return About(
        ledger.path.name,
        ledger.settings.identity,
        ledger.settings.timezone,
        asked.begins and show_start(asked.begins, zone),
        show_cut(asked.ends, zone),
        (asked.known_at and show_cut(asked.known_at, zone)) or "",
        say_effective(utc_text(options.now()), 0, zone),
        __version__,
        asked.cover,
        asked.method,
    )


def _commands(
    context: typer.Context, ledger: Ledger, asked: Asked, found: Report
) -> dict[str, str]:
    """Return the commands that repeat what is on the page, also when more has been recorded since;
    by what they repeat.
    """
    named = [] if context.obj == "inventory.db" else ["--ledger", context.obj]
    zone, head, figures = ledger.zone, found.audit.head, found.figures
    expected = ["--expect", head.anchor] if head.hash else []
    if figures is None:
        return {"audit": join(["inventory", *named, "verify", *expected])}
    end = "9999-12-31" if asked.ends == END_OF_TIME else show_cut(asked.ends, zone)
    end = end.removeprefix("the end of ")
    start = ["--from", show_start(asked.begins, zone)] if asked.begins else []
    known = ["--known-at", show_moment(asked.known_at or head.recorded_at, zone)]
    between = [*start, "--to", end]
    called = ["--names"] if figures.names else []
    late = [str(one.entry.event.position) for one in figures.told.late.foremost()]
    # The chart is of this SKU until another one is chosen.
    first = [row.sku for row in figures.stock[:1]]
    if first and first[0].startswith("-"):
        first.insert(0, "--")
    said = {
        "audit": ["verify", *expected],
        "stock": ["as-of", end, *called, "--spark", *known],
        "history": ["history", "--to", end, *known],
        "chart": ["history", "--to", end, *known, *first],
        "movements": ["movements", *between, *known],
        "fast": ["insights", *between, *known],
        "slow": ["insights", *between, *known],
        "out": ["as-of", end, *called, "--out", *known],
        "reorder": ["reorder", "--cover", str(asked.cover), *between, *known],
        "value": ["value", "--method", asked.method, *between, *known],
        **({"late": ["show", late[0]]} if late else {}),
        "closed": ["batches"],
        "reversals": ["log", "--kind", "reversed"],
        "counts": ["log", "--kind", "counted", *between],
    }
    return {name: join(["inventory", *named, *words]) for name, words in said.items()}
