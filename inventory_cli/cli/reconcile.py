"""Knows the command that compares a stock list with the ledger, and records one as counted."""

from typing import Annotated, NamedTuple

import typer

from inventory_cli.actions.descriptions import names
from inventory_cli.actions.reconcile import (
    Comparison,
    Counting,
    Scope,
    compare,
    new_names,
    record_counts,
    scope_of,
    would_count,
)
from inventory_cli.cli import options
from inventory_cli.cli.files import opened, source_name
from inventory_cli.cli.lazy import But
from inventory_cli.cli.movements import note_each
from inventory_cli.cli.options import (
    AllowNegative,
    By,
    Format,
    IntoClosed,
    KnownOnly,
    Location,
    Reason,
    ledger_path,
)
from inventory_cli.cli.profile_options import Meaning
from inventory_cli.cli.reverse import Yes
from inventory_cli.cli.sheet import show_sheet
from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.names import NameRules
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.rules import Facts, clean_facts
from inventory_cli.core.wording import count_of, first_of, signed
from inventory_cli.errors import DIFFERENCE_FOUND, Refused, WrongUsage
from inventory_cli.importing.movements import Measures
from inventory_cli.importing.stock_list import StockList, read_stock_list
from inventory_cli.render import Answer, Column, show
from inventory_cli.shared.opening import open_to_record
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.terminal import agreed, can_ask, note, progress

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Of when the list is, if not of now."),
]
Partial = Annotated[
    bool, typer.Option("--partial", help="Leave alone what the list does not name.")
]
Count = Annotated[
    bool, typer.Option("--count", help="Record what is listed as counted; --reason says why.")
]
Sheet = Annotated[
    bool, typer.Option("--sheet", help="Print a sheet to count with, instead of reading a FILE.")
]
Blind = Annotated[
    bool, typer.Option("--blind", help="A sheet that does not say what should be there.")
]


class Recording(NamedTuple):
    """What was typed of how the counts of a list are recorded."""

    rest_is_zero: Annotated[
        bool, typer.Option("--rest-is-zero", help="Count as 0 what the list does not name.")
    ] = False
    reason: Reason = None
    by: By = None
    into_closed: IntoClosed = None
    allow_negative: AllowNegative = False
    known_only: KnownOnly = False
    yes: Yes = False


def reconcile(
    context: typer.Context,
    meaning: Annotated[Meaning, But("kind", "signed", "sheet")],
    recording: Recording,
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="A CSV file, or - for standard input.")
    ] = None,
    as_of: AsOf = None,
    location: Location = None,
    partial: Partial = False,
    count: Count = False,
    sheet: Sheet = False,
    blind: Blind = False,
    format: Format = "table",
) -> int:
    """Columns: sku, quantity (or on_hand) and, if wanted, location and date; any other is ignored.
    With --count all that is listed is recorded as counted; what has no figure is left out.

    Examples:
        inventory reconcile counted.csv --as-of 2022-04-30
        inventory reconcile counted.csv --partial --location shop
        inventory reconcile --sheet --location shop --format csv
        inventory reconcile counted.csv --count --partial --reason stock-take
    """
    if sheet:
        _refuse_beside_sheet(context)
        with open_ledger(ledger_path(context)) as ledger:
            called = names(ledger, ledger.head().position, END_OF_TIME)
            show_sheet(ledger, location, blind, format, called)
        return 0
    if blind:
        raise WrongUsage("--blind is of use only with --sheet")
    if file is None:
        raise WrongUsage(
            "missing argument 'FILE'",
            "name the list, or print a sheet to count with: `inventory reconcile --sheet`",
        )
    facts = _facts_of_counts(context, count, recording)
    if partial and recording.rest_is_zero:
        raise WrongUsage("--partial leaves alone what --rest-is-zero counts", "say one of them")
    opened_to = open_to_record if count else open_ledger
    with opened_to(ledger_path(context)) as ledger:
        stock_list = _read(ledger, file, meaning, location, count)
        now = options.present(ledger).now
        scope = scope_of(ledger, stock_list, as_of, location, partial, now, count)
        if count:
            origin = options.origin(context, recording.by, stock_list.name)
            _record(ledger, origin, stock_list, scope, facts, recording, format)
            return 0
        options.moment_asked(ledger)  # With a remark where the clock is behind.
        found = compare(ledger, stock_list, scope)
        _show(ledger, stock_list, scope, found, format)
        note_each(new_names(ledger, stock_list))
        return DIFFERENCE_FOUND if found.differences else 0


