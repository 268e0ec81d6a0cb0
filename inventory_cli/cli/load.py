"""Knows the command that records a file, and how its report reads."""

from pathlib import Path
from typing import Annotated

import typer

from inventory_cli.cli import options
from inventory_cli.cli.options import AllowNegative, By, Format, ledger_path
from inventory_cli.cli.reading import in_utf8, opened
from inventory_cli.cli.record import note_moved_counts
from inventory_cli.core.quantities import count_of, format_quantity
from inventory_cli.core.rules import MOST_SHOWN
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.batch import Choices, Report, import_file
from inventory_cli.recording import describe_problem
from inventory_cli.render import Answer, Column, complain, line, note, progress, show
from inventory_cli.storage.ledger_file import Ledger, open_ledger


def load(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A CSV file, or - for standard input.")
    ],
    errors: Annotated[
        str | None,
        typer.Option("--errors", metavar="FILE", help="Write every bad row to this CSV file."),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Record the good rows although there are bad ones.")
    ] = False,
    overlap: Annotated[
        str | None,
        typer.Option(
            "--overlap",
            metavar="skip|keep",
            help="What to do with rows that look recorded already.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would happen, and append nothing.")
    ] = False,
    by: By = None,
    allow_negative: AllowNegative = False,
    format: Format = "table",
) -> None:
    """Record the movements of a CSV file as one batch: all of them, or none.

    Columns: date, sku, type, quantity and, if wanted, location, to_location, reason, reference,
    unit_cost, id, by, last_incoming, last_outgoing; any other column is kept in the details.
    """
    options.check_format(format)
    if overlap not in (None, "skip", "keep"):
        raise WrongUsage(f"--overlap {overlap!r} is neither skip nor keep")
    path = ledger_path(context)
    listing = None if errors is None else _not_in_use(Path(errors), path, file)
    choices = Choices(skip_bad, overlap, listing, dry_run, allow_negative)
    name = "-" if file == "-" else in_utf8(Path(file).name)
    with (
        opened(file) as (stream, size),
        open_ledger(path, write=True) as ledger,
        progress("importing") as advance,
    ):
        report = import_file(
            ledger,
            stream,
            options.origin(context, by, name),
            choices,
            options.now,
            lambda done: advance(done, size and 2 * size),
        )
        _complain(ledger, file, report, choices)
        _summarize(ledger, report, choices, format)
    bad = report.bad_row_count and not skip_bad and not report.known_as
    if bad or report.problems or report.refusal:
        raise typer.Exit(Refused.exit_code)


def _not_in_use(errors: Path, ledger: Path, file: str) -> Path:
    """Return where to list errors, unless that would write over the ledger or the file itself."""
    for other in (ledger, ledger.with_name(f"{ledger.name}-journal"), Path(file)):
        if errors.absolute() == other.absolute() or (
            errors.exists() and other.exists() and errors.samefile(other)
        ):
            raise WrongUsage(f"--errors {errors} would write over {other}", "name another file")
    return errors


def _complain(ledger: Ledger, file: str, report: Report, choices: Choices) -> None:
    """Write what is wrong with the rows, or why the file is refused, to standard error."""
    lines = []
    for row in report.bad_rows:
        where = f", {row.column} {row.value!r}" if row.column else ""
        lines.append(f"  line {row.line}{where}: {row.reason}")
    if (rest := report.bad_row_count - len(lines)) > 0:
        lines.append(f"  and {rest} more; --errors FILE lists them all")
    bad = count_of(report.bad_row_count, "bad row")
    if lines and (choices.skip_bad or report.known_as):
        note("\n".join([f"{file}: left out {bad}", *lines]))
    elif lines:
        complain(
            "\n".join([f"{file}: {bad}, so nothing was appended", *lines]),
            "mend them, or record only the good rows with --skip-bad",
        )
    if report.refusal:
        complain(report.refusal.message, report.refusal.hint)
    if report.problems:
        shown = [
            "  " + describe_problem(ledger, found) + (f" (line {line})" if line else "")
            for found, line in report.problems[:MOST_SHOWN]
        ]
        if (rest := len(report.problems) - len(shown)) > 0:
            shown.append(f"  and {rest} more; --errors FILE lists them all")
        complain(
            "\n".join([f"{file}: refused by the rules, so nothing was appended", *shown]),
            report.problems[0][0].hint,
        )


_COLUMNS = (
    *(Column(name, "number") for name in ("read", "appended", "skipped", "refused", "skus")),
    Column("first_day"),
    Column("last_day"),
    Column("net_change", "change"),
    *(Column(name, "number") for name in ("batch", "first_position", "last_position")),
)


def _summarize(ledger: Ledger, report: Report, choices: Choices, format: str) -> None:
    batch = report.batch
    if format != "table":
        row = (
            *report[:8],
            batch and batch.batch,
            batch and batch.first_position,
            batch and batch.last_position,
        )
        show(Answer(_COLUMNS, [row], ledger.decimals), format)
    else:
        if choices.dry_run:
            _describe_rows(ledger, report)
        would = "would be " if choices.dry_run else ""
        line(
            f"read {report.read}, {would}appended {report.appended}, skipped {report.skipped}, "
            f"refused {report.refused}"
        )
        if batch is not None:
            line(f"batch {batch.batch}: events {batch.first_position} to {batch.last_position}")
    if known := report.known_as:
        note(f"the same file was recorded before, as batch {known.batch}; nothing was appended")
    note_moved_counts(ledger, report.moved_counts)


def _describe_rows(ledger: Ledger, report: Report) -> None:
    change = (
        "unknown"
        if report.net_change is None
        else format_quantity(report.net_change, ledger.decimals)
    )
    span = f"from {report.first_day} to {report.last_day}" if report.first_day else "no dates"
    skus = count_of(report.skus, "SKU")
    line(f"dry run: {skus}, {span}, net change {change}; nothing was appended")


COMMANDS = {"import": load}
