"""Knows the command that compares another system's stock list with the ledger."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from inventory_cli.actions.reconcile import (
    Comparison,
    Counting,
    Scope,
    compare,
    new_names,
    record_counts,
    scope_of,
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
from inventory_cli.cli.profile_options import CsvFile, Meaning
from inventory_cli.core.names import NameRules
from inventory_cli.core.rules import Facts, clean_facts
from inventory_cli.core.wording import count_of
from inventory_cli.errors import DIFFERENCE_FOUND, WrongUsage
from inventory_cli.importing.movements import Measures
from inventory_cli.importing.stock_list import StockList, read_stock_list
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.terminal import note, progress

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Of when the list is, if not of now."),
]
Partial = Annotated[
    bool, typer.Option("--partial", help="Leave alone what the list does not name.")
]
Count = Annotated[
    bool, typer.Option("--count", help="Record what differs as counted; --reason says why.")
]


def reconcile(
    context: typer.Context,
    file: CsvFile,
    meaning: Annotated[Meaning, But("kind", "signed")],
    as_of: AsOf = None,
    location: Location = None,
    partial: Partial = False,
    count: Count = False,
    reason: Reason = None,
    by: By = None,
    into_closed: IntoClosed = None,
    allow_negative: AllowNegative = False,
    known_only: KnownOnly = False,
    format: Format = "table",
) -> int:
    """Columns: sku, quantity (or on_hand) and, if wanted, location and date; any other is ignored.
    With --count the differences are closed: the ledger then says what the list says.

    Examples:
        inventory reconcile counted.csv --as-of 2022-04-30
        inventory reconcile counted.csv --partial --location shop
        inventory reconcile counted.csv --count --reason 'stock-take in April'
    """
    only_counting = {
        "reason": reason,
        "by": by,
        "into-closed": into_closed,
        "allow-negative": allow_negative,
        "known-only": options.is_typed(context, "known_only"),
    }
    facts = _facts_of_counts(count, only_counting)
    profile = meaning.as_profile()
    location = options.clean_location(location)
    with open_ledger(ledger_path(context), write=count) as ledger:
        present = options.present(ledger)
        usual_location = options.usual_location()
        measures = Measures(ledger.decimals, ledger.zone, present, usual_location)
        with opened(file) as stream, progress("reading") as advance:
            stock_list = read_stock_list(
                stream, source_name(file), profile, measures, location, advance
            )
        scope = scope_of(ledger, stock_list, as_of, location, partial, present.now)
        if not count:
            options.moment_asked(ledger)  # With a remark where the clock is behind.
            found = compare(ledger, stock_list, scope)
            _show(ledger, stock_list, scope, found, format)
            note_each(new_names(ledger, stock_list))
            return DIFFERENCE_FOUND if found.differences else 0
        names = NameRules(known_only, "give the list a location in every row")
        counting = Counting(present, facts, allow_negative, names, usual_location)
        origin = options.origin(context, by, stock_list.name)
        found, appended = record_counts(ledger, origin, stock_list, scope, counting, options.now)
        _show(ledger, stock_list, scope, found, format)
        if appended is not None:
            batch = appended.header
            note(f"batch {batch.batch}: events {batch.first_position} to {batch.last_position}")
            note_each(appended.notes)
    return 0


def _facts_of_counts(count: bool, only_counting: Mapping[str, Any]) -> Facts:
    """Return what is to be recorded beside the counts; options of theirs need `--count`."""
    for name, given in only_counting.items():
        if given and not count:
            raise WrongUsage(f"--{name} is of use only with --count")
    details = options.parse_details(None, only_counting["into-closed"])
    facts = clean_facts(only_counting["reason"], None, None, None, details)
    if count and facts.reason is None:
        raise WrongUsage("--count needs a reason", "say why, like --reason 'stock-take in March'")
    return facts


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
    if stock_list.left_out:
        note(f"{count_of(stock_list.left_out, 'row')} left out by the rules of the profile")
    compared = count_of(found.compared, "stream" if stock_list.has_locations else "SKU")
    differ = len(found.differences)
    note(f"compared {compared}: {differ or 'none'} differ{'s' if differ == 1 else ''}")
