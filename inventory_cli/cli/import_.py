"""Knows the command that records a file."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from inventory_cli.actions.import_file import import_each, import_together
from inventory_cli.actions.imported import Choices, Imported
from inventory_cli.actions.read_file import Given
from inventory_cli.cli import options
from inventory_cli.cli.files import opened, source_name
from inventory_cli.cli.import_report import (
    complain_of,
    remark_on,
    show_summaries,
    summarize_in_words,
)
from inventory_cli.cli.options import AllowNegative, By, Format, IntoClosed, KnownOnly, ledger_path
from inventory_cli.cli.profile_options import CsvFiles, Meaning
from inventory_cli.core.names import NameRules
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.profile import Profile, with_options
from inventory_cli.shared.opening import open_to_record
from inventory_cli.terminal import line, note, progress

ErrorsFile = Annotated[
    str | None,
    typer.Option("--errors", metavar="FILE", help="Write every bad row to this CSV file."),
]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Record the good rows although there are bad ones.")
]
Overlap = Annotated[
    str | None,
    typer.Option(
        "--overlap", metavar="skip|keep", help="What to do with rows that look recorded already."
    ),
]
OneBatch = Annotated[
    bool, typer.Option("--one-batch", help="Record all files as one batch, or none of them.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would happen, and append nothing.")
]
CheckBalances = Annotated[
    bool,
    typer.Option(
        "--check-balances", help="Refuse the file where its balances are not those of the log."
    ),
]

DraftOnly = Annotated[
    bool, typer.Option("--draft", help="Print a profile to start from, and append nothing.")
]

TryOnly = Annotated[
    bool,
    typer.Option("--try", help="Show a draft, what it would do and the stock; append nothing."),
]

_OF_NO_USE_TO_A_DRAFT = (
    *("one_batch", "overlap", "check_balances", "errors", "skip_bad", "dry_run"),
    *("into_closed", "by", "allow_negative", "known_only", "add_up", "once", "format"),
)


def import_(
    context: typer.Context,
    files: CsvFiles,
    meaning: Meaning,
    one_batch: OneBatch = False,
    overlap: Overlap = None,
    check_balances: CheckBalances = False,
    errors: ErrorsFile = None,
    skip_bad: SkipBad = False,
    dry_run: DryRun = False,
    draft: DraftOnly = False,
    try_: TryOnly = False,
    into_closed: IntoClosed = None,
    by: By = None,
    allow_negative: AllowNegative = False,
    known_only: KnownOnly = False,
    format: Format = "table",
) -> None:
    """Columns: date, sku, type, quantity and, if wanted, location, to_location, reason, reference,
    unit_cost, id, by, last_incoming, last_outgoing; any other column is kept in the details.
    A row that does not say where it is is at $INVENTORY_LOCATION, else main.

    Examples:
        inventory import movements.csv --dry-run
        inventory import movements.csv --skip-bad --errors bad-rows.csv
        inventory import sales.csv --column sku=Article --kind Sale=sold
        inventory import sales.csv --try
        inventory import sales.csv --draft > sales.toml
        inventory import january.csv february.csv --one-batch
    """
    if files.count("-") > 1:
        raise WrongUsage("standard input can be read only once", "name - once")
    if draft or try_:
        _require_use(context, "--draft" if draft else "--try")
        if len(files) > 1:
            raise WrongUsage("a draft is made for one file", "name one of them")
        profile = meaning.as_profile(files)
        if draft:
            _draft(files[0], profile)
        else:
            _try(context, files[0], profile, allow_negative)
        return
    profile = meaning.as_profile(files)
    profile = with_options(profile, {"overlap": overlap, "check_balances": check_balances})
    listing = None if errors is None else _not_in_use(Path(errors), ledger_path(context), files)
    choices = Choices(
        skip_bad,
        listing,
        dry_run,
        allow_negative,
        into_closed,
        NameRules(known_only, "say where, like --set location=depot"),
        options.usual_location(),
    )
    _record(context, files, profile, choices, one_batch, by, format)


def _require_use(context: typer.Context, what: str) -> None:
    """Raise WrongUsage for an option that was typed beside --draft or --try and means nothing to
    it.
    """
    if options.is_typed(context, "profile"):
        raise WrongUsage(
            f"{what} makes a new profile, so --profile has no place beside it",
            "leave one of them out",
        )
    for name in _OF_NO_USE_TO_A_DRAFT:
        if options.is_typed(context, name) and (what, name) != ("--try", "allow_negative"):
            option = name.replace("_", "-")
            raise WrongUsage(
                f"--{option} is of no use with {what}, which appends nothing", "leave it out"
            )


def _draft(file: str, given: Profile) -> None:
    # An import has no use for what a draft needs to know.
    from inventory_cli.drafting.draft import draft_profile

    with opened(file) as stream, progress("reading") as advance:
        draft = draft_profile(stream, source_name(file), given, advance)
    for text in draft.lines:
        line(text)


def _try(context: typer.Context, file: str, given: Profile, allow_negative: bool) -> None:
    from inventory_cli.cli.try_file import try_file  # So few are tried.

    choices = Choices(
        dry_run=True, allow_negative=allow_negative, usual_location=options.usual_location()
    )
    try_file(context, file, given, choices)


def _record(
    context: typer.Context,
    files: Sequence[str],
    profile: Profile,
    choices: Choices,
    one_batch: bool,
    by: str | None,
    format: str,
) -> None:
    done: list[tuple[str, Imported]] = []
    with ExitStack() as stack:
        given = [Given(stack.enter_context(opened(file)), source_name(file)) for file in files]
        ledger = stack.enter_context(open_to_record(ledger_path(context)))
        advance = stack.enter_context(progress("importing"))
        origin = options.origin(context, by, None)
        # Together they are rehearsed too: what one says may rest on those before it.
        record = import_together if one_batch or choices.dry_run else import_each
        for imported in record(
            ledger, given, origin, profile, choices, options.clock(ledger), advance
        ):
            file = files[len(done)]
            done.append((given[len(done)].name, imported))
            complain_of(ledger, file, imported)
            if format == "table":
                summarize_in_words(ledger, file if len(files) > 1 else None, imported)
            remark_on(imported)
        if format != "table":
            show_summaries(ledger, done, format)
    if unread := files[len(done) :]:
        note(f"not read: {', '.join(unread)}; mend {files[len(done) - 1]}, and say it once more")
    if any(imported.is_refused for _, imported in done):
        raise typer.Exit(Refused.exit_code)


def _not_in_use(errors: Path, ledger: Path, files: Sequence[str]) -> Path:
    """Return where to list errors, unless that would write over the ledger or a file itself."""
    for other in (ledger, ledger.with_name(f"{ledger.name}-journal"), *map(Path, files)):
        if errors.absolute() == other.absolute() or (
            errors.exists() and other.exists() and errors.samefile(other)
        ):
            raise WrongUsage(f"--errors {errors} would write over {other}", "name another file")
    return errors