def _refuse_beside_sheet(context: typer.Context) -> None:
    """Raise WrongUsage for what was typed that says nothing of a sheet."""
    for name in context.params:
        beside = name in ("sheet", "blind", "location", "format", "ledger_behind")
        if not beside and options.is_typed(context, name):
            what = "a FILE" if name == "file" else f"--{name.replace('_', '-')}"
            raise WrongUsage(
                f"{what} is of no use with --sheet, which prints what is to be counted"
            )


def _facts_of_counts(context: typer.Context, count: bool, recording: Recording) -> Facts:
    """Return what is to be recorded beside the counts; options of theirs need `--count`."""
    for name in Recording._fields:
        if not count and options.is_typed(context, name):
            raise WrongUsage(f"--{name.replace('_', '-')} is of use only with --count")
    details = options.parse_details(None, recording.into_closed)
    facts = clean_facts(recording.reason, None, None, None, details)
    if count and facts.reason is None:
        raise WrongUsage("--count needs a reason", "say why, like --reason 'stock-take in March'")
    return facts


def _record(
    ledger: Ledger,
    origin: Origin,
    stock_list: StockList,
    scope: Scope,
    facts: Facts,
    recording: Recording,
    format: str,
) -> None:
    counting = Counting(
        options.present(ledger),
        facts,
        recording.allow_negative,
        NameRules(recording.known_only, "give the list a location in every row"),
        options.usual_location(),
        recording.rest_is_zero,
    )
    if not recording.yes:
        _ask(ledger, stock_list, scope, counting)
    found, appended = record_counts(
        ledger, origin, stock_list, scope, counting, options.clock(ledger)
    )
    _show(ledger, stock_list, scope, found, format)
    if appended is not None:
        batch = appended.header
        note(f"batch {batch.batch}: events {batch.first_position} to {batch.last_position}")
        note_each(appended.notes)


def _read(
    ledger: Ledger, file: str, meaning: Meaning, location: str | None, counting: bool
) -> StockList:
    profile = meaning.as_profile([file], lists_only=True)
    measures = Measures(
        ledger.decimals, ledger.zone, options.present(ledger), options.usual_location()
    )
    with opened(file) as stream, progress("reading") as advance:
        return read_stock_list(
            stream, source_name(file), profile, measures, location, advance, counting
        )


def _ask(ledger: Ledger, stock_list: StockList, scope: Scope, counting: Counting) -> None:
    """Show on a terminal what would be recorded, first what differs, and ask. Raises Refused where
    the answer is no.
    """
    if not can_ask():
        return
    counts = would_count(ledger, stock_list, scope, counting)
    if not counts:
        return
    shown = []
    for compared, draft in sorted(counts, key=lambda count: not count[0].change):
        quantity, on_hand = (
            format_quantity(n, ledger.decimals) for n in (draft.quantity, compared.on_hand)
        )
        text = f"count {quantity} of {draft.sku} at {draft.location}"
        if compared.change:
            text += f": {on_hand} on hand, {signed(compared.change, ledger.decimals)}"
        shown.append(text)
    if not agreed(first_of(shown), f"record {count_of(len(counts), 'count')}?"):
        raise Refused("not confirmed; nothing was appended")


_COLUMNS = (
    Column("sku"),
    Column("location"),
    Column("listed", "quantity"),
    Column("on_hand", "quantity"),
    Column("difference", "change"),
    Column("line", "number"),
)


def _show(
    ledger: Ledger, stock_list: StockList, scope: Scope, found: Comparison, format: str
) -> None:
    show(Answer(_COLUMNS, found.differences, ledger.decimals), format)
    options.note_cut(ledger, scope.as_of, None, format)
    for remark in stock_list.remarks:
        note(remark)
    if stock_list.left_out:
        note(f"{count_of(stock_list.left_out, 'row')} left out by the rules of the profile")
    if stock_list.blank:
        note(f"{count_of(stock_list.blank, 'row')} without a figure left out")
    compared = count_of(len(found.spots), "stream" if stock_list.has_locations else "SKU")
    differ = len(found.differences)
    note(f"compared {compared}: {differ or 'none'} differ{'s' if differ == 1 else ''}")
